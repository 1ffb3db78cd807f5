"""What an archive holds, read with distrust: zip and tar, plain or gzipped."""

import errno
import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO, Protocol

from core.errors import InvalidRequest, TooLarge
from core.paths import OutsideRoot, printable, valid_name
from servers.minecraft.files import mac_files, zip_names

MAX_DIRECTORY_BYTES = 32 * 1024 * 1024  # of a zip's list of contents, which is read whole
MAX_ENTRIES = 200_000  # in it: each becomes an object of half a kilobyte, before the first is looked at
MAX_DEPTH = 64
MAX_SHOWN = 80  # characters of a name that is too long
MAX_PADDING_BYTES = 64 * 1024 * 1024  # after the last file of a tar
# ValueError: a place before the file's begin, or a name that is not what its flag says. OSError: bzip2 and gzip.
_BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, struct.error, ValueError, OverflowError,
    OSError,
)
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
# Source: APPNOTE.TXT, 4.4.5. Windows Explorer writes Deflate64 above 2 GiB.
_OTHER_METHODS = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 98: "PPMd", 99: "AES"}
_AGAIN = "Pack it again with the file itself in its place (tar --dereference --hard-dereference), or without it."
_PIECE_BYTES = 1024 * 1024
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_SIGN64 = b"PK\x06\x06"
_SIGN_ENTRY = b"PK\x01\x02"
_END_BYTES = 65536 + _END.size + _LOCATOR64.size + _END64.size  # the end records and the longest comment


class BadArchive(InvalidRequest):
    """It is no archive, is broken, or holds what must not be extracted."""

    code = "bad_archive"


class UnsafeArchive(OutsideRoot):
    """A name or a link in it would lead out of the directory."""

    code = "outside_root"


class _Source(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Member:
    """One file or directory of an archive; ``source`` is read before the next member is asked for."""

    path: str
    is_directory: bool
    is_executable: bool
    source: _Source


def members(file: IO[bytes]) -> Iterator[Member]:
    """Yield what the archive holds.

    Raises:
        UnsafeArchive: a name that is absolute or has ``..``, a link, a device.
        BadArchive: anything else that is wrong, a name twice included.
    """
    seen: set[str] = set()
    try:
        for member in _read(file):
            if (content := mac_files.content_unless_mac(member.path, member.source)) is None:
                continue
            member = replace(member, source=content)  # noqa: PLW2901 - the first bytes were looked at
            key = member.path.casefold() if member.is_directory else member.path
            if key in seen and not member.is_directory:
                raise BadArchive(f"The archive holds {printable(member.path)} twice.")
            seen.add(key)
            yield member
    except _BROKEN as error:
        raise _broken("The archive is broken", error) from None
    except (NotImplementedError, RuntimeError) as error:  # zipfile: a method it does not know, or a password
        raise BadArchive(f"The archive cannot be read: {error}.") from None


def pieces(member: Member) -> Iterator[bytes]:
    """Yield the content of a file; as long as it really is, not as long as it says."""
    try:
        while piece := member.source.read(_PIECE_BYTES):
            yield piece
    except _BROKEN as error:
        raise _broken(f"The archive is broken at {printable(member.path)}", error) from None


def _broken(what: str, error: Exception) -> Exception:
    """Return what to raise: the system's own errors, such as one of the disk, stay what they are."""
    if isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}:  # EINVAL: a seek before the begin
        return error
    return BadArchive(f"{what}: {error}. Upload it again.")


def _read(file: IO[bytes]) -> Iterator[Member]:
    start = file.read(4)
    file.seek(0)
    if start[:2] == b"PK":
        yield from _zip(file)
    elif start[:2] == b"\x1f\x8b":
        yield from _tar(_Forward(gzip.GzipFile(fileobj=file)))
    else:
        file.seek(257)
        is_tar = file.read(5) == b"ustar"
        file.seek(0)
        if not is_tar:
            raise BadArchive("This is no archive that can be extracted: use .zip, .tar.gz or .tar.")
        yield from _tar(_Forward(file))


def _zip(file: IO[bytes]) -> Iterator[Member]:
    length = _directory_bytes(file)
    if length > MAX_DIRECTORY_BYTES or _count_entries(file, length) > MAX_ENTRIES:
        raise TooLarge("The archive holds too many files.")
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            mode = info.external_attr >> 16
            kind = stat.S_IFMT(mode)
            if info.flag_bits & 1:
                raise BadArchive("The archive is encrypted. Extract it elsewhere.")
            name = zip_names.name_of(info)
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise UnsafeArchive(f"{printable(name)} in the archive is a link or a device. {_AGAIN}")
            if info.compress_type not in _METHODS:
                method = _OTHER_METHODS.get(info.compress_type, f"method {info.compress_type}")
                raise BadArchive(
                    f"{printable(name)} in the archive is compressed by {method}, which cannot be read here. Pack it "
                    "again with Deflate, or as .tar.gz."
                )
            path = _path(name)
            if not path:
                continue
            if zip_names.is_directory(info, name):
                yield Member(path, is_directory=True, is_executable=True, source=io.BytesIO())
                continue
            with archive.open(info) as source:
                yield Member(path, is_directory=False, is_executable=bool(mode & 0o100), source=source)


