"""What watchers of an operation hear: each line once, how far it is, and no more than is kept."""

import asyncio
import uuid
from collections.abc import Iterator

import pytest

from servers.operations import progress as progresses
from servers.operations.progress import MAX_CHARS, MAX_LINE_CHARS, MAX_WARNINGS, NO_AMOUNT, Amount, Progress


class TooLate(Exception):
    """Somebody cancelled it a moment before."""


async def nothing() -> None:
    return None


async def too_late() -> None:
    raise TooLate


@pytest.fixture
def progress() -> Iterator[Progress]:
    made = Progress(uuid.uuid4(), no_return=nothing)
    yield made
    made.close()


async def test_a_watcher_hears_each_line_once_in_order(progress: Progress) -> None:
    progress.line("one")
    progress.line("two")
    first = await progress.after()
    progress.line("three")
    second = await progress.after(first.seen)

    assert (first.lines, second.lines) == (["one", "two"], ["three"])


async def test_a_late_watcher_hears_all_that_is_kept_and_an_early_one_the_rest(progress: Progress) -> None:
    progress.line("one")
    early = await progress.after()
    progress.line("two")

    assert (await progress.after()).lines == ["one", "two"]
    assert (await progress.after(early.seen)).lines == ["two"]


async def test_who_has_seen_all_waits_for_news_and_all_are_woken(progress: Progress) -> None:
    progress.line("one")
    seen = (await progress.after()).seen
    waiting = [asyncio.ensure_future(progress.after(seen)) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(one.done() for one in waiting)

    progress.line("two")
    assert [news.lines for news in await asyncio.wait_for(asyncio.gather(*waiting), 5)] == [["two"]] * 3


async def test_those_who_wait_are_let_go_at_the_end_without_news(progress: Progress) -> None:
    seen = (await progress.after((-1, -1))).seen
    waiting = asyncio.ensure_future(progress.after(seen))
    await asyncio.sleep(0)
    progress.close()

    news = await asyncio.wait_for(waiting, 5)
    assert (news.seen, news.lines, news.percent, news.stage) == (seen, [], None, None)


async def test_lines_of_the_last_moment_are_heard_after_the_end(progress: Progress) -> None:
    progress.line("done")
    progress.close()

    assert (await progress.after()).lines == ["done"]


@pytest.mark.parametrize(
    ("told", "kept"), [(-5, 0.0), (0, 0.0), (33.3333, 33.3), (99.96, 100.0), (100, 100.0), (250, 100.0)]
)
async def test_how_far_it_is_lies_between_0_and_100(progress: Progress, told: float, kept: float) -> None:
    progress.percent(told, "copying", amount=Amount(1, 2, 3))
    news = await progress.after()

    assert (news.percent, news.stage, news.amount, news.lines) == (kept, "copying", Amount(1, 2, 3), [])


@pytest.mark.parametrize(
    ("done", "stage", "amount"),
    [(51, "copying", NO_AMOUNT), (50, "checking", NO_AMOUNT), (50, "copying", Amount(bytes_done=1))],
    ids=["further", "another stage", "more bytes"],
)
async def test_each_change_of_a_step_is_news_and_the_same_step_is_none(
    progress: Progress, done: float, stage: str, amount: Amount
) -> None:
    progress.percent(50, "copying")
    seen = (await progress.after()).seen
    progress.percent(50.01, "copying")
    assert (await _now(progress, seen)) is None

    progress.percent(done, stage, amount=amount)
    news = await progress.after(seen)
    assert (news.percent, news.stage, news.amount) == (done, stage, amount)
    assert await _now(progress, news.seen) is None


async def _now(progress: Progress, seen: tuple[int, int]) -> progresses.News | None:
    waiting = asyncio.ensure_future(progress.after(seen))
    await asyncio.sleep(0)
    if waiting.done():
        return waiting.result()
    waiting.cancel()
    return None


async def test_a_line_says_nothing_of_a_step_that_has_not_changed(progress: Progress) -> None:
    progress.percent(50, "copying")
    seen = (await progress.after()).seen
    progress.line("one")
    news = await progress.after(seen)

    assert (news.lines, news.percent, news.stage, news.amount) == (["one"], None, None, NO_AMOUNT)


async def test_the_oldest_lines_go_when_there_are_too_many(progress: Progress) -> None:
    seen = (await progress.after((-1, -1))).seen
    for number in range(9000):
        progress.line(f"{number:09}")

    lines = (await progress.after(seen)).lines
    assert "\n".join(lines) == progress.text()
    assert MAX_CHARS - 10 <= len(progress.text()) <= MAX_CHARS
    assert lines == [f"{number:09}" for number in range(9000 - len(lines), 9000)], "the newest, without a gap"


async def test_a_watcher_who_missed_dropped_lines_gets_no_line_twice(progress: Progress) -> None:
    progress.line("first")
    seen = (await progress.after()).seen
    for number in range(9000):
        progress.line(f"{number:09}")
    news = await progress.after(seen)
    progress.line("last")

    assert len(news.lines) == len(set(news.lines))
    assert (await progress.after(news.seen)).lines == ["last"]


@pytest.mark.parametrize(("length", "kept"), [(MAX_LINE_CHARS, MAX_LINE_CHARS), (MAX_LINE_CHARS + 1, MAX_LINE_CHARS)])
def test_a_line_has_a_greatest_length(progress: Progress, length: int, kept: int) -> None:
    progress.line("x" * length)

    assert progress.text() == "x" * kept


def test_a_warning_is_kept_once_and_said_each_time(progress: Progress) -> None:
    for text in ("disk is slow", "disk is slow", "clock is off"):
        progress.warn(text)

    assert progress.warnings == ["disk is slow", "clock is off"]
    assert progress.text().split("\n") == ["disk is slow", "disk is slow", "clock is off"]


def test_warnings_have_a_greatest_number(progress: Progress) -> None:
    for number in range(MAX_WARNINGS + 5):
        progress.warn(f"warning {number}")

    assert progress.warnings == [f"warning {number}" for number in range(MAX_WARNINGS)]
    assert progress.text().endswith(f"warning {MAX_WARNINGS + 4}"), "as a line it is still said"


async def test_the_point_of_no_return_is_refused_where_it_was_cancelled_before() -> None:
    progress = Progress(uuid.uuid4(), no_return=too_late)
    try:
        with pytest.raises(TooLate):
            await progress.point_of_no_return()
    finally:
        progress.close()


def test_only_what_runs_here_is_found_and_closing_twice_is_harmless() -> None:
    progress = Progress(uuid.uuid4(), no_return=nothing)
    assert progresses.running(progress.operation_id) is progress
    assert progresses.running(uuid.uuid4()) is None

    progress.close()
    progress.close()
    assert progresses.running(progress.operation_id) is None
