"""Run one operation under its leases: for the API, commands, admin site and schedules alike."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import Error as DatabaseFailed

from core import tasks
from core.errors import AppError, Conflict
from core.redaction import without_login
from servers import wiring
from servers.models import Operation, OperationState
from servers.operations.caller import Caller
from servers.operations.kinds import OperationKind
from servers.operations.progress import Progress
from servers.records import leases, operation_audit, operation_rows
from servers.signals import operation_changed

logger = logging.getLogger(__name__)

LOOK_S = 1.0  # how often a running operation writes its progress and looks whether it shall end
RENEW_S = 10.0
FINISH_AGAIN_S = (0.5, 1.0, 2.0, 4.0, 8.0)  # together less than the leases live
OVERTAKE_S = 60.0  # restic gets 30 s to end, then saving is turned on again
OVERTAKE_LOOK_S = 0.1

Work = Callable[[Progress], Awaitable[Mapping[str, Any] | None]]


class OperationCancelled(Conflict):
    """Somebody cancelled it, or a more urgent operation took its place."""

    code = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Job:
    """What shall be done.

    Attributes:
        kind: its row in the table of kinds.
        server_id: whose lease it takes; empty when it is of no single server.
        work: does it. What it returns (JSON) is the operation's result. Cancelled, it gets a CancelledError;
            its ``finally`` blocks run to their end before anything else may begin.
        by: who asks.
        leases: further keys that it needs (``repository``, ``leases.server_lease(id)``): all or none are taken.
    """

    kind: OperationKind
    work: Work
    by: Caller
    server_id: str = ""
    leases: tuple[str, ...] = ()


async def run(job: Job) -> Operation:
    """Do the job to its end, even if the caller leaves, and return its record.

    Raises:
        Busy: another operation holds a lease that it needs.
        OperationCancelled: somebody ended it.
        AppError: why it failed; the record says so, too.
    """
    return await tasks.run_detached(_run(job))


async def start(job: Job) -> Operation:
    """Begin the job and return its record at once, while it runs on even if the caller leaves; raises Busy."""
    return await tasks.run_detached(_start(job))


async def cancel(operation_id: uuid.UUID, *, by: str) -> Operation:
    """Ask for the end of a running operation, in whatever process, and return its record as it stands.

    Raises:
        OperationNotFound, OperationEnded, CannotCancel.
    """
    await operation_rows.in_database(leases.take_over_dead)
    operation = await operation_rows.in_database(operation_rows.request_cancel, operation_id, by=by)
    _cancel_here(operation_id)
    return operation


def message(operation: Operation) -> str:
    """Say in a sentence what became of the operation."""
    what = f"{operation.kind} of {operation.server_id}" if operation.server_id else operation.kind
    match operation.state:
        case OperationState.SUCCEEDED:
            return f"{what} is done."
        case OperationState.RUNNING:
            return f"{what} has begun."
    return operation.error


_here: dict[uuid.UUID, "_Running"] = {}


class _Running:
    """One operation while this process carries it out."""

    def __init__(self, operation: Operation, work: Work) -> None:
        self.operation = operation
        self.error: BaseException | None = None
        self._work = work
        self._progress = Progress(operation.id, no_return=self._no_return)
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[Mapping[str, Any] | None] | None = None
        self._is_cancelled = False
        self._lease_lost = False
        _here[operation.id] = self

    def cancel(self) -> None:
        """Cancel the work, once: a second time would hit its clean-up."""
        if self._task is not None and not self._is_cancelled:
            self._is_cancelled = True
            self._task.cancel()

    def cancel_threadsafe(self) -> None:
        self._loop.call_soon_threadsafe(self.cancel)

    async def to_its_end(self) -> None:
        """Do the work while the leases are renewed; record its end."""
        self._task = asyncio.create_task(self._do(), name=f"{self.operation.kind} {self.operation.server_id}")
        watching = asyncio.create_task(self._watch(), name=f"leases of {self.operation.id}")
        try:
            await asyncio.wait({self._task})
            await self._refresh_status()  # under the leases: an engine that hangs outlasts their life
        finally:  # cancelled ourselves, the process is ending: the work cleans up first
            await tasks.cancel([watching])
            await tasks.cancel([self._task])
            self._judge(self._task)
            await asyncio.shield(self._end())

    async def _do(self) -> Mapping[str, Any] | None:
        return await self._work(self._progress)

    def _judge(self, task: asyncio.Task[Mapping[str, Any] | None]) -> None:
        operation = self.operation
        operation.warnings = self._progress.warnings
        operation.output, operation.percent = self._progress.text(), self._progress.done_percent
        operation.stage = self._progress.stage[:200]
        amount = self._progress.amount
        operation.bytes_done, operation.bytes_total = amount.bytes_done, amount.bytes_total
        if task.cancelled():
            self._judge_cancelled()
            return
        self.error = task.exception()
        if self.error is None:
            operation.state, operation.result = OperationState.SUCCEEDED, task.result()
        elif isinstance(self.error, AppError):
            operation.state, operation.error = OperationState.FAILED, _words(self.error)
            operation.result = {"code": self.error.code, **self.error.extra}
        else:
            operation.state = OperationState.FAILED
            operation.error = "MC Admin itself failed while this was under way; its log says more."
            logger.error("%s failed", operation, exc_info=self.error)

    def _judge_cancelled(self) -> None:
        operation = self.operation
        if self._is_cancelled and not self._lease_lost:
            operation.state = OperationState.CANCELLED
            operation.error = f"{operation.kind} was cancelled."
        else:
            operation.state = OperationState.INTERRUPTED
            operation.error = "MC Admin ended while this was under way. Look at the server's status and repeat it."
        self.error = OperationCancelled(operation.error)

    async def _refresh_status(self) -> None:
        """Have the status ready before anybody hears that the work is done."""
        try:
            await wiring.live().engine.refresh()
        except AppError as error:  # the status says so by itself
            logger.info("the status after %s is not known yet: %s", self.operation, error)

    async def _end(self) -> None:
        try:
            await self._finish()
        finally:
            _here.pop(self.operation.id, None)
            self._progress.close()
            operation_changed.send(None)
        if self.operation.origin not in {"api", "admin"}:  # over HTTP the request itself is audited
            await operation_rows.in_database(operation_audit.write_down, self.operation)

    async def _finish(self) -> None:
        """Record the end; a database that is away for a moment must not make an interruption of it."""
        for pause_s in FINISH_AGAIN_S:
            try:
                await operation_rows.in_database(operation_rows.finish, self.operation)
            except DatabaseFailed:
                logger.exception("%s: its end could not be recorded, it is tried again", self.operation)
                await asyncio.sleep(pause_s)
            else:
                return
        await operation_rows.in_database(operation_rows.finish, self.operation)

    async def _watch(self) -> None:
        """Write the progress, look for a request to cancel, renew the leases; end the work when they are lost."""
        renewed = self._loop.time()
        written: dict[str, Any] | None = None
        while True:
            await asyncio.sleep(LOOK_S)
            asked = self._loop.time()
            life_s = leases.LEASE_LIFE.total_seconds()
            try:
                async with asyncio.timeout_at(max(renewed + life_s, asked + LOOK_S)):  # it may hang, too
                    written = await self._write(written)
                    if await operation_rows.in_database(operation_rows.is_cancel_wanted, self.operation.id):
                        self.cancel()
                    if asked - renewed >= RENEW_S:
                        asked = self._loop.time()  # the new life counts from before the database was asked
                        kept = await operation_rows.in_database(leases.renew, self.operation.id)
                        renewed = asked if kept else float("-inf")
            except (DatabaseFailed, TimeoutError):  # locked, full or started anew: it may pass in time
                logger.exception("%s: its record could not be written", self.operation)
            if self._loop.time() - renewed >= life_s:
                self._lease_lost = True
                self.cancel()

    async def _write(self, written: dict[str, Any] | None) -> dict[str, Any]:
        progress = self._progress
        said = {
            "output": progress.text(), "percent": progress.done_percent, "stage": progress.stage,
            **asdict(progress.amount),
        }
        if said != written:
            await operation_rows.in_database(operation_rows.note_progress, self.operation.id, **said)
        return said

    async def _no_return(self) -> None:
        if not await operation_rows.in_database(operation_rows.pass_point_of_no_return, self.operation.id):
            self._is_cancelled = True
            raise asyncio.CancelledError


async def _start(job: Job) -> Operation:
    running = await _begin(job)
    tasks.start(running.to_its_end())
    return running.operation


async def _run(job: Job) -> Operation:
    running = await _begin(job)
    await running.to_its_end()
    if running.error is not None:
        raise running.error
    return running.operation


async def _begin(job: Job) -> _Running:
    """Take the leases, overtaking what may be overtaken."""
    keys = [*job.leases, *([leases.server_lease(job.server_id)] if job.server_id else [])]
    loop = asyncio.get_running_loop()
    last = loop.time() + OVERTAKE_S
    while True:
        operation = Operation(
            server_id=job.server_id, kind=job.kind.name, started_by=job.by.username[:50], origin=job.by.origin,
            can_cancel=job.kind.can_cancel, started_at=datetime.now(UTC),
        )
        try:
            begun = await operation_rows.in_database(leases.acquire, operation, keys=keys)
        except leases.Held as held:
            if held.operation.kind not in job.kind.overtakes or loop.time() > last:
                raise
            await _make_way(held.operation, by=f"{job.kind.name} by {job.by.username}")
        else:
            running = _Running(begun, job.work)
            operation_changed.send(None)
            return running
        await asyncio.sleep(OVERTAKE_LOOK_S)


async def _make_way(operation: Operation, *, by: str) -> None:
    with suppress(operation_rows.OperationEnded):
        await operation_rows.in_database(operation_rows.request_cancel, operation.id, by=by[:50], overtaking=True)
    _cancel_here(operation.id)


def _cancel_here(operation_id: uuid.UUID) -> None:
    if (running := _here.get(operation_id)) is not None:
        running.cancel_threadsafe()


def _words(error: AppError) -> str:
    """Return what the record says of an error: all who may see the server read it, so it names no other one."""
    return without_login(error.words_without_name or str(error))
