"""Start and stop what lives as long as the process, whatever server carries us."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from django.db import DatabaseError

from accounts import last_seen
from audit import recorder
from backups.services import services as backup_services
from core import heap, tasks
from servers import wiring
from servers.records import leases, operation_rows
from web import process_role

logger = logging.getLogger(__name__)

DRAIN_S = 25.0  # running operations get this long to end before the process does

App = Callable[[Any, Any, Any], Awaitable[None]]


class Lifespan:
    """The outermost ASGI wrapper.

    A server that speaks lifespan (Uvicorn) starts and stops the services with it; under one that does
    not (Daphne, runserver) they start with the first call.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._starting = asyncio.Lock()
        self._started_on: asyncio.AbstractEventLoop | None = None
        self._keepers = [heap.keeper(), last_seen.keeper()]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if self._started_on is not asyncio.get_running_loop():
            await self._start()
        await self._app(scope, receive, send)

    async def _lifespan(self, receive: Any, send: Any) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                await self._start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _start(self) -> None:
        async with self._starting:
            if self._started_on is asyncio.get_running_loop():
                return
            await start_services()
            for keeper in self._keepers:
                keeper.start()
            self._started_on = asyncio.get_running_loop()

    async def _stop(self) -> None:
        for keeper in self._keepers:
            await keeper.stop()
        with suppress(DatabaseError):  # when people were last seen is no reason not to end
            await operation_rows.in_database(last_seen.store)
        await stop_services()
        self._started_on = None


async def start_services() -> None:
    """Start on this loop what this process's role needs; what a killed process left behind is settled first."""
    for sentence in await operation_rows.in_database(leases.take_over_dead):
        logger.warning(sentence)
    recorder.start()
    await wiring.live().start()
    await backup_services().start(process_role.current())


async def stop_services() -> None:
    """Let running operations end, then stop in the reverse order."""
    cancelled = await tasks.drain(timeout_s=DRAIN_S)
    if cancelled:
        logger.warning("%d operations did not end in %g s and were interrupted", cancelled, DRAIN_S)
    await backup_services().stop()
    await wiring.live().stop()
    await operation_rows.in_database(recorder.flush)  # which closes its connection, too
