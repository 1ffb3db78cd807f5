"""Operations and leases in the database: plain functions, and the one way to call them from a coroutine."""

import asyncio
import os
import socket
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import psutil
from django.db import connections, transaction

from mcadmin.core.locks import Busy
from servers.models import Operation, OperationState, ServerLease

LEASE_LIFE = timedelta(seconds=30)
T = TypeVar("T")

# A thread of our own: asgiref's belongs to the request, and an operation outlives its request.
_database = ThreadPoolExecutor(max_workers=1, thread_name_prefix="operations")


async def in_database(work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Run a function that touches the database in a thread, and close its connection after."""

    def call() -> T:
        try:
            return work(*args, **kwargs)
        finally:
            connections.close_all()

    return await asyncio.get_running_loop().run_in_executor(_database, call)


def this_process() -> str:
    """Name this process so that another on the same host can tell whether it still lives."""
    return f"{socket.gethostname()}:{os.getpid()}:{psutil.Process().create_time():.2f}"


def begin(server_id: str, kind: str, *, started_by: str, origin: str) -> Operation:
    """Take the server's lease and record a running operation.

    Raises:
        Busy: another operation holds the lease; says what, who and since when.
    """
    now = datetime.now(UTC)
    with transaction.atomic():
        lease = ServerLease.objects.select_for_update().select_related("operation").filter(pk=server_id).first()
        if lease is not None:
            if lease.expires_at > now and not _is_dead(lease.owner):
                held = lease.operation
                raise Busy(
                    f"{server_id} is busy: {held.kind}, started by {held.started_by} at "
                    f"{held.started_at:%H:%M:%S} UTC. Try again when it is done."
                )
            _interrupt(lease, now)
        operation = Operation.objects.create(
            server_id=server_id, kind=kind, started_by=started_by, origin=origin, started_at=now
        )
        ServerLease.objects.create(
            server_id=server_id, operation=operation, owner=this_process(), expires_at=now + LEASE_LIFE
        )
    return operation


def renew(operation_id: uuid.UUID, output: str) -> None:
    """Keep the lease, and the output so far, while the operation runs."""
    ServerLease.objects.filter(operation_id=operation_id).update(expires_at=datetime.now(UTC) + LEASE_LIFE)
    Operation.objects.filter(pk=operation_id).update(output=output)


def finish(operation: Operation) -> None:
    """Record how the operation ended and give its lease back."""
    with transaction.atomic():
        operation.finished_at = datetime.now(UTC)
        operation.save()
        ServerLease.objects.filter(operation=operation).delete()


def take_over_dead() -> list[str]:
    """Mark the operations of dead processes as interrupted and free their servers.

    Returns:
        A sentence for each.
    """
    now = datetime.now(UTC)
    told = []
    for lease in ServerLease.objects.select_related("operation"):
        if lease.expires_at <= now or _is_dead(lease.owner):
            told.append(f"{lease.operation.kind} of {lease.server_id} was interrupted.")
            _interrupt(lease, now)
    return told


def read_operation(operation_id: uuid.UUID) -> Operation | None:
    """Read one operation, or None."""
    return Operation.objects.filter(pk=operation_id).first()


def list_operations(server_id: str, *, before: datetime | None, limit: int) -> list[Operation]:
    """List a server's operations, newest first, those that began before ``before``."""
    rows = Operation.objects.filter(server_id=server_id)
    if before is not None:
        rows = rows.filter(started_at__lt=before)
    return list(rows[:limit])


def _interrupt(lease: ServerLease, now: datetime) -> None:
    Operation.objects.filter(pk=lease.operation_id, state=OperationState.RUNNING).update(
        state=OperationState.INTERRUPTED,
        finished_at=now,
        error="MC Admin ended while this was under way. Look at the server's status and repeat it if needed.",
    )
    lease.delete()


def _is_dead(owner: str) -> bool:
    """Tell whether the process that holds a lease is surely gone; of another host nobody knows."""
    host, pid, started = owner.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    try:
        return abs(psutil.Process(int(pid)).create_time() - float(started)) > 1  # the pid may be another's now
    except psutil.NoSuchProcess:
        return True
