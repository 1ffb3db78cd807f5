"""Names in zips as their makers meant them: Windows, Macs, and the three ways of UTF-8.

Source: APPNOTE.TXT of PKWARE, 4.4.4 (bit 11), 4.4.17 (names), 4.6.9 (Unicode path) and appendix D.
"""

import re
import stat
import struct
import zipfile
import zlib
from contextlib import suppress

from core.errors import InvalidRequest
from core.paths import printable

_IS_UTF_8 = 0x800
_DOS_DIRECTORY = 0x10
_UNICODE_PATH = 0x7075
_FIELD = struct.Struct("<HH")
_PATH_HEAD = struct.Struct("<BL")
_DRIVE = re.compile(r"[A-Za-z]:\\")


class UnknownEncoding(InvalidRequest):
    """A name that holds a backslash or a part of a letter, and nobody can tell which."""

    code = "bad_archive"


def name_of(info: zipfile.ZipInfo) -> str:
    """Return the name of an entry, with slashes, whatever is wrong with it otherwise.

    UTF-8 counts where the entry says so, by its flag or the field for it, and where the bytes can hardly be anything
    else; the rest is taken for code page 437, as the format has it.

    Raises:
        UnknownEncoding.
    """
    if info.flag_bits & _IS_UTF_8:
        name = info.orig_filename
    else:
        raw = info.orig_filename.encode("cp437")  # the bytes again: each has a character of its own there
        name = _unicode_path(info.extra, raw) or _decoded(raw)
    # Programs of Windows write backslashes, which the format forbids: no name may hold one anyhow.
    slashed = name.replace("\\", "/")
    return f"/{slashed}" if _DRIVE.match(name) else slashed


def is_directory(info: zipfile.ZipInfo, name: str) -> bool:
    """Tell whether an entry is a directory: by its last slash, its mode, or MS-DOS's bit where it has no content."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    has_bit = bool(info.external_attr & _DOS_DIRECTORY) and kind != stat.S_IFREG and info.file_size == 0
    return name.endswith("/") or kind == stat.S_IFDIR or has_bit


def _unicode_path(extra: bytes, raw: bytes) -> str:
    """Return the name in the field for it; empty where there is none, or it belongs to another name."""
    at = 0
    while at + _FIELD.size <= len(extra):
        kind, size = _FIELD.unpack_from(extra, at)
        body = extra[at + _FIELD.size : at + _FIELD.size + size]
        at += _FIELD.size + size
        if kind == _UNICODE_PATH and len(body) == size > _PATH_HEAD.size:
            version, checksum = _PATH_HEAD.unpack_from(body)
            if version == 1 and checksum == zlib.crc32(raw):
                with suppress(UnicodeDecodeError):
                    return body[_PATH_HEAD.size :].decode()
    return ""


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        name = raw.decode("cp437")
    if "\\" in name:  # in Shift-JIS, GBK and Big5 the second byte of a letter may be one
        raise UnknownEncoding(
            f"The name {printable(name)} in the archive is in an encoding that the archive does not tell, so its "
            "directories cannot be told from its letters. Pack it again with UTF-8 names."
        )
    return name
