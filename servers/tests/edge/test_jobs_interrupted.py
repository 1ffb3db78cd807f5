"""Operations whose caller, database or engine goes at the worst moment."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from django.db import connections, transaction

from servers import operations, records
from servers.models import Lease, Operation
from servers.tests.edge.jobs import ended, job, nothing
from servers.tests.fake_docker import FakeDocker

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
        starting = asyncio.create_task(operations.start(job("up", nothing)))
        await asyncio.sleep(0.2)  # it is in the database's thread
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    async with asyncio.timeout(5):
        while not (found := await records.in_database(Operation.objects.first)):
            await asyncio.sleep(0.02)
    assert (await ended(found)).state == "succeeded"
    assert await records.in_database(Lease.objects.count) == 0
