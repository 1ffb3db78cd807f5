"""A directory as a zip that is made while it is sent: nothing is kept in memory or on disk."""

import os
import stat
import time
import zipfile
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from core.errors import AppError
from core.paths import Node, Root, printable, walk
from servers.minecraft.files.secret_files import SecretFiles

_PIECE_BYTES = 1024 * 1024
_LAST_S = 2**33
_NOT_IN_IT = "Not in this archive, for they are links, no files, hold a password, or could not be read:"
_COMMENT_BYTES = 32_000  # a zip has room for 65,535
_PACKED = {".mca", ".jar", ".zip", ".gz", ".png", ".jpg", ".ogg", ".xz", ".zst", ".7z", ".mp3", ".webp"}


class _Outlet:
    """What zipfile writes to: holds the bytes until somebody takes them."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Do nothing: ``take`` hands on."""

    def take(self) -> bytes:
        taken = bytes(self._held)
        self._held.clear()
        return taken


def zip_pieces(root: Root, path: str, *, secrets: SecretFiles | None = None) -> Generator[bytes]:
    """Yield the zip of a directory in pieces; blocking. ``secrets`` are left out.

    Links and special files are left out, so are files that vanish or may not be read. The comment of the archive,
    which its tools show, names them: who reads it knows what is missing, and an archive ends with its comment.
    """
    outlet, left_out = _Outlet(), _LeftOut()
    start = len(path) + 1 if path else 0
    with zipfile.ZipFile(outlet, "w", allowZip64=True) as archive:  # type: ignore[call-overload]  # only write is needed
        for node in walk(root, path, unreadable=lambda error: left_out.add(str(error))):
            if node.is_directory:
                archive.writestr(_info(node, start), b"")
            elif not node.is_file or (secrets and secrets.has_node(node)) or (fd := _opened(node)) is None:
                left_out.add(node.path[start:])
            else:
                try:
                    yield from _file(archive, outlet, _info(node, start), fd)
                except OSError:
                    left_out.add(node.path[start:])  # it ends in the middle
                finally:
                    os.close(fd)
            if piece := outlet.take():
                yield piece
        archive.comment = left_out.comment
    yield outlet.take()


@dataclass
class _LeftOut:
    """Names what is not in an archive, as far as its comment has room for."""

    _names: list[str] = field(default_factory=list)
    _bytes: int = 0
    _more: int = 0

    def add(self, path: str) -> None:
        name = printable(path)
        size = len(name.encode()) + 1
        if self._bytes + size > _COMMENT_BYTES:
            self._more += 1
            return
        self._names.append(name)
        self._bytes += size

    @property
    def comment(self) -> bytes:
        if not self._names:
            return b""
        more = [f"and {self._more} more"] if self._more else []
        return "\n".join([_NOT_IN_IT, *self._names, *more]).encode()


def _opened(node: Node) -> int | None:
    with suppress(AppError, OSError):
        return node.open_file()
    return None


def _file(archive: zipfile.ZipFile, outlet: _Outlet, info: zipfile.ZipInfo, fd: int) -> Iterator[bytes]:
    with archive.open(info, "w", force_zip64=True) as entry:
        while content := os.read(fd, _PIECE_BYTES):
            entry.write(content)
            if piece := outlet.take():
                yield piece


def _info(node: Node, start: int) -> zipfile.ZipInfo:
    name = os.fsencode(node.path[start:]).decode(errors="replace")
    seconds = min(max(node.info.st_mtime, 0), _LAST_S)  # some file systems keep times beyond any calendar
    changed = max(time.localtime(seconds)[:6], (1980, 1, 1, 0, 0, 0))
    info = zipfile.ZipInfo(f"{name}/" if node.is_directory else name, min(changed, (2107, 12, 31, 23, 59, 59)))
    info.external_attr = (node.info.st_mode & 0xFFFF) << 16
    if node.is_directory:
        info.external_attr |= 0x10
    packed = PurePosixPath(name).suffix.lower() in _PACKED
    info.compress_type = zipfile.ZIP_STORED if packed or node.is_directory else zipfile.ZIP_DEFLATED
    info.external_attr &= ~((stat.S_ISUID | stat.S_ISGID) << 16)
    return info
