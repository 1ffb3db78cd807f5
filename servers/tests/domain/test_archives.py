"""Archives that lie, climb and swell; each leaves the directory as it was."""

import gzip
import io
import os
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import AppError, DiskFull, TooLarge
from core.paths import FileExists, OutsideRoot, Root
from servers.minecraft.files.archives import MAX_ENTRIES, BadArchive, UnsafeArchive, members
from servers.minecraft.files.extraction import Limits, extract

SMALL = Limits(entries=10, total_bytes=100_000, ratio=20, ratio_from_bytes=5_000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "data"
    (inside / "plugins").mkdir(parents=True)
    (inside / "plugins" / "old.txt").write_bytes(b"old")
    (tmp_path / "canary").write_bytes(b"canary")
    return inside


@pytest.fixture
def root(folder: Path) -> Iterator[Root]:
    with Root(folder) as held:
        yield held
    assert (folder.parent / "canary").read_bytes() == b"canary"
    assert sorted(os.listdir(folder.parent)) == ["canary", "data"]
    assert [name for _, names, more in os.walk(folder) for name in names + more if name.startswith(".mcadmin")] == []


def make_zip(folder: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> str:
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return "a.zip"


def make_tar(folder: Path, *entries: tuple[tarfile.TarInfo | str, bytes]) -> str:
    with tarfile.open(folder / "a.tar.gz", "w:gz") as archive:
        for one, content in entries:
            info = tarfile.TarInfo(one) if isinstance(one, str) else one
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return "a.tar.gz"


Make = Callable[..., str]


@pytest.fixture(params=[make_zip, make_tar], ids=["zip", "tar.gz"])
def make(request: pytest.FixtureRequest) -> Make:
    made: Make = request.param
    return made


def test_files_and_directories_arrive(make: Make, root: Root, folder: Path) -> None:
    name = make(folder, ("x/y/file", b"content"), ("plugins/new.txt", b"new"), ("ü", b""))

    assert extract(root, name, "") == 3
    assert (folder / "x" / "y" / "file").read_bytes() == b"content"
    assert sorted(os.listdir(folder / "plugins")) == ["new.txt", "old.txt"]
    assert (folder / "ü").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("name", ["/abs", "../canary", "x/../../canary", "..", "a\\..\\b", "./../canary"])
def test_names_that_lead_out_are_refused(make: Make, root: Root, folder: Path, name: str) -> None:
    made = make(folder, ("first", b"x"), (name, b"changed"))

    with pytest.raises(UnsafeArchive):
        extract(root, made, "plugins")
    assert os.listdir(folder / "plugins") == ["old.txt"]


def special_zip(kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("special")
    info.external_attr = (kind | 0o777) << 16
    return info


def special_tar(kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo("special")
    info.type, info.linkname = kind, "../../canary"
    return info


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_links_and_devices_in_a_zip_are_refused(root: Root, folder: Path, kind: int) -> None:
    with pytest.raises(UnsafeArchive):
        extract(root, make_zip(folder, ("first", b"x"), (special_zip(kind), b"../canary")), "plugins")
    assert os.listdir(folder / "plugins") == ["old.txt"]


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, b"Z"]
)
def test_links_and_devices_in_a_tar_are_refused(root: Root, folder: Path, kind: bytes) -> None:
    with pytest.raises((UnsafeArchive, BadArchive), match="--dereference --hard-dereference"):
        extract(root, make_tar(folder, ("first", b"x"), (special_tar(kind), b"")), "plugins")
    assert os.listdir(folder / "plugins") == ["old.txt"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(make: Make, root: Root, folder: Path) -> None:
    with pytest.raises(BadArchive, match="twice"):
        extract(root, make(folder, ("a", b"1"), ("./a", b"2")), "plugins")


def test_a_file_that_is_a_directory_too_is_refused(make: Make, root: Root, folder: Path) -> None:
    with pytest.raises(AppError):
        extract(root, make(folder, ("a", b"1"), ("a/b", b"2")), "plugins")
    assert os.listdir(folder / "plugins") == ["old.txt"]


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([(f"f{number}", b"") for number in range(11)], "10 files"),
        ([("bomb", os.urandom(100_001))], "100,000 bytes"),
        ([("bomb", bytes(99_000))], "20 times"),
    ],
    ids=["count", "bytes", "ratio"],
)
def test_bombs_are_stopped_and_the_limit_named(
    make: Make, root: Root, folder: Path, entries: list[tuple[str, bytes]], said: str
) -> None:
    with pytest.raises(TooLarge, match=said):
        extract(root, make(folder, *entries), "plugins", limits=SMALL)
    assert os.listdir(folder / "plugins") == ["old.txt"]


def test_a_header_that_would_fill_the_memory_is_refused(root: Root, folder: Path) -> None:
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 500 * 1024 * 1024
    with gzip.open(folder / "bomb.tar.gz", "wb", compresslevel=1) as file:
        file.write(header.tobuf(tarfile.USTAR_FORMAT))
        for _ in range(100):
            file.write(bytes(1024 * 1024))
    tracemalloc.start()

    with pytest.raises(BadArchive, match="header"):
        extract(root, "bomb.tar.gz", "plugins")

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 1024 * 1024


def test_a_list_of_contents_that_would_fill_the_memory_is_refused(root: Root, folder: Path) -> None:
    made = folder / make_zip(folder, ("a", b"1"))
    raw = bytearray(made.read_bytes())
    at = raw.rfind(b"PK\x05\x06")
    struct.pack_into("<L", raw, at + 12, 100 * 1024 * 1024)
    made.write_bytes(raw)

    with pytest.raises(TooLarge, match="too many files"):
        extract(root, "a.zip", "plugins")


@pytest.mark.parametrize("cut", [10, 60, 200])
def test_a_broken_archive_leaves_nothing(make: Make, root: Root, folder: Path, cut: int) -> None:
    made = folder / make(folder, ("a", os.urandom(3000)), ("b", os.urandom(3000)))
    made.write_bytes(made.read_bytes()[:-cut])

    with pytest.raises(BadArchive):
        extract(root, made.name, "plugins")
    assert os.listdir(folder / "plugins") == ["old.txt"]


def test_damage_inside_is_found(root: Root, folder: Path) -> None:
    made = folder / make_zip(folder, ("a", os.urandom(3000)))
    raw = bytearray(made.read_bytes())
    raw[500] ^= 0xFF
    made.write_bytes(raw)

    with pytest.raises(BadArchive):
        extract(root, "a.zip", "plugins")
    assert os.listdir(folder / "plugins") == ["old.txt"]


def test_what_is_no_archive_says_so(root: Root, folder: Path) -> None:
    (folder / "a.zip").write_bytes(b"no archive at all")

    with pytest.raises(BadArchive, match=r"use \.zip"):
        extract(root, "a.zip", "")


def test_a_file_in_the_way_stops_everything_unless_told(make: Make, root: Root, folder: Path) -> None:
    name = make(folder, ("a", b"1"), ("old.txt", b"new"))

    with pytest.raises(FileExists, match="Nothing was extracted"):
        extract(root, name, "plugins")
    assert os.listdir(folder / "plugins") == ["old.txt"]

    extract(root, name, "plugins", overwrite=True)
    assert (folder / "plugins" / "old.txt").read_bytes() == b"new"


@pytest.mark.parametrize("link", ["../..", "."])
def test_a_link_in_the_way_is_never_extracted_through(make: Make, root: Root, folder: Path, link: str) -> None:
    (folder / "plugins" / "sub").symlink_to(link)

    with pytest.raises(OutsideRoot, match="link"):
        extract(root, make(folder, ("sub/canary", b"changed")), "plugins", overwrite=True)


def test_a_zip_with_a_password_is_refused(root: Root, folder: Path) -> None:
    made = folder / make_zip(folder, ("a", b"1"))
    raw = bytearray(made.read_bytes())
    raw[6] |= 1
    raw[raw.find(b"PK\x01\x02") + 8] |= 1
    made.write_bytes(raw)

    with pytest.raises(BadArchive, match="encrypted"):
        extract(root, "a.zip", "plugins")


def test_more_than_the_disk_holds_is_said_before_it_is_full(
    root: Root, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import servers.minecraft.files.extraction as module

    monkeypatch.setattr(module, "disk_space", lambda _: (1000, 1000))

    with pytest.raises(DiskFull):
        extract(root, make_zip(folder, ("a", os.urandom(2000))), "plugins")
    assert os.listdir(folder / "plugins") == ["old.txt"]


def spoilt(how: str) -> bytes:
    methods = {"bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", methods.get(how, zipfile.ZIP_STORED)) as archive:
        archive.writestr("ü.txt", bytes(range(256)) * 40)
    raw = bytearray(content.getvalue())
    match how:
        case "name":
            raw = raw.replace("ü".encode(), b"\xff\xfe")
        case "begin":
            del raw[4:14]
        case _:
            raw[60:90] = bytes(30)
    return bytes(raw)


@pytest.mark.parametrize("how", ["name", "begin", "bzip2", "lzma"])
def test_a_zip_that_was_spoilt_is_told_as_broken(root: Root, folder: Path, how: str) -> None:
    (folder / "a.zip").write_bytes(spoilt(how))
    with pytest.raises(BadArchive, match="broken"):
        extract(root, "a.zip", "", limits=SMALL, overwrite=False)


@pytest.mark.parametrize("place", ["before the end", "elsewhere"])
def test_a_large_record_that_disagrees_with_the_small_one_is_believed(root: Root, folder: Path, place: str) -> None:
    """Source: zipfile takes the ZIP64 record wherever there is one, whatever the small one says."""
    path = make_zip(folder, ("a", b"x"))
    content = (folder / path).read_bytes()
    end = content.rindex(b"PK\x05\x06")
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, 500 * 2**20, 0)
    gap = b"" if place == "before the end" else bytes(100_000)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    (folder / path).write_bytes(content[:end] + record + gap + locator + content[end:])

    with pytest.raises(TooLarge, match="too many files"):
        extract(root, path, "out")


def test_a_sparse_file_in_a_tar_is_refused(root: Root, folder: Path) -> None:
    """A few bytes of it can stand for terabytes."""
    info = tarfile.TarInfo("world/level.dat")
    info.type = tarfile.GNUTYPE_SPARSE
    archive = make_tar(folder, (info, b""))

    with pytest.raises(UnsafeArchive, match="sparse"):
        extract(root, archive, "plugins")


@pytest.mark.parametrize(("count", "is_refused"), [(MAX_ENTRIES, False), (MAX_ENTRIES + 1, True)])
def test_a_list_of_many_short_names_is_bounded_whatever_it_counts(count: int, is_refused: bool) -> None:
    """The end record says that there is one entry; zipfile reads as many as there are in so many bytes."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    listed = entry * count
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(listed), 0, 0)

    with pytest.raises(TooLarge if is_refused else BadArchive):
        list(members(io.BytesIO(listed + end)))
