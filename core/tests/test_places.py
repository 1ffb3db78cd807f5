"""One folder under several paths: recognised by links, by bind mounts, by the file system it lies in."""

import os
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from core.paths import MountPoint, Place, place_of_mount, places, read_mounts


def overlap(one: Path, other: Path) -> bool:
    first, second = places([one, other])
    assert first.overlaps(second) == second.overlaps(first)
    return first.overlaps(second)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "servers/x/data/world").mkdir(parents=True)
    (tmp_path / "servers/xy/data").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "servers/x")
    return tmp_path


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("servers/x", True),
        ("servers", True),
        ("servers/x/data/world", True),
        ("link", True),
        ("link/data", True),
        ("servers/x/../x/gone", True),
        ("servers/xy", False),  # a name that only begins alike
        ("servers/xy/data", False),
        ("gone", False),
    ],
)
def test_a_folder_overlaps_what_holds_it_and_what_it_holds(tree: Path, one: str, *, same: bool) -> None:
    assert overlap(tree / one, tree / "servers/x") is same


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to mount")
@pytest.mark.parametrize(
    ("bound", "seen", "same"),
    [
        ("servers", "elsewhere/x/data", True),
        ("servers", "elsewhere", True),
        ("servers/x/data/world", "elsewhere", True),  # a part of it, which none of its parents tells
        ("servers/xy", "elsewhere", False),
    ],
)
def test_a_bind_mount_shows_the_same_folder(tree: Path, bound: str, seen: str, *, same: bool) -> None:
    (tree / "elsewhere").mkdir()
    subprocess.run(["mount", "--bind", tree / bound, tree / "elsewhere"], check=True)
    try:
        assert overlap(tree / seen, tree / "servers/x") is same
    finally:
        subprocess.run(["umount", tree / "elsewhere"], check=True)


def test_what_cannot_be_looked_at_is_known_by_its_path(tmp_path: Path) -> None:
    (gone,) = places(["/no/such/folder"])
    assert gone.identity is None
    assert gone.overlaps(Place(PurePosixPath("/no/such/folder/below")))


@pytest.mark.parametrize(
    ("device", "root", "overlaps"),
    [
        ("8:1", "/srv/x/data", True), ("8:1", "/srv/x", True), ("8:1", "/srv/x/data/world", True), ("8:1", "/", True),
        ("8:1", "/srv/x2", False), ("8:2", "/srv/x/data", False),
    ],
)
def test_a_mount_is_compared_by_its_file_system_alone(device: str, root: str, *, overlaps: bool) -> None:
    here = Place(PurePosixPath("/mnt/x/data"), ("8:1", PurePosixPath("/srv/x/data")))
    mounted = place_of_mount(MountPoint(device, PurePosixPath(root), PurePosixPath("/mnt/x/data")))

    assert (mounted.overlaps(here), here.overlaps(mounted)) == (overlaps, overlaps)


def test_mounts_are_read_with_the_folder_that_is_mounted(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text("1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 /my\\040disk /srv rw - ext4 b rw\n")
    found = [(one.device, str(one.root), str(one.path)) for one in read_mounts(table)]
    assert found == [("8:1", "/", "/"), ("8:2", "/my disk", "/srv")]
