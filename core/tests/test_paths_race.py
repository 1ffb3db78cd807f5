"""A plugin that swaps a directory and a link as fast as it can, against 10,000 operations on that name."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core import paths
from core.errors import AppError
from core.paths import Root

pytestmark = pytest.mark.process

OPERATIONS = 10_000
CANARY = b"canary"
SWAPPER = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
fd = os.open(sys.argv[1], os.O_RDONLY)
while True:
    libc.renameat2(fd, b"swap", fd, b"link", 2)
    libc.renameat2(fd, b"link", fd, b"swap", 2)
    libc.renameat2(fd, b"file", fd, b"file-link", 2)
    libc.renameat2(fd, b"file-link", fd, b"file", 2)
"""

Operation = Callable[[Path, int], bytes]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """``a`` whose ``swap`` is a directory at one moment and a link to ``ab`` at the next."""
    for name, content in (("a/swap", b"inside"), ("ab", CANARY)):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").write_bytes(content)
        (tmp_path / name / "kept").write_bytes(content)
    (tmp_path / "a" / "link").symlink_to("../ab")
    (tmp_path / "a" / "file").write_bytes(b"inside")
    (tmp_path / "a" / "file-link").symlink_to("../ab/file")
    swapper = subprocess.Popen([sys.executable, "-c", SWAPPER, str(tmp_path / "a")])
    try:
        seen: set[bool] = set()
        while len(seen) < 2:
            seen.add((tmp_path / "a" / "swap").is_symlink())
        yield tmp_path / "a"
    finally:
        swapper.kill()
        swapper.wait()


def outside(folder: Path) -> dict[str, bytes]:
    """What lies where nobody may reach."""
    return {one.name: one.read_bytes() for one in (folder.parent / "ab").iterdir()}


def held(root: Root, number: int) -> bytes:
    """One operation of ours, each kind in turn; what it read."""
    match number % 9:
        case 0:
            return root.read_bytes("swap/file", max_bytes=100)
        case 1:
            root.write_bytes("swap/file", b"inside")
        case 2:
            root.write_bytes(f"swap/new{number}", b"inside")
        case 3:
            paths.delete(root, f"swap/new{number - 1}")
        case 4:
            root.make_directory("swap/made")
            paths.move(root, "swap/made", f"made{number}")
        case 5:
            return b" ".join(os.fsencode(one.name) for one in root.entries("swap"))
        case 6:
            return root.read_bytes("file", max_bytes=100)
        case 7:
            paths.copy(root, "swap", f"copied{number}")
        case 8:
            copied = f"copied{number - 1}"
            is_link = (found := root.lstat(copied)) is None or paths.is_link(found)
            return b"" if is_link else root.read_bytes(f"{copied}/file", max_bytes=100)
    return b""


def test_ten_thousand_operations_never_reach_the_canary(way: str, folder: Path) -> None:
    done = refused = 0
    with Root(folder) as root:
        for number in range(OPERATIONS):
            try:
                assert CANARY not in held(root, number)
                done += 1
            except AppError:
                refused += 1
    assert outside(folder) == {"file": CANARY, "kept": CANARY}
    assert done > 10  # it was a race: some went through,
    assert refused > 10  # and some met the link


def test_a_deletion_never_enters_what_became_a_link(folder: Path) -> None:
    """The folder is made anew each time, as a game would; the swapper exchanges it for the link meanwhile."""
    swap, link = folder / "swap", folder / "link"
    links = folders = 0  # that were deleted
    with Root(folder) as root:
        for _ in range(2000):
            with suppress(AppError):
                paths.delete(root, "swap")
            assert {"file", "kept"} <= set(os.listdir(folder.parent / "ab"))
            links += not swap.is_symlink() and not link.is_symlink()
            folders += not swap.is_dir() or not link.is_dir()
            with suppress(OSError):
                if not swap.is_symlink() and not link.is_symlink():
                    shutil.rmtree(link)
                    link.symlink_to("../ab")
                (swap if link.is_symlink() else link).mkdir()
                (swap / "below").mkdir()
    assert min(links, folders) > 10


def checked_first(folder: Path, number: int) -> bytes:
    """The naive way, kept to show that this test can fail: look where the path leads, then use it."""
    path = folder / "swap" / "file"
    if not Path(os.path.realpath(path)).is_relative_to(folder):
        raise PermissionError
    if number % 2:
        path.write_bytes(b"inside")
        return b""
    return path.read_bytes()


def test_the_race_is_lost_by_who_checks_first(folder: Path) -> None:
    end = time.monotonic() + 30
    number = 0
    while time.monotonic() < end:
        number += 1
        with suppress(OSError):
            if CANARY in checked_first(folder, number) or outside(folder)["file"] != CANARY:
                return
    pytest.fail("the naive way was not caught: the race of this test is too slow")
