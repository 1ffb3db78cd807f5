import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.errors import InvalidRequest
from core.paths import Root
from servers.minecraft.files.ranges import NotSatisfiable, wanted_range
from servers.minecraft.files.search import MAX_MATCH_S, Hit, SlowPattern, Wanted, search
from servers.minecraft.files.tail import MAX_BYTES, tail


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "data"
    (inside / "plugins" / "Essentials").mkdir(parents=True)
    (inside / "plugins" / "Essentials" / "config.yml").write_bytes(b"motd: Hello\r\nport: 25565\r\n")
    (inside / "binary").write_bytes(b"Hello\0")
    (tmp_path / "secret").write_bytes(b"Hello")
    (inside / "link").symlink_to("../secret")
    os.mkfifo(inside / "pipe")
    return inside


@pytest.fixture
def root(folder: Path) -> Iterator[Root]:
    with Root(folder) as held:
        yield held


@pytest.mark.parametrize("name", ["conf", "CONFIG", "*.yml", "config.???"])
def test_names_are_found_by_part_and_glob(root: Root, name: str) -> None:
    assert [hit.path for hit in search(root, "", Wanted(name=name)).hits] == ["plugins/Essentials/config.yml"]


def test_content_is_found_with_its_line(root: Root) -> None:
    found = search(root, "", Wanted(content="hello"))

    assert found.hits == [Hit("plugins/Essentials/config.yml", is_directory=False, line=1, text="motd: Hello")]
    assert found.stopped is None


def test_regular_expressions(root: Root) -> None:
    found = search(root, "plugins", Wanted(content=r"port:\s\d{5}$", is_regex=True, name="*.yml"))

    assert [hit.line for hit in found.hits] == [2]


def test_the_limit_is_said(root: Root, folder: Path) -> None:
    (folder / "many").write_bytes(b"x\n" * 100)

    found = search(root, "", Wanted(content="x", name="many", limit=10))

    assert (len(found.hits), found.stopped) == (10, "Only the first 10 are shown.")


@pytest.mark.parametrize("pattern", ["(?R)", "(?:(?R)|a)", "((?1))"])
def test_a_pattern_that_calls_itself_for_ever_is_stopped(root: Root, folder: Path, pattern: str) -> None:
    (folder / "bait").write_bytes(b"a" * 35 + b"!")

    with pytest.raises(SlowPattern):
        search(root, "", Wanted(content=pattern, is_regex=True, name="bait"))


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(.*a){20}", "(?:a?){40}a{40}"])
def test_a_pattern_that_takes_for_ever_is_stopped(root: Root, folder: Path, pattern: str) -> None:
    (folder / "bait").write_bytes(b"a" * 35 + b"!")
    begun = time.monotonic()

    with suppress(SlowPattern):  # or it is found out to match nothing, in time
        search(root, "", Wanted(content=pattern, is_regex=True, name="bait"))

    assert time.monotonic() - begun < MAX_MATCH_S * 3


@pytest.mark.parametrize(
    "wanted", [Wanted(), Wanted(content="(", is_regex=True), Wanted(content="x" * 501, is_regex=True)]
)
def test_what_cannot_be_searched(root: Root, wanted: Wanted) -> None:
    with pytest.raises(InvalidRequest):
        search(root, "", wanted)


def test_the_last_lines(root: Root, folder: Path) -> None:
    (folder / "log").write_bytes(b"".join(b"line %d\n" % number for number in range(1000)))

    found = tail(root, "log", lines=2)

    assert (found.content, found.is_cut) == ("line 998\nline 999\n", True)
    assert tail(root, "log", lines=5000).is_cut is False


def test_a_tail_is_bounded_and_begins_at_a_line(root: Root, folder: Path) -> None:
    line = "ü".encode() * 500 + b"\n"
    (folder / "log").write_bytes(line * 3000)

    content = tail(root, "log", lines=10_000).content

    assert MAX_BYTES - 2000 < len(content.encode()) <= MAX_BYTES
    assert "\ufffd" not in content


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None), ("bytes=0-9", (0, 9)), ("bytes=90-", (90, 99)), ("bytes=-10", (90, 99)),
        ("bytes=50-500", (50, 99)),
        ("bytes=0-0,5-6", None), ("lines=1-2", None), ("bytes=9-5", None), ("bytes=-", None), ("bytes=-500", (0, 99)),
    ],
)
def test_ranges(header: str | None, expected: tuple[int, int] | None) -> None:
    assert wanted_range(header, size=100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=200-300", "bytes=-0"])
def test_ranges_outside(header: str) -> None:
    with pytest.raises(NotSatisfiable):
        wanted_range(header, size=100)
