"""A plugin that swaps a directory and a link as fast as it can, against 10,000 operations on that name."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mcadmin.core import paths
from mcadmin.core.errors import AppError
from mcadmin.core.paths import Root

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
    match number % 6:
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
