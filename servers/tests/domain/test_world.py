"""A world that could not be loaded is told from one that could."""

import gzip
import struct
import zlib
from pathlib import Path

import pytest

from core.paths import Root
from servers.minecraft.world import SECTOR, check_worlds


def nbt(name: bytes = b"Data") -> bytes:
    inside = b"\x0a" + struct.pack(">H", len(name)) + name + b"\x03\x00\x01x" + struct.pack(">i", 5) + b"\x00"
    return b"\x0a\x00\x00" + inside + b"\x00"


def region(*, offset: int = 2, sectors: int = 1, length: int = 20, compression: int = 2) -> bytes:
    table = struct.pack(">I", offset << 8 | sectors) + b"\0" * (2 * SECTOR - 4)
    return table + (struct.pack(">IB", length, compression) + zlib.compress(b"chunk")).ljust(SECTOR, b"\0")


def report(folder: Path) -> list[str]:
    with Root(folder) as root:
        return check_worlds(root).findings


@pytest.fixture
def world(tmp_path: Path) -> Path:
    (tmp_path / "world/region").mkdir(parents=True)
    (tmp_path / "world/level.dat").write_bytes(gzip.compress(nbt()))
    (tmp_path / "world/region/r.0.0.mca").write_bytes(region())
    return tmp_path


def test_whole_world_has_no_findings(world: Path) -> None:
    (world / "world/region/r.1.0.mca").touch()

    with Root(world) as root:
        found = check_worlds(root)

    assert (found.levels, found.regions, found.findings) == (1, 2, [])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "level.dat"), (b"garbage", "level.dat"), (gzip.compress(nbt())[:-9], "level.dat"),
        (gzip.compress(nbt()[:-3]), "too early"), (gzip.compress(nbt(b"Nope")), "holds no Data"),
        (gzip.compress(b"\x0a\x00\x00\x09\x00\x01l\x00\xff\xff\xff\xff"), "list of nothing"),
    ],
    ids=["empty", "garbage", "cut", "short", "no-data", "list"],
)
def test_broken_level_is_found(world: Path, content: bytes, says: str) -> None:
    (world / "world/level.dat").write_bytes(content)

    assert len(report(world)) == 1
    assert says in report(world)[0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (region()[:5000], "within its header"), (region(offset=1), "within the header"),
        (region(offset=9), "past the end"), (region(length=0), "0 bytes"), (region(length=5000), "5000 bytes"),
        (region(sectors=2, length=5000), "cut off"), (region(compression=9), "compression 9"),
        (region()[:4] * 2 + region()[8:], "overlaps chunk 0"),
    ],
    ids=["short", "header", "end", "nothing", "large", "cut", "compression", "overlap"],
)
def test_broken_region_is_found(world: Path, content: bytes, says: str) -> None:
    (world / "world/region/r.0.0.mca").write_bytes(content)

    assert len(report(world)) == 1
    assert says in report(world)[0]


def test_files_are_not_followed_out_of_the_folder(world: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "level.dat"
    outside.write_bytes(b"garbage")
    (world / "level.dat").symlink_to(outside)

    assert report(world) == []


def test_world_without_its_level_is_no_world(world: Path) -> None:
    (world / "world/level.dat").rename(world / "world/level.dat_old")

    assert "no level.dat" in report(world)[0]


@pytest.mark.parametrize(("must_hold", "count"), [(True, 1), (False, 0)])
def test_nothing_at_all_is_a_finding_where_a_game_ran(tmp_path: Path, must_hold: bool, count: int) -> None:
    with Root(tmp_path) as root:
        assert len(check_worlds(root, must_hold_world=must_hold).findings) == count


LOST = {
    "region of zeros": ("world/region/r.0.0.mca", bytes(3 * SECTOR), "lists no chunk"),
    "broken body": ("world/region/r.0.0.mca", region()[: 2 * SECTOR + 8] + b"x" * (SECTOR - 8), "broken body"),
    "body cut short": ("world/region/r.0.0.mca", region(length=8), "ends too early"),
    "empty player": ("world/playerdata/069a79f4-44e9-4726-a5be-fca90e38aaf5.dat", b"", "is empty"),
}


@pytest.mark.parametrize("what", LOST)
def test_usual_losses_are_found(world: Path, what: str) -> None:
    path, content, says = LOST[what]
    (world / path).parent.mkdir(exist_ok=True)
    (world / path).write_bytes(content)

    assert len(report(world)) == 1
    assert says in report(world)[0]


@pytest.mark.parametrize(
    "path", ["world/region/._r.0.0.mca", "__MACOSX/world/region/r.0.0.mca", "world/._level.dat"]
)
def test_what_a_mac_adds_is_passed_over(world: Path, path: str) -> None:
    (world / path).parent.mkdir(parents=True, exist_ok=True)
    (world / path).write_bytes(b"\0\x05\x16\x07")

    assert report(world) == []


def test_leftovers_outside_of_worlds_are_remarks(world: Path) -> None:
    (world / "plugins/WorldBackups").mkdir(parents=True)
    (world / "plugins/WorldBackups/r.0.0.mca").write_bytes(region()[:5000])

    with Root(world) as root:
        found = check_worlds(root)

    assert (found.findings, len(found.remarks)) == ([], 1)
