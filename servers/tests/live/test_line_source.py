"""The kernel wakes the reader: with a look by the clock only every minute, lines come all the same."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.paths import Root
from servers.live.console import line_source
from servers.live.console.line_source import LogFileSource
from servers.live.console.log_watch import LogWatch


@pytest.fixture
async def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LogFileSource]:
    monkeypatch.setattr(line_source, "LOOK_S", 60.0)
    watch = LogWatch()
    one = LogFileSource(lambda: Root(tmp_path), watch)
    yield one
    await one.close()
    await asyncio.to_thread(watch.close)


async def read_until(source: LogFileSource, last: str) -> list[str]:
    lines: list[str] = []
    async with asyncio.timeout(20):
        while last not in lines:
            batch = await source.read()
            lines += batch.lines
            if last not in lines and not batch.more:
                await source.changed()
    return lines


def later(work: Callable[[], None]) -> None:
    """Do it when the reader waits."""
    asyncio.get_running_loop().call_later(0.3, work)


def append(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


async def test_lines_wake_the_reader(source: LogFileSource, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "latest.log"
    log.parent.mkdir()
    log.write_text("one\n")
    assert await read_until(source, "one") == ["one"]
    later(lambda: append(log, "two\n"))
    assert await read_until(source, "two") == ["two"]


async def test_a_directory_that_appears_wakes_the_reader(source: LogFileSource, tmp_path: Path) -> None:
    def appear() -> None:
        (tmp_path / "logs").mkdir()
        (tmp_path / "logs" / "latest.log").write_text("born\n")

    later(appear)
    assert await read_until(source, "born") == ["born"]
    assert source.problem is None


async def test_a_directory_made_anew_wakes_the_reader_and_is_watched(source: LogFileSource, tmp_path: Path) -> None:
    logs = tmp_path / "logs"

    def make(text: str) -> None:
        logs.mkdir()
        (logs / "latest.log").write_text(text)

    def make_anew() -> None:
        logs.rename(tmp_path / "old")
        make("two\n")

    make("one\n")
    await read_until(source, "one")
    later(make_anew)
    assert await read_until(source, "two") == ["two"]

    later(lambda: append(logs / "latest.log", "three\n"))
    assert await read_until(source, "three") == ["three"]


async def test_a_rename_wakes_the_reader(source: LogFileSource, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "latest.log"
    log.parent.mkdir()
    log.write_text("one\n")
    await read_until(source, "one")

    def rotate() -> None:
        log.rename(log.with_name("old.log"))
        log.write_text("two\n")

    later(rotate)
    assert await read_until(source, "two") == ["two"]


async def test_nothing_is_watched_after_it_is_closed(source: LogFileSource, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "latest.log").write_text("one\n")
    await read_until(source, "one")
    await source.close()
    assert (await source.read()).lines == ()


@asynccontextmanager
async def beside(watch: LogWatch, data: Path) -> AsyncIterator[LogFileSource]:
    """Another reader of the same log, which watches it already."""
    one = LogFileSource(lambda: Root(data), watch)
    try:
        await one.read()
        await one.changed()
        await one.read()
        yield one
    finally:
        await one.close()


async def test_a_reader_that_ends_leaves_the_other_its_watch(source: LogFileSource, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "latest.log"
    log.parent.mkdir()
    log.write_text("one\n")
    async with beside(source._watch, tmp_path):
        await read_until(source, "one")
        await source.changed()
        await source.read()
    later(lambda: append(log, "two\n"))
    assert await read_until(source, "two") == ["two"]


async def test_a_reader_of_a_directory_made_anew_does_not_watch_the_old_one(
    source: LogFileSource, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    log = data / "logs" / "latest.log"
    log.parent.mkdir(parents=True)
    log.write_text("one\n")
    async with beside(source._watch, data) as old:
        data.rename(tmp_path / "old")
        log.parent.mkdir(parents=True)
        log.write_text("new\n")
        async with beside(source._watch, data) as new:
            later(lambda: append(log, "two\n"))
            assert await read_until(new, "two") == ["two"]
        await old.close()
