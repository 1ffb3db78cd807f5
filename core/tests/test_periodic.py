"""Work that comes again: its pace, its failures, its end."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from core.periodic import Periodic


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not is_true():
            await asyncio.sleep(0.001)


class Turns:
    """Counts its turns; a turn that is named in ``fail`` raises."""

    def __init__(self, *, returns: float | None = None, fail: set[int] | None = None) -> None:
        self.count = 0
        self._returns = returns
        self._fail = fail or set()

    async def __call__(self) -> float | None:
        self.count += 1
        if self.count in self._fail:
            raise ValueError(f"turn {self.count}")
        return self._returns


@pytest.mark.parametrize(("every_s", "returns"), [(0.01, None), (60.0, 0.01), (60.0, 0.0)])
async def test_work_comes_again(every_s: float, returns: float | None) -> None:
    turns = Turns(returns=returns)
    periodic = Periodic("turns", turns, every_s)
    periodic.start()
    await until(lambda: turns.count >= 3)
    await periodic.stop()


async def test_the_first_turn_may_wait() -> None:
    turns = Turns()
    periodic = Periodic("turns", turns, 60.0, first_s=60.0)
    periodic.start()
    await asyncio.sleep(0.05)
    assert turns.count == 0
    periodic.wake()
    await until(lambda: turns.count == 1)
    await periodic.stop()


async def test_without_a_period_only_a_call_wakes_it() -> None:
    turns = Turns()
    periodic = Periodic("turns", turns)
    periodic.start()
    await until(lambda: turns.count == 1)
    await asyncio.sleep(0.05)
    assert turns.count == 1
    periodic.wake()
    await until(lambda: turns.count == 2)
    await periodic.stop()


async def test_a_call_during_a_turn_is_not_lost() -> None:
    going, go_on, turns = asyncio.Event(), asyncio.Event(), 0

    async def work() -> None:
        nonlocal turns
        turns += 1
        going.set()
        await go_on.wait()

    periodic = Periodic("turns", work)
    periodic.start()
    await going.wait()
    periodic.wake()
    go_on.set()
    await until(lambda: turns == 2)
    await periodic.stop()


async def test_a_turn_that_fails_is_logged_and_the_next_comes(caplog: pytest.LogCaptureFixture) -> None:
    turns = Turns(fail={1, 2})
    periodic = Periodic("turns", turns, 0.01)
    with caplog.at_level(logging.ERROR):
        periodic.start()
        await until(lambda: turns.count >= 4)
    await periodic.stop()
    assert [one.message for one in caplog.records] == ["turns failed; the next turn comes all the same"] * 2


async def test_its_end_cancels_the_turn_and_waits_for_it() -> None:
    going, ended = asyncio.Event(), False

    async def work() -> None:
        nonlocal ended
        going.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            ended = True

    periodic = Periodic("turns", work)
    periodic.start()
    await going.wait()
    await periodic.stop()
    assert ended
    assert not periodic.is_running


async def test_it_can_begin_again_and_end_unbegun() -> None:
    turns = Turns()
    periodic = Periodic("turns", turns)
    await periodic.stop()
    for expected in (1, 2):
        periodic.start()
        await until(lambda expected=expected: turns.count == expected)  # type: ignore[misc]
        await periodic.stop()
