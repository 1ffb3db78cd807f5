"""Operations in the database: plain functions, and the one way to call them from a coroutine."""

import asyncio
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db import connections, transaction

from core.errors import Conflict, NotFound
from servers.models import Lease, Operation, OperationState

T = TypeVar("T")

# A thread of our own: asgiref's belongs to the request, and an operation outlives its request.
_database = ThreadPoolExecutor(max_workers=1, thread_name_prefix="operations")


class OperationNotFound(NotFound):
    """No operation has that id."""

    code = "operation_not_found"


class OperationEnded(Conflict):
    """It is over, so it can no longer be cancelled."""

    code = "operation_ended"


class CannotCancel(Conflict):
    """The operation, or its present stage, runs to its end."""

    code = "cannot_cancel"


async def in_database(work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Run a function that touches the database in a thread, and close its connection after."""

    def call() -> T:
        try:
            return work(*args, **kwargs)
        finally:
            connections.close_all()

    return await asyncio.get_running_loop().run_in_executor(_database, call)


def finish(operation: Operation) -> None:
    """Record how the operation ended and give its leases back; one that was taken over stays as it is."""
    with transaction.atomic():
        operation.finished_at = datetime.now(UTC)
        Operation.objects.filter(pk=operation.pk, state=OperationState.RUNNING).update(
            state=operation.state,
            finished_at=operation.finished_at,
            output=operation.output,
            percent=operation.percent,
            stage=operation.stage,
            bytes_done=operation.bytes_done,
            bytes_total=operation.bytes_total,
            eta_seconds=None,
            error=operation.error,
            warnings=operation.warnings,
            result=operation.result,
        )
        Lease.objects.filter(operation=operation).delete()


def note_progress(
    operation_id: uuid.UUID, *, output: str, percent: float | None, stage: str, **amount: int | None
) -> None:
    """Keep what the operation has said so far; ``amount``: ``bytes_done``, ``bytes_total``, ``eta_seconds``."""
    Operation.objects.filter(pk=operation_id).update(output=output, percent=percent, stage=stage[:200], **amount)


def request_cancel(operation_id: uuid.UUID, *, by: str, overtaking: bool = False) -> Operation:
    """Ask for the end of a running operation, whatever process it runs in.

    Args:
        operation_id: which.
        by: who asks; the first one is recorded.
        overtaking: it makes way for another operation, so that ``can_cancel`` does not count.

    Raises:
        OperationNotFound, OperationEnded, CannotCancel.
    """
    running = Operation.objects.filter(pk=operation_id, state=OperationState.RUNNING)
    if not overtaking:
        running = running.filter(can_cancel=True)
    changed = running.filter(cancelled_by="").update(cancelled_by=by)
    operation = read_operation(operation_id)
    if operation.state != OperationState.RUNNING:
        raise OperationEnded(f"This {operation.kind} is over ({operation.state}), so there is nothing to cancel.")
    if not changed and not operation.cancelled_by:
        raise CannotCancel(f"A {operation.kind} at this stage runs to its end. Wait for it.")
    return operation


def is_cancel_wanted(operation_id: uuid.UUID) -> bool:
    """Tell whether somebody, in any process, has asked for the operation's end."""
    return Operation.objects.filter(pk=operation_id).exclude(cancelled_by="").exists()


def pass_point_of_no_return(operation_id: uuid.UUID) -> bool:
    """Refuse cancelling from now on; False when it was asked for already."""
    rows = Operation.objects.filter(pk=operation_id, cancelled_by="")
    return bool(rows.update(can_cancel=False))


def read_operation(operation_id: uuid.UUID) -> Operation:
    """Read one operation; raises OperationNotFound."""
    found = Operation.objects.filter(pk=operation_id).first()
    if found is None:
        raise OperationNotFound("There is no operation with this id.")
    return found


def last_created(server_id: str) -> Operation | None:
    """Return the operation that created the server, where we did."""
    done = Operation.objects.filter(server_id=server_id, kind="create", state=OperationState.SUCCEEDED)
    return done.first()


def list_operations(
    server_id: str, *, before: datetime | None, limit: int, incarnation: int | None = None
) -> list[Operation]:
    """List a server's operations, newest first, those that began before ``before``; None: of all incarnations."""
    rows = Operation.objects.filter(server_id=server_id)
    if incarnation is not None:
        rows = rows.filter(incarnation=incarnation)
    if before is not None:
        rows = rows.filter(started_at__lt=before)
    return list(rows[:limit])