def _tar(file: "_Forward") -> Iterator[Member]:
    with tarfile.TarFile(fileobj=file, mode="r") as archive:  # type: ignore[arg-type]  # it reads, seeks and tells
        while (info := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined]  # it keeps all it has met
            if not (info.isfile() or info.isdir()) or info.issparse():
                name = printable(info.name)
                raise UnsafeArchive(f"{name} in the archive is a link, a device or a sparse file. {_AGAIN}")
            path = _path(info.name)
            if not path:
                continue
            source = archive.extractfile(info) if info.isfile() else io.BytesIO()
            if source is None:
                raise BadArchive(f"{printable(path)} in the archive cannot be read.")
            yield Member(path, is_directory=info.isdir(), is_executable=bool(info.mode & 0o100), source=source)
        for _ in range(MAX_PADDING_BYTES // _PIECE_BYTES):  # to the end: only there gzip proves the content
            if not file.read(_PIECE_BYTES):
                break


def _path(name: str) -> str:
    """Check a member's name and return it as a path; "" for the root itself."""
    if name.startswith("/") or "\\" in name or "\0" in name:
        raise UnsafeArchive(f"The name {printable(name)} in the archive is absolute, or has a backslash or NUL.")
    names = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in names:
        raise UnsafeArchive(f"The name {printable(name)} in the archive leads out of the directory.")
    if len(names) > MAX_DEPTH:
        raise BadArchive(
            f"{printable(name)[:MAX_SHOWN]}… in the archive nests deeper than {MAX_DEPTH} directories. Pack it again "
            "with fewer."
        )
    return "/".join(_valid(part) for part in names)


def _valid(part: str) -> str:
    try:
        return valid_name(part)
    except InvalidRequest as error:
        told = printable(part) if len(part) <= MAX_SHOWN else f"{printable(part)[:MAX_SHOWN]}…"
        raise BadArchive(f"{told} in the archive: {error} Rename it and pack the archive again.") from None


def _directory_bytes(file: IO[bytes]) -> int:
    """Return how long a zip's list of contents says it is, before anything reads it into memory."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_BYTES))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise BadArchive("The archive is broken: it has no list of contents. Upload it again.")
    length = int(_END.unpack_from(tail, at)[5])
    large = max(_lengths64(file, tail, at), default=None)
    if length == 0xFFFFFFFF and large is None:
        raise BadArchive("The archive is broken: its list of contents is missing. Upload it again.")
    file.seek(0)
    return max(length, large or 0) if length != 0xFFFFFFFF else large or 0


def _count_entries(file: IO[bytes], length: int) -> int:
    """Return how many entries the list can have at most: it stands before the end, and its own count may lie."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - length - _END_BYTES))
    count, before = 0, b""
    while piece := file.read(_PIECE_BYTES):
        count += (before + piece).count(_SIGN_ENTRY)
        before = piece[1 - len(_SIGN_ENTRY) :]
    file.seek(0)
    return count


def _lengths64(file: IO[bytes], tail: bytes, end: int) -> Iterator[int]:
    """Yield the length that each record of a large zip claims: who reads the archive may believe any of them."""
    at = tail.find(_SIGN64)
    while at >= 0:
        if len(tail) - at >= _END64.size:
            yield int(_END64.unpack_from(tail, at)[8])
        at = tail.find(_SIGN64, at + 1)
    if end >= _LOCATOR64.size and tail[end - _LOCATOR64.size :].startswith(b"PK\x06\x07"):
        file.seek(min(_LOCATOR64.unpack_from(tail, end - _LOCATOR64.size)[2], 2**62))
        record = file.read(_END64.size)
        if record[:4] == _SIGN64 and len(record) == _END64.size:
            yield int(_END64.unpack(record)[8])


class _Forward:
    """What tarfile reads from: forward only, and never much at once, so that no header can fill the memory."""

    def __init__(self, source: IO[bytes] | gzip.GzipFile) -> None:
        self._source = source
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _PIECE_BYTES:
            raise BadArchive("The archive has a header that is too large.")
        content = self._source.read(size)
        self._at += len(content)
        return content

    def seek(self, position: int) -> int:
        if position < self._at:
            raise BadArchive("The archive is broken: it leads backwards.")
        while self._at < position:
            if not self.read(min(position - self._at, _PIECE_BYTES)):
                raise BadArchive("The archive is broken: it ends in the middle. Upload it again.")
        return self._at

    def tell(self) -> int:
        return self._at
