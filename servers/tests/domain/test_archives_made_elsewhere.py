"""Archives as other systems write them, built byte by byte; what comes out has the names that their makers meant."""

import io
import os
import struct
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.errors import AppError
from core.paths import Root
from servers.minecraft.files.archives import BadArchive, UnsafeArchive
from servers.minecraft.files.extraction import extract

MS_DOS, UNIX, NTFS, MAC = 0, 3, 10, 19
UTF_8 = 0x800
A_DIRECTORY = 0x10  # of MS-DOS
AN_ARCHIVE = 0x20
APPLE_DOUBLE = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        "
FINDER = b"\x00\x00\x00\x01Bud1\x00\x00\x10\x00"
X = b"x"


@dataclass
class Entry:
    """One entry of a zip, field by field."""

    name: bytes
    content: bytes = X
    flags: int = 0
    extra: bytes = b""
    attributes: int = AN_ARCHIVE
    system: int = MS_DOS
    method: int = 0


def zip_of(*entries: Entry) -> bytes:
    """Write a zip. Source: APPNOTE.TXT, 4.3.7, 4.3.12 and 4.3.16."""
    body = listing = b""
    for one in entries:
        sizes = struct.pack("<LLL", zlib.crc32(one.content), len(one.content), len(one.content))
        common = struct.pack("<HHHHH", 20, one.flags, one.method, 0, 0x21) + sizes
        lengths = struct.pack("<HH", len(one.name), len(one.extra))
        listing += b"PK\x01\x02" + bytes([20, one.system]) + common + lengths
        listing += struct.pack("<HHHLL", 0, 0, 0, one.attributes, len(body)) + one.name + one.extra
        body += b"PK\x03\x04" + common + lengths + one.name + one.extra + one.content
    count = len(entries)
    return body + listing + b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, count, count, len(listing), len(body), 0)


def unicode_path(name: str, of: bytes, *, version: int = 1) -> bytes:
    """The field 0x7075. Source: APPNOTE.TXT, 4.6.9."""
    body = struct.pack("<BL", version, zlib.crc32(of)) + name.encode()
    return struct.pack("<HH", 0x7075, len(body)) + body


def unix(mode: int) -> int:
    return mode << 16


GBK = "世界/说明.txt".encode("gbk")
UPPER_A = struct.pack("<HH", 0x7855, 4) + b"\x00" * 4  # another field, before the one that counts
DIRECTORY = Entry(b"world", b"", attributes=A_DIRECTORY)

# What comes out: the files with their content; directories end with a slash.
GOOD: dict[str, tuple[list[Entry], dict[str, bytes]]] = {
    "backslashes of Windows": ([Entry(rb"world\level.dat"), Entry(rb"world\region\r.mca")],
                               {"world/level.dat": X, "world/region/r.mca": X}),
    "backslashes and slashes": ([Entry(b"world\\region/r.mca")], {"world/region/r.mca": X}),
    "backslashes, made on NTFS": ([Entry(rb"a\b", system=NTFS)], {"a/b": X}),
    "backslashes, made on Unix": ([Entry(rb"a\b", system=UNIX, attributes=unix(0o100644))], {"a/b": X}),
    "backslashes of UTF-8 names": ([Entry("wörld\\ü".encode(), flags=UTF_8)], {"wörld/ü": X}),
    "a directory with a backslash": ([Entry(b"world\\", b"", attributes=A_DIRECTORY)], {"world/": b""}),
    "a directory by the bit alone": ([DIRECTORY, Entry(b"world/level.dat")], {"world/level.dat": X}),
    "an empty directory by the bit": ([DIRECTORY], {"world/": b""}),
    "the bit after its content": ([Entry(b"world/level.dat"), DIRECTORY], {"world/level.dat": X}),
    "a directory by its mode": ([Entry(b"w", b"", system=UNIX, attributes=unix(0o040755))], {"w/": b""}),
    "the bit at a file with content": ([Entry(b"level.dat", attributes=A_DIRECTORY)], {"level.dat": X}),
    "the bit at a file by its mode": ([Entry(b"f", b"", attributes=unix(0o100644) | A_DIRECTORY)], {"f": b""}),
    "the Unicode path": ([Entry(GBK, extra=unicode_path("世界/说明.txt", GBK))], {"世界/说明.txt": X}),
    "the Unicode path after other fields": ([Entry(GBK, extra=UPPER_A + unicode_path("世.txt", GBK))], {"世.txt": X}),
    "a Unicode path with backslashes": ([Entry(GBK, extra=unicode_path("世\\说.txt", GBK))], {"世/说.txt": X}),
    "a Unicode path of another name": ([Entry(b"a", extra=unicode_path("evil", b"b"))], {"a": X}),
    "a Unicode path of another version": ([Entry(b"a", extra=unicode_path("b", b"a", version=2))], {"a": X}),
    "a Unicode path beside the flag": ([Entry("ü".encode(), flags=UTF_8, extra=unicode_path("ä", "ü".encode()))],
                                       {"ü": X}),
    "UTF-8 without the flag, as Macs write": ([Entry("Gelände/ü.txt".encode(), system=UNIX)], {"Gelände/ü.txt": X}),
    "code page 437": ([Entry("Gelände.txt".encode("cp437"))], {"Gelände.txt": X}),
    "files of a Mac": (
        [Entry(b"world/level.dat"), Entry(b"__MACOSX/", b""), Entry(b"__MACOSX/world/._level.dat", APPLE_DOUBLE),
         Entry(b"world/._level.dat", APPLE_DOUBLE), Entry(b".DS_Store", FINDER), Entry(b"world/.DS_Store", FINDER)],
        {"world/level.dat": X},
    ),
    "a Mac's folder with backslashes": ([Entry(rb"__MACOSX\._a", APPLE_DOUBLE), Entry(b"a")], {"a": X}),
    "names like a Mac's": (
        [Entry(b"._config", b"mine"), Entry(b"._", b""), Entry(b"world/__MACOSX/a"), Entry(b".DS_Store", b"text")],
        {"._config": b"mine", "._": b"", "world/__MACOSX/a": X, ".DS_Store": b"text"},
    ),
    "a colon is no drive": ([Entry(b"C:/a")], {"C:/a": X}),
    "a long name that fits": ([Entry(b"x" * 255)], {"x" * 255: X}),
}

