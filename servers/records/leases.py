"""Who may change what now: rows with a lease, so that every process of the panel sees them."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

from django.db import IntegrityError, transaction

from core import process_identity
from core.locks import Busy
from servers.models import Lease, Operation, OperationState
from servers.records import incarnations, operation_audit

LEASE_LIFE = timedelta(seconds=30)


class Held(Busy):
    """Another operation holds a lease that is wanted; it is in ``operation``."""

    def __init__(self, lease: Lease) -> None:
        self.operation = lease.operation
        what = lease.key.partition(":")[2] or f"The {lease.key}"
        super().__init__(
            f"{what} is busy: {self.operation.kind}, started by {self.operation.started_by} at "
            f"{self.operation.started_at:%H:%M:%S} UTC. Try again when it is done."
        )
        self.named_server = self.operation.server_id
        self.words_without_name = "Something of this is busy. Try again in a moment."


def server_lease(server_id: str) -> str:
    """Return the key of the lease on one server."""
    return f"server:{server_id}"


def acquire(operation: Operation, *, keys: Iterable[str]) -> Operation:
    """Take all of ``keys`` or none, and record the operation as running; without any it gets one of its own.

    Raises:
        Held: another operation holds one of them; says what, who and since when.
    """
    wanted = sorted(set(keys)) or [f"operation:{operation.pk}"]
    try:
        with transaction.atomic():
            _free(wanted)
            operation.incarnation = incarnations.current(operation.server_id)
            operation.save(force_insert=True)
            Lease.objects.bulk_create(_lease(operation, key) for key in wanted)
    except IntegrityError:  # another process was faster, where the database lets two transactions begin
        with transaction.atomic():
            _free(wanted)
        raise Busy("Another operation has just begun on this. Try again when it is done.") from None
    return operation


def renew(operation_id: uuid.UUID) -> bool:
    """Keep an operation's leases; False when they were taken over, so that it must end at once."""
    return bool(Lease.objects.filter(operation_id=operation_id).update(expires_at=_now() + LEASE_LIFE))


def take_over_dead() -> list[str]:
    """Mark the operations of dead processes as interrupted and free what they held.

    Returns:
        A sentence for each.
    """
    told = {}
    with transaction.atomic():
        for lease in Lease.objects.select_related("operation").select_for_update():
            if _is_over(lease):
                told[lease.operation_id] = f"{lease.operation.kind} of {_subject(lease)} was interrupted."
                _interrupt(lease)
    return list(told.values())


def busy() -> dict[str, Operation]:
    """Return which leases are held now, by key."""
    leases = Lease.objects.select_related("operation")
    return {lease.key: lease.operation for lease in leases if not _is_over(lease)}


def _free(keys: list[str]) -> None:
    """Take over what dead processes hold of ``keys``; raises Held for what a living one holds."""
    for lease in Lease.objects.select_for_update().select_related("operation").filter(pk__in=keys).order_by("pk"):
        if not _is_over(lease):
            raise Held(lease)
        _interrupt(lease)


def _interrupt(lease: Lease) -> None:
    """Record the end, and write it down: the request, shell or schedule that would have done so ended, too."""
    changed = Operation.objects.filter(pk=lease.operation_id, state=OperationState.RUNNING).update(
        state=OperationState.INTERRUPTED,
        finished_at=_now(),
        error="MC Admin ended while this was under way. Look at the server's status and repeat it if needed.",
    )
    Lease.objects.filter(operation_id=lease.operation_id).delete()
    if changed:
        lease.operation.refresh_from_db()
        transaction.on_commit(partial(operation_audit.write_down, lease.operation))


def _lease(operation: Operation, key: str) -> Lease:
    return Lease(key=key, operation=operation, owner=process_identity.this_process(), expires_at=_now() + LEASE_LIFE)


def _subject(lease: Lease) -> str:
    return lease.operation.server_id or lease.key


def _is_over(lease: Lease) -> bool:
    return lease.expires_at <= _now() or process_identity.is_dead(lease.owner)


def _now() -> datetime:
    return datetime.now(UTC)
