import asyncio
import logging
import threading

import pytest

from core import tasks


async def test_work_goes_on_when_its_caller_is_cancelled() -> None:
    go, done = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await go.wait()
        done.set()

    caller = asyncio.create_task(tasks.run_detached(work()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go.set()

    await asyncio.wait_for(done.wait(), 5)


async def test_finish_returns_the_result() -> None:
    async def work() -> int:
        return 3

    assert await tasks.run_detached(work()) == 3


async def test_drain_waits_for_work_that_ends() -> None:
    tasks.start(asyncio.sleep(0.01))

    assert await tasks.drain(timeout_s=5) == 0


async def test_drain_cancels_what_does_not_end() -> None:
    task = tasks.start(asyncio.Event().wait())

    assert await tasks.drain(timeout_s=0.01) == 1
    assert task.cancelled()


async def test_failure_that_nobody_waits_for_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        raise ValueError("went wrong")

    with caplog.at_level(logging.WARNING):
        await tasks.drain(timeout_s=5) if (task := tasks.start(work())) else None
        tasks.report(task)

    assert "went wrong" in caplog.text


async def test_a_cancelled_thread_has_ended_when_its_caller_hears_of_it() -> None:
    begun, stop = threading.Event(), threading.Event()
    ended: list[str] = []

    def work() -> None:
        begun.set()
        stop.wait(10)
        ended.append("yes")

    task = asyncio.create_task(tasks.in_thread(work, on_cancel=stop.set))
    while not begun.is_set():
        await asyncio.sleep(0.01)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["yes"]


@pytest.mark.parametrize("moment", ["before", "while", "twice"])
async def test_what_a_thread_opened_for_nobody_is_closed(moment: str) -> None:
    go, closed = threading.Event(), list[str]()

    def work() -> str:
        go.wait(10)
        return "opened"

    caller = asyncio.create_task(tasks.opened(work, close=closed.append))
    await asyncio.sleep(0 if moment == "before" else 0.05)
    caller.cancel()
    if moment == "twice":
        await asyncio.sleep(0.01)
        caller.cancel()
    await asyncio.sleep(0.01)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await caller

    assert closed == ["opened"]


async def test_what_was_opened_for_somebody_stays_open() -> None:
    closed: list[int] = []

    assert await tasks.opened(lambda: 3, close=closed.append) == 3
    assert closed == []