LONG = ("\u754c" * 100).encode()
# What is refused, and words that the message must have.
BAD: dict[str, tuple[list[Entry], type[AppError], str]] = {
    "up by backslashes": ([Entry(rb"a\..\..\canary")], UnsafeArchive, "leads out"),
    "absolute by a backslash": ([Entry(rb"\canary")], UnsafeArchive, "absolute"),
    "a share": ([Entry(rb"\\server\share\x")], UnsafeArchive, "absolute"),
    "a drive": ([Entry(rb"C:\Users\x")], UnsafeArchive, "absolute"),
    "NUL": ([Entry(b"a\x00../../canary")], UnsafeArchive, "NUL"),
    "up by the Unicode path": ([Entry(b"a", extra=unicode_path("../canary", b"a"))], UnsafeArchive, "leads out"),
    "NUL in the Unicode path": ([Entry(b"a", extra=unicode_path("a\0b", b"a"))], UnsafeArchive, "NUL"),
    "one name by two slashes": ([Entry(b"a/b"), Entry(rb"a\b")], BadArchive, "a/b twice"),
    "one name by two ways": ([Entry(b"x", extra=unicode_path("y", b"x")), Entry(b"y")], BadArchive, "y twice"),
    "Shift-JIS with a backslash in a letter": ([Entry("ワールド/表.txt".encode("shift_jis"))], AppError, "UTF-8 names"),
    "a name of 300 bytes": ([Entry(b"a"), Entry(b"mods/" + LONG, flags=UTF_8)], BadArchive,
                            "\u754c\u754c.* in the archive: A name may have at most 255 bytes"),
    "a directory of 256 bytes": ([Entry(b"d" * 256 + b"/a")], BadArchive, "dddd.*at most 255 bytes"),
    "too deep": ([Entry(b"d/" * 65 + b"a")], BadArchive, "d/d/d/.*deeper than 64"),
    "Deflate64": ([Entry(b"world/r.mca", method=9)], BadArchive, "world/r.mca .*Deflate64.*Pack it again"),
    "an unknown method": ([Entry(b"r.mca", method=42)], BadArchive, "r.mca .*method 42.*Pack"),
    "a Unicode path that is cut": ([Entry(b"a", extra=unicode_path("bcd", b"a")[:-1])], BadArchive, "broken"),
    "a link under the bit": ([Entry(b"l", b"/etc", system=UNIX, attributes=unix(0o120777) | A_DIRECTORY)],
                             UnsafeArchive, "link"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    inside = tmp_path / "data"
    inside.mkdir()
    (tmp_path / "canary").write_bytes(b"canary")
    yield inside
    assert (tmp_path / "canary").read_bytes() == b"canary"
    assert sorted(os.listdir(tmp_path)) == ["canary", "data"]


def content(folder: Path) -> dict[str, bytes]:
    """What is there but the archive; of directories the empty ones."""
    found = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_file():
            found[name] = path.read_bytes()
        elif not any(path.iterdir()):
            found[f"{name}/"] = b""
    del found["archive"]
    return found


@pytest.mark.parametrize("case", GOOD)
def test_names_are_what_their_maker_meant(folder: Path, case: str) -> None:
    entries, expected = GOOD[case]
    (folder / "archive").write_bytes(zip_of(*entries))

    with Root(folder) as root:
        count = extract(root, "archive", "")

    assert content(folder) == expected
    assert count == sum(not name.endswith("/") for name in expected)


@pytest.mark.parametrize("case", BAD)
def test_what_is_refused_is_named_and_leaves_nothing(folder: Path, case: str) -> None:
    entries, error, said = BAD[case]
    (folder / "archive").write_bytes(zip_of(*entries))

    with Root(folder) as root, pytest.raises(error, match=said) as caught:
        extract(root, "archive", "")

    assert caught.value.code in {"bad_archive", "outside_root"}
    assert len(str(caught.value)) < 500
    assert content(folder) == {}


def test_a_tar_of_a_mac_comes_without_its_files(folder: Path) -> None:
    with tarfile.open(folder / "archive", "w:gz") as archive:
        for name, body in (("._world", APPLE_DOUBLE), ("world/._level.dat", APPLE_DOUBLE), ("world/level.dat", X),
                           ("world/._mine", b"mine"), ("world/big", b"y" * 100_000)):
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))

    with Root(folder) as root:
        extract(root, "archive", "")

    assert content(folder) == {"world/level.dat": X, "world/._mine": b"mine", "world/big": b"y" * 100_000}


def test_a_long_name_in_a_tar_is_named(folder: Path) -> None:
    with tarfile.open(folder / "archive", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("mods/" + "界" * 100))

    with Root(folder) as root, pytest.raises(BadArchive, match=r"界界.*at most 255 bytes"):
        extract(root, "archive", "")
