"""Paths of many names, and what a game puts in the place of a file."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core import paths
from core.errors import InvalidRequest
from core.paths import Root, new_file


def dig(folder: Path, depth: int, *, name: str = "d") -> None:
    """Make ``depth`` folders, one in the other, and a file in the last; without a path that long."""
    fd = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=fd)
        below = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    file = os.open("bottom", os.O_WRONLY | os.O_CREAT, dir_fd=fd)
    os.write(file, b"12345")
    os.close(file)
    os.close(fd)


def test_a_path_of_many_names_costs_no_descriptors(tmp_path: Path) -> None:
    dig(tmp_path, 600)
    (tmp_path / "link").symlink_to("/".join(["d"] * 300 + [".."] * 10 + ["d"] * 10))
    with Root(tmp_path) as root:
        before = len(os.listdir("/proc/self/fd"))
        with root.parent("/".join(["d"] * 599)) as (_, name):
            assert len(os.listdir("/proc/self/fd")) - before < 8
            assert name == "d"
        with root.parent("link/d/d") as (_, name):
            assert len(os.listdir("/proc/self/fd")) - before < 8
        paths.delete(root, "d")


@pytest.mark.parametrize("names", [5000, 100_000])
def test_a_path_longer_than_any_is_refused(names: int) -> None:
    with pytest.raises(InvalidRequest, match="4095"):
        paths.path_of("/".join(["d"] * names))


@contextmanager
def opened() -> Iterator[list[str]]:
    """Collect what is opened for more than a place (O_PATH, without a mode of access)."""
    seen: list[str] = []
    is_on = True
    sys.addaudithook(
        lambda event, args: seen.append(str(args[0])) if is_on and event == "open" and args[2] & os.O_RDWR else None
    )
    try:
        yield seen
    finally:
        is_on = False


@pytest.mark.parametrize("kind", ["pipe", "device", "socket", "link", "directory"])
def test_what_stands_in_the_way_of_a_part_is_not_opened(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "part"
    if kind == "device":
        os.mknod(place, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "socket":
        os.mknod(place, 0o600 | 0o140000)
    elif kind == "link":
        place.symlink_to("/dev/zero")
    else:
        place.mkdir()
    with Root(tmp_path) as root, opened() as seen, pytest.raises(InvalidRequest):
        root.new_file("", name="part", is_there=True)

    assert "part" not in seen


def test_new_content_runs_as_nobody_else(tmp_path: Path) -> None:
    (tmp_path / "tool").write_bytes(b"old")
    (tmp_path / "tool").chmod(0o6755)
    with Root(tmp_path) as root:
        paths.copy(root, "tool", "copy")
        root.write_bytes("tool", b"new")

    assert [(tmp_path / name).stat().st_mode & 0o7777 for name in ("tool", "copy")] == [0o755, 0o755]


@pytest.mark.parametrize("over", [False, True], ids=["a new file", "over an old one"])
@pytest.mark.parametrize("folder", ["", "plugins"])
def test_a_lock_that_a_game_holds_keeps_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, *, over: bool
) -> None:
    monkeypatch.setattr(new_file, "LOCK_S", 0.2)
    place = tmp_path / folder
    place.mkdir(exist_ok=True)
    if over:
        (place / "a.txt").write_text("old")
    held = os.open(place, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    name = f"{folder}/a.txt".lstrip("/")
    with Root(tmp_path) as root:
        with pytest.raises(new_file.DirectoryLocked, match="lock"):
            root.write_bytes(name, b"new", over=over)
        assert os.listdir(place) == (["a.txt"] if over else [])
        os.close(held)
        root.write_bytes(name, b"new", over=over)
        assert (place / "a.txt").read_text() == "new"
