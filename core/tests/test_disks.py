"""Which disks hold a path: a tree of block devices as /sys shows it, and real file systems."""

import os
from pathlib import Path

import pytest

from core.disks import share_a_disk, whole_disks

MEMORY = Path("/dev/shm")


def device(sys: Path, name: str, *, inside: str = "", of: tuple[str, ...] = ()) -> Path:
    """A block device; ``inside``: the disk that it is a partition of, ``of``: those it is composed of."""
    folder = sys / "devices" / inside / name
    folder.mkdir(parents=True)
    if inside:
        (folder / "partition").write_text("1\n")
    (folder / "slaves").mkdir()
    for part in of:
        (folder / "slaves" / Path(part).name).symlink_to(sys / "devices" / part)
    (sys / "block").mkdir(exist_ok=True)
    (sys / "block" / name).symlink_to(folder)
    return sys / "block" / name


@pytest.fixture
def sys(tmp_path: Path) -> Path:
    device(tmp_path, "sda")
    device(tmp_path, "sda1", inside="sda")
    device(tmp_path, "sda2", inside="sda")
    device(tmp_path, "sdb")
    device(tmp_path, "lvm", of=("sda/sda2",))
    device(tmp_path, "crypt", of=("lvm",))
    device(tmp_path, "raid", of=("sdb", "sda/sda1"))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "disks"),
    [
        ("sda", {"sda"}), ("sda1", {"sda"}), ("sdb", {"sdb"}), ("lvm", {"sda"}), ("crypt", {"sda"}),
        ("raid", {"sda", "sdb"}), ("absent", set()),
    ],
)
def test_a_device_is_followed_to_its_disks(sys: Path, name: str, disks: set[str]) -> None:
    assert {one.name for one in whole_disks(sys / "block" / name)} == disks


def test_folders_of_one_file_system_share_its_disk_also_before_they_are_made(tmp_path: Path) -> None:
    (tmp_path / "servers").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "servers")

    assert share_a_disk(tmp_path / "servers", tmp_path / "snapshots" / "not" / "there")
    assert share_a_disk(tmp_path / "link" / "x", tmp_path)


def test_two_partitions_of_a_disk_share_it(tmp_path: Path, sys: Path) -> None:
    """The file system in memory is called, in a mount table of ours, the first partition of the disk of the second."""
    number = tmp_path.stat().st_dev
    blocks = [one for one in Path("/dev").iterdir() if one.is_block_device()]
    if os.major(number) == 0 or MEMORY.stat().st_dev == number or not blocks:
        pytest.skip("there are no two file systems here, one of them on a disk")
    assert not share_a_disk(tmp_path, MEMORY, sys_block=sys / "block")
    other = blocks[0].stat().st_rdev
    for device_number, name in ((number, "sda1"), (other, "sda2")):
        entry = sys / "block" / f"{os.major(device_number)}:{os.minor(device_number)}"
        if not entry.is_symlink():
            entry.symlink_to((sys / "block" / name).resolve())
    table = sys / "mountinfo"
    table.write_text(f"1 0 8:1 / / rw - ext4 /dev/x rw\n2 1 0:2 / {MEMORY} rw shared:1 - btrfs {blocks[0]} rw\n")

    assert share_a_disk(tmp_path, MEMORY, sys_block=sys / "block", mountinfo=table)


@pytest.mark.parametrize("source", ["/dev/null", "overlay", "nas:/volume\\040one"])
def test_where_no_disk_is_named_only_the_file_system_counts(tmp_path: Path, sys: Path, source: str) -> None:
    if MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there are no two file systems here")
    table = tmp_path / "mountinfo"
    table.write_text(f"1 0 0:1 / / rw - x {source} rw\n2 1 0:2 / {MEMORY} rw - x {source} rw\n")

    assert not share_a_disk(tmp_path, MEMORY, sys_block=sys / "block", mountinfo=table)
    assert share_a_disk(MEMORY, MEMORY / "absent", sys_block=sys / "block", mountinfo=table)
