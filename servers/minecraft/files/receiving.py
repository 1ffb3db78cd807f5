"""An upload on its way to the disk: parsed as it comes, written beside its place, named when it is whole."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header

from core.errors import DiskFull, InvalidRequest, TooLarge
from core.paths import FileExists, NewFile, Root, disk_space, explained, file_name, printable, valid_name
from servers.minecraft.files.changes import joined, make_parents

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FIELD = b"file"
UNNAMED = "unnamed_file"
_MAX_PREAMBLE_BYTES = 64 * 1024  # of other fields, which are ignored


class MultipartUpload:
    """One ``multipart/form-data`` body with one file in the field ``file``, into a directory.

    Blocking: feed it in a thread. Closing it without ``finish`` leaves nothing behind. ``check`` raises for a path that
    is not to be written.

    Raises (from every method):
        FileExists: something has the name and ``overwrite`` is off; known before the content is received.
        TooLarge, DiskFull, OutsideRoot.
        InvalidRequest: the body is not what it should be.
    """

    def __init__(  # noqa: PLR0913 - what an upload may differ in
        self, root: Root, directory: str, *, content_type: str, overwrite: bool, max_bytes: int,
        check: Callable[[str], None] = lambda _: None,
    ) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise InvalidRequest("Send the file as multipart/form-data, in the field `file`.")
        self.path = ""
        self.received_bytes = 0
        self._root, self._directory = root, directory
        self._overwrite, self._max_bytes, self._check = overwrite, max_bytes, check
        self._file: NewFile | None = None
        self._is_in_file = self._is_complete = False
        self._other_bytes = 0
        self._name, self._value, self._disposition = bytearray(), bytearray(), b""
        try:
            self._parser = MultipartParser(options[b"boundary"], callbacks=self._callbacks())
        except MultipartParseError as error:
            raise InvalidRequest(f"The boundary of the multipart body is not usable: {error}.") from None

    def feed(self, content: bytes | bytearray) -> None:
        """Take the next piece of the body."""
        try:
            with explained(self.path or self._directory):
                self._parser.write(bytes(content))
        except MultipartParseError as error:
            raise InvalidRequest(f"The multipart body is broken: {error}.") from None

    def finish(self) -> os.stat_result:
        """Give the file its name, now that the body has ended."""
        if self._file is None:
            raise InvalidRequest("There is no file in the body: send one in the field `file`.")
        if not self._is_complete:
            raise InvalidRequest("The body ended in the middle. Nothing was kept; send the file again.")
        with explained(self.path):
            return self._file.commit(self.path.rpartition("/")[2], over=self._overwrite)

    def close(self) -> None:
        """Drop what is not finished; safe to call twice."""
        if self._file is not None:
            self._file.close()

    def _callbacks(self) -> "MultipartCallbacks":
        def header_field(data: bytes, start: int, end: int) -> None:
            self._name += data[start:end]

        def header_value(data: bytes, start: int, end: int) -> None:
            self._value += data[start:end]

        def header_end() -> None:
            if bytes(self._name).lower() == b"content-disposition":
                self._disposition = bytes(self._value)
            self._name, self._value = bytearray(), bytearray()

        def part_begin() -> None:
            self._disposition, self._is_in_file = b"", False

        def end() -> None:
            self._is_complete = True

        return {
            "on_part_begin": part_begin,
            "on_header_field": header_field,
            "on_header_value": header_value,
            "on_header_end": header_end,
            "on_headers_finished": self._begin_part,
            "on_part_data": self._take,
            "on_end": end,
        }

    def _begin_part(self) -> None:
        _, options = parse_options_header(self._disposition)
        if options.get(b"name") != FIELD:
            return
        if self._file is not None:
            raise InvalidRequest("Send one file in a request.")
        name = valid_name(_decoded(options.get(b"filename", b"")) or UNNAMED)
        self.path = joined(self._directory, name)
        self._check(self.path)
        make_parents(self._root, self._directory)
        if not self._overwrite and self._root.lstat(self.path) is not None:
            message = f"{printable(self.path)} exists already. Delete or rename it, or upload with overwrite=true."
            raise FileExists(message)
        self._file = self._root.new_file(self._directory)
        self._is_in_file = True

    def _take(self, data: bytes, start: int, end: int) -> None:
        if not self._is_in_file or self._file is None:
            self._other_bytes += end - start
            if self._other_bytes > _MAX_PREAMBLE_BYTES:
                raise InvalidRequest("The body has too much beside the file; send only the field `file`.")
            return
        self.received_bytes += end - start
        if self.received_bytes > self._max_bytes:
            raise too_large(self._max_bytes)
        self._file.write(memoryview(data)[start:end])


def require_room(root: Root, size: int, *, max_bytes: int) -> None:
    """Refuse an upload before it begins: raises TooLarge or DiskFull."""
    if size > max_bytes:
        raise too_large(max_bytes)
    free = disk_space(root.fd)[1]
    if size > free:
        raise DiskFull(f"The upload needs {size:,} bytes and the disk has {free:,} left. Free some space.")


def too_large(max_bytes: int) -> TooLarge:
    """Return the error that names the limit."""
    return TooLarge(f"An upload may have at most {max_bytes:,} bytes (max_upload_size_bytes in the settings).")


def _decoded(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise InvalidRequest(f"The file's name {file_name(os.fsdecode(name))} is not UTF-8.") from None
