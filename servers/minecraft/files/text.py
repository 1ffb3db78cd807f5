"""Text files, read to be edited and written back without losing what an editor does not show."""

import os
import stat
from dataclasses import dataclass

from core.errors import NotText, PreconditionFailed, TooLarge
from core.paths import FileMissing, NotAFile, Root, file_name, printable

MAX_TEXT_BYTES = 5 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class Changed(PreconditionFailed):
    """The file is not the one that the caller saw."""

    code = "file_changed"

    def __init__(self, present: str | None) -> None:
        """``present`` is the tag of what is there now, None of nothing."""
        super().__init__("The file was changed since you read it. Read it again, or save without If-Match.")
        self.extra = {"etag": present}


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text without its byte order mark, and the tag of the version read."""

    content: str
    etag: str


def read_text(root: Root, path: str) -> Text:
    """Read a text file whole.

    Raises:
        NotText: it is not UTF-8, or holds NUL characters.
        TooLarge: more than MAX_TEXT_BYTES.
        NotAFile, FileMissing, OutsideRoot.
    """
    with os.fdopen(root.open_file(path), "rb") as file:
        tag = etag(os.fstat(file.fileno()))
        raw = file.read(MAX_TEXT_BYTES + 1)
    if len(raw) > MAX_TEXT_BYTES:
        raise TooLarge(f"{file_name(path)} is larger than {MAX_TEXT_BYTES >> 20} MiB. Download it, or read its tail.")
    return Text(_decode(raw, path), tag)


def write_text(root: Root, path: str, content: str, *, if_match: str | None = None, exact: bool = False) -> Text:
    """Replace the text of a file that is there, in one step; owner and mode are kept.

    A byte order mark is kept, and so are Windows line ends when the new text, as editors send it, has none at all.
    ``exact`` writes the text as it is.

    Raises:
        Changed: ``if_match`` is given and names another version.
        TooLarge, NotAFile, FileMissing, OutsideRoot.
    """
    raw = content.encode()
    if not exact:
        raw = _dress(raw, old=_old(root, path))
    if len(raw) > MAX_TEXT_BYTES:
        raise TooLarge(f"A text may have at most {MAX_TEXT_BYTES >> 20} MiB. Upload the file instead.")

    def expect(old: os.stat_result | None) -> None:
        if old is None:
            raise FileMissing(f"{printable(path)} does not exist. Create it first.")
        if not stat.S_ISREG(old.st_mode):
            raise NotAFile(f"{printable(path) or 'The directory'} is not a regular file.")
        require_match(old, if_match)

    written = root.write_bytes(path, raw, expect=expect)
    return Text(content, etag(written))


def require_match(found: os.stat_result | None, if_match: str | None) -> None:
    """Raise Changed unless ``if_match`` (an If-Match header; None: there was none) fits the file."""
    if if_match is None:
        return
    wanted = {tag.strip().removeprefix("W/") for tag in if_match.split(",")}
    if found is None or ("*" not in wanted and etag(found) not in wanted):
        raise Changed(etag(found) if found is not None else None)


def etag(found: os.stat_result) -> str:
    """Return the tag of a file's version: any write by anybody changes it."""
    return f'"{found.st_mtime_ns:x}-{found.st_size:x}-{found.st_ino:x}"'


def _old(root: Root, path: str) -> bytes:
    with os.fdopen(root.open_file(path), "rb") as file:
        return file.read(MAX_TEXT_BYTES)


def _decode(raw: bytes, path: str) -> str:
    if b"\0" not in raw:
        try:
            return raw.removeprefix(_BOM).decode()
        except UnicodeDecodeError:
            pass
    raise NotText(f"{file_name(path)} is not UTF-8 text, so it cannot be edited here. Download it instead.")


def _dress(raw: bytes, *, old: bytes) -> bytes:
    if b"\r" not in raw and b"\r\n" in old and old.count(b"\n") == old.count(b"\r\n"):
        raw = raw.replace(b"\n", b"\r\n")
    return _BOM + raw if old.startswith(_BOM) and not raw.startswith(_BOM) else raw
