"""Operations for tests: work that goes on for as long as the test wants."""

import asyncio
from dataclasses import replace
from typing import Any

from servers.changes import actions
from servers.models import Operation, OperationState
from servers.operations import kinds
from servers.operations.caller import Caller
from servers.operations.progress import Progress
from servers.operations.runner import Job, Work
from servers.records import operation_rows

__all__ = ["Held", "actions", "ended", "job", "nothing", "stored"]  # the actions: importing them makes the kinds known


def job(kind: str, work: Work, *, can_cancel: bool | None = None, **changes: Any) -> Job:
    """Return a job of a kind that may or may not be cancelled, whatever its row says."""
    row = kinds.find(kind)
    row = row if can_cancel is None else replace(row, can_cancel=can_cancel)
    return Job(**{"kind": row, "work": work, "by": Caller("olivia"), "server_id": "lobby", **changes})


async def nothing(_: Progress) -> None:
    return None


class Held:
    """Work that goes on until it is let go or cancelled, and notes its clean-up."""

    def __init__(self, events: list[str] | None = None, *, cleaning_s: float = 0.05) -> None:
        self.events = [] if events is None else events
        self.begun, self.let_go = asyncio.Event(), asyncio.Event()
        self._cleaning_s = cleaning_s

    async def __call__(self, _: Progress) -> None:
        self.begun.set()
        try:
            await self.let_go.wait()
        finally:
            await asyncio.sleep(self._cleaning_s)
            self.events.append("cleaned up")


async def stored(operation: Operation) -> Operation:
    return await operation_rows.in_database(operation_rows.read_operation, operation.id)


async def ended(operation: Operation) -> Operation:
    async with asyncio.timeout(10):
        while (found := await stored(operation)).state == OperationState.RUNNING:
            await asyncio.sleep(0.02)
    return found
