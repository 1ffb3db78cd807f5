"""The lead among supervisors, on a PostgreSQL of the test's own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import dj_database_url
import psycopg
import pytest
from django.db import OperationalError

from mcadmin.serving import leader_election
from testbed.postgres import postgres

pytestmark = [pytest.mark.process, pytest.mark.timeout(60)]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres() as one:
        yield one


class Work:
    """What is supervised: its first starts fail as when the database goes away in the middle of them."""

    def __init__(self, *, failures: int = 0) -> None:
        self.failures = failures
        self.did: list[str] = []
        self.started = asyncio.Event()

    async def start(self) -> None:
        self.did.append("start")
        if self.failures:
            self.failures -= 1
            raise OperationalError("server closed the connection unexpectedly")
        self.started.set()

    async def stop(self) -> None:
        self.did.append("stop")


@asynccontextmanager
async def supervising(url: str, work: Work) -> AsyncIterator[None]:
    ended = asyncio.Event()
    leading = asyncio.create_task(
        leader_election.supervise(
            dict(dj_database_url.parse(url)), start=work.start, stop=work.stop, ended=ended, say=lambda _: None
        )
    )
    started = asyncio.create_task(work.started.wait())
    try:
        done, _ = await asyncio.wait({leading, started}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        assert started in done, leading
        yield
    finally:
        started.cancel()
        ended.set()
        await leading


async def test_a_database_that_goes_while_the_work_begins_ends_no_supervisor(url: str) -> None:
    work = Work(failures=1)
    async with supervising(url, work):
        assert work.did == ["start", "stop", "start"]  # what had begun before the failure does not stay
    assert work.did[-1] == "stop"


async def test_the_lead_is_held_with_the_options_of_the_address(url: str) -> None:
    async with supervising(f"{url}?application_name=the-lead", Work()), await psycopg.AsyncConnection.connect(url) as c:
        found = await c.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'the-lead'")
        assert await found.fetchone() == (1,)
