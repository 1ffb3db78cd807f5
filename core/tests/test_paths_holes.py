"""Which bytes of a file are none, and names without a look at what they are."""

import os
from pathlib import Path

import pytest

from core import paths
from core.paths import Root

MIB = 1024**2


def hollow(file: Path, size: int, data: dict[int, bytes]) -> None:
    with file.open("wb") as opened:
        opened.truncate(size)
        for at, content in data.items():
            opened.seek(at)
            opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


@pytest.mark.parametrize(
    ("size", "data", "holes"),
    [
        (8 * 1024**4, {}, 8 * 1024**4),
        (8 * MIB, {0: b"x" * MIB}, 7 * MIB),
        (8 * MIB, {2 * MIB: b"x" * MIB, 6 * MIB: b"x" * MIB}, 6 * MIB),
        (8 * MIB, {0: b"x" * 8 * MIB}, 0),
        (8 * MIB, {0: b"\0" * 8 * MIB}, 0),
        (0, {}, 0),
    ],
)
def test_holes_are_what_holds_no_data(tmp_path: Path, size: int, data: dict[int, bytes], holes: int) -> None:
    hollow(tmp_path / "file", size, data)
    with Root(tmp_path) as root:
        assert [paths.hole_bytes(node) for node in paths.walk(root)] == [holes]


def test_of_a_file_in_a_thousand_pieces_the_blocks_are_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.paths.holes._MAX_EXTENTS", 10)
    hollow(tmp_path / "file", 64 * MIB, {at * MIB: b"x" * 4096 for at in range(64)})
    with Root(tmp_path) as root:
        [holes] = [paths.hole_bytes(node) for node in paths.walk(root)]
    assert 63 * MIB < holes < 64 * MIB


def test_where_the_file_system_knows_no_holes_next_to_no_blocks_tell_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.lseek

    def lseek(fd: int, at: int, how: int) -> int:
        if how == os.SEEK_DATA:
            return at
        return os.fstat(fd).st_size if how == os.SEEK_HOLE else real(fd, at, how)

    monkeypatch.setattr(os, "lseek", lseek)
    hollow(tmp_path / "hollow", 64 * MIB, {})
    hollow(tmp_path / "pressed", 64 * MIB, {0: b"x" * 4 * MIB})  # as a file system that compresses shows it
    hollow(tmp_path / "young", 64 * MIB, {})
    os.utime(tmp_path / "hollow", (0, 0))
    with Root(tmp_path) as root:
        assert [paths.hole_bytes(node) for node in paths.walk(root)] == [64 * MIB, 0, 0]


def test_a_file_that_became_a_pipe_is_not_opened(tmp_path: Path) -> None:
    hollow(tmp_path / "file", 8 * MIB, {})
    with Root(tmp_path) as root:
        for node in paths.walk(root):
            (tmp_path / "file").unlink()
            os.mkfifo(tmp_path / "file")
            assert paths.hole_bytes(node) == 0


def test_names_are_of_directories_or_of_all_else_and_at_most_so_many(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"file{number}").touch()
        (tmp_path / f"dir{number}").mkdir()
    (tmp_path / "link").symlink_to("dir0")
    with Root(tmp_path) as root:
        assert set(paths.names_in(root, directories=True, at_most=100)) == {f"dir{number}" for number in range(20)}
        assert len(paths.names_in(root, directories=False, at_most=100)) == 21
        assert len(paths.names_in(root, directories=True, at_most=3)) == 3
        assert paths.names_in(root, "dir0", directories=False, at_most=3) == []
