"""Pages of a directory, whatever is in it."""

import os
import tracemalloc
from pathlib import Path

import pytest

from core import paths
from core.paths import FileMissing, Root, listing

MANY = 30_000


def test_only_a_page_of_a_large_directory_is_held_in_memory(tmp_path: Path) -> None:
    for number in range(MANY):
        (tmp_path / f"{number:05}").touch()
    with Root(tmp_path) as root:
        tracemalloc.start()
        found = paths.page(root, at_most=100, after="20000")
        _, most_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert [one.name for one in found.entries] == [f"{number:05}" for number in range(20_001, 20_101)]
    assert (found.total, found.has_more) == (MANY, True)
    assert most_bytes < 500_000  # all of them take 20 times that


def test_names_past_the_most_are_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MAX_NAMES", 5)
    for number in range(8):
        (tmp_path / str(number)).touch()
    with Root(tmp_path) as root:
        found = paths.page(root, at_most=100)

    assert (len(found.entries), found.total, found.has_more) == (5, 5, True)


def test_links_are_told_as_in_a_whole_listing(tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir/file").write_text("x")
    for name, target in {"in": "file", "out": "/etc/passwd", "up": "../..", "gone": "nowhere"}.items():
        (tmp_path / "dir" / name).symlink_to(target)
    os.mkfifo(tmp_path / "dir/pipe")
    with Root(tmp_path) as root:
        found = paths.page(root, "dir", at_most=100).entries
        whole = root.entries("dir")

    def facts(entries: list[paths.Entry]) -> dict[str, object]:
        return {one.name: (one.info.st_ino, one.is_link, one.problem) for one in entries}

    assert facts(found) == facts(whole)
    assert [one.name for one in found] == ["file", "gone", "in", "out", "pipe", "up"]


@pytest.mark.parametrize("path", ["nothing", "dir/file", "dir/link"])
def test_what_is_no_directory(tmp_path: Path, path: str) -> None:
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir/file").touch()
    (tmp_path / "dir/link").symlink_to("nowhere")
    with Root(tmp_path) as root, pytest.raises(paths.OutsideRoot if path.endswith("link") else FileMissing):
        paths.page(root, path, at_most=10)
