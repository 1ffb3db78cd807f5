"""Be the one process that does what must be done once, for as long as the lead is ours.

The lead is an advisory lock of PostgreSQL: it ends with the connection that holds it, so a process that is killed gives
it up at once, and one that is cut off from the database can tell.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError

from mcadmin.serving.postgres_address import KEEP_ALIVE, postgres_address

logger = logging.getLogger(__name__)

LEAD_KEY = 5678_002  # any number that nobody else uses
ASK_S = 2.0  # how often a process in waiting asks for the lead
CHECK_S = 5.0  # how often the one that leads makes sure that it still does

# The lead's own connection fails with psycopg's, the work that begins or ends under it with Django's.
_AWAY = (psycopg.OperationalError, OperationalError, InterfaceError, TimeoutError)


async def supervise(
    database: dict[str, Any],
    *,
    start: Callable[[], Awaitable[None]],
    stop: Callable[[], Awaitable[None]],
    ended: asyncio.Event,
    say: Callable[[str], None],
) -> None:
    """Wait for the lead, ``start`` the work, ``stop`` it when the lead is lost or ``ended`` is set; then wait again.

    Args:
        database: Django's settings of a PostgreSQL database.
        say: hears when the lead is ours, and when it is not any more.
    """
    while not ended.is_set():
        try:
            async with _lead(database, ended) as connection:
                if connection is None:
                    return
                say("Supervising.")
                try:
                    await start()
                    await _keep(connection, ended)
                finally:
                    await stop()
                    say("Not supervising any more.")
        except _AWAY as error:
            logger.warning("the database does not answer: %s", str(error).partition("\n")[0])
            await _sleep(ASK_S, ended)


@asynccontextmanager
async def _lead(
    database: dict[str, Any], ended: asyncio.Event
) -> AsyncIterator[psycopg.AsyncConnection[Any] | None]:
    """Hold the lead; None when ``ended`` came first."""
    connection = await psycopg.AsyncConnection.connect(autocommit=True, **postgres_address(database))
    try:
        await connection.execute(KEEP_ALIVE)
        while not ended.is_set():
            cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", [LEAD_KEY])
            row = await cursor.fetchone()
            if row is not None and row[0]:
                yield connection
                return
            await _sleep(ASK_S, ended)
        yield None
    finally:
        await connection.close()


async def _keep(connection: psycopg.AsyncConnection[Any], ended: asyncio.Event) -> None:
    """Return when ``ended`` is set; raises psycopg.OperationalError when the connection, and so the lead, is lost."""
    while not ended.is_set():
        async with asyncio.timeout(CHECK_S):
            await connection.execute("SELECT 1")
        await _sleep(CHECK_S, ended)


async def _sleep(seconds: float, ended: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ended.wait()
