"""Operations whose caller, database or engine goes at the worst moment."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import InterfaceError, connection, connections, transaction

from servers.models import Lease, Operation
from servers.operations import runner
from servers.operations.progress import Progress
from servers.records import leases, operation_rows
from testing.fake_docker import FakeContainer, FakeDocker
from testing.jobs import Held, ended, job, nothing

pytestmark = pytest.mark.django_db(transaction=True)


@asynccontextmanager
async def locked_database() -> AsyncIterator[None]:
    """Let everybody who would write wait meanwhile."""
    locked, let_go = threading.Event(), threading.Event()

    def lock() -> None:
        with transaction.atomic():
            Operation.objects.filter(kind="").delete()
            locked.set()
            let_go.wait(10)
        connections.close_all()

    holding = asyncio.create_task(asyncio.to_thread(lock))
    await asyncio.to_thread(locked.wait)
    try:
        yield
    finally:
        let_go.set()
        await holding


async def test_a_caller_that_leaves_while_the_lease_is_taken_leaves_no_operation_without_work(fake: FakeDocker) -> None:
    async with locked_database():
        starting = asyncio.create_task(runner.start(job("up", nothing)))
        await asyncio.sleep(0.2)  # it is in the database's thread
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    async with asyncio.timeout(5):
        while not (found := await operation_rows.in_database(Operation.objects.first)):
            await asyncio.sleep(0.02)
    assert (await ended(found)).state == "succeeded"
    assert await operation_rows.in_database(Lease.objects.count) == 0


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LOOK_S", 0.02)
    monkeypatch.setattr(runner, "RENEW_S", 0.0)


class LostConnection:
    """Makes the operations' database connection fail as one does whose server was started anew."""

    def __init__(self) -> None:
        self.is_lost = True
        self.failed = 0

    def __call__(self, execute: Any, *args: Any) -> Any:
        if self.is_lost:
            self.failed += 1
            raise InterfaceError("connection already closed")
        return execute(*args)


async def renewed() -> None:
    """Wait until the one lease that there is has been renewed."""
    first = (await operation_rows.in_database(Lease.objects.get)).expires_at
    async with asyncio.timeout(5):
        while (await operation_rows.in_database(Lease.objects.get)).expires_at == first:
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("hurried")
async def test_leases_are_renewed_again_after_the_database_has_hung_up(fake: FakeDocker) -> None:
    held, lost = Held(), LostConnection()
    operation = await runner.start(job("up", held))
    await held.begun.wait()
    await operation_rows.in_database(lambda: connection.execute_wrappers.append(lost))
    try:
        async with asyncio.timeout(5):
            while lost.failed < 2:
                await asyncio.sleep(0.02)
        lost.is_lost = False
        await renewed()
    finally:
        await operation_rows.in_database(lambda: connection.execute_wrappers.clear())  # noqa: PLW0108 - that thread's own
        held.let_go.set()
    assert (await ended(operation)).state == "succeeded"


@pytest.mark.usefixtures("hurried")
async def test_leases_are_renewed_while_the_engine_hangs_at_the_end(fake: FakeDocker) -> None:
    one = FakeContainer("mc-x", "image", {})
    fake.containers[one.id] = one
    fake.hold("inspect")
    operation = await runner.start(job("up", nothing))
    try:
        await fake.entered["inspect"].wait()
        await renewed()
    finally:
        fake.release("inspect")
    assert (await ended(operation)).state == "succeeded"
    assert await operation_rows.in_database(Lease.objects.count) == 0


async def test_an_engine_that_says_no_at_the_end_leaves_no_operation_running(fake: FakeDocker) -> None:
    async def work(_: Progress) -> None:
        fake.refusals["ps"] = "Error response from daemon: a layer is damaged"

    operation = await runner.start(job("up", work))
    assert (await ended(operation)).state == "succeeded"
    assert await operation_rows.in_database(Lease.objects.count) == 0


async def test_an_end_that_the_database_refuses_at_first_is_recorded(fake: FakeDocker) -> None:
    lost = LostConnection()

    async def work(_: Progress) -> dict[str, Any]:
        await operation_rows.in_database(lambda: connection.execute_wrappers.append(lost))
        return {"found": 2}

    running = asyncio.create_task(runner.run(job("up", work)))
    try:
        async with asyncio.timeout(5):
            while not lost.failed:
                await asyncio.sleep(0.02)
        lost.is_lost = False
        assert (await running).result == {"found": 2}
    finally:
        await operation_rows.in_database(lambda: connection.execute_wrappers.clear())  # noqa: PLW0108 - that thread's own
    assert (await operation_rows.in_database(Operation.objects.get)).state == "succeeded"
    assert await operation_rows.in_database(Lease.objects.count) == 0


@pytest.mark.usefixtures("hurried")
async def test_a_database_that_hangs_past_the_life_of_the_leases_ends_the_work(
    fake: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, back = Held(), threading.Event()
    operation = await runner.start(job("up", held))
    await held.begun.wait()
    hanging = asyncio.create_task(operation_rows.in_database(back.wait, 20))
    monkeypatch.setattr(leases, "LEASE_LIFE", timedelta(seconds=0.3))
    try:
        async with asyncio.timeout(5):  # by now another process may have taken the leases over
            while not held.events:
                await asyncio.sleep(0.02)
    finally:
        back.set()
        held.let_go.set()
        await hanging
    assert (await ended(operation)).state == "interrupted"
