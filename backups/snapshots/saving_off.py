"""Whether a game's saving is off, and for which operation: rows that outlive us. Plain functions on the database."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from backups.models import SavingOff
from servers.docker.container import Container

Key = tuple[str, str]  # a game: its server, and its service where the server has several
GUARD_LIFE = timedelta(seconds=30)  # longer than the guard ever takes for one server


@dataclass(frozen=True, slots=True)
class SavingOffRecord:
    """Saving is off in a game for an operation, in the container that was running then.

    ``service`` is the game's; "" where its server has no other.
    """

    server_id: str
    service: str
    operation_id: uuid.UUID
    container_id: str
    container_started_at: datetime | None
    since: datetime

    def is_of(self, container: Container | None) -> bool:
        """Whether ``container`` is the one whose saving is off, and runs still: a start turns saving on by itself."""
        return (
            container is not None
            and container.is_running
            and (container.id, container.started_at) == (self.container_id, self.container_started_at)
        )


def store(key: Key, operation_id: uuid.UUID, container: Container) -> SavingOffRecord | None:
    """Write that saving is about to be off; None while the guard is at work on the game: ask again."""
    server_id, service = key
    now = datetime.now(UTC)
    with transaction.atomic():
        held = SavingOff.objects.select_for_update().filter(server_id=server_id, service=service).first()
        if held is not None and held.guarded_until is not None and held.guarded_until > now:
            return None
        row, _ = SavingOff.objects.update_or_create(
            server_id=server_id, service=service,
            defaults={
                "operation_id": operation_id, "container_id": container.id, "since": now, "guarded_until": None,
                "container_started_at": container.started_at,
            },
        )
    return _record(row)


def clear(record: SavingOffRecord) -> None:
    """Write that saving is on again, unless another operation has turned it off since."""
    _rows(record).delete()


def leave_claim(record: SavingOffRecord) -> None:
    """Write that saving is on, but the operation's snapshot still claims more than it holds: the guard lowers it."""
    _rows(record).update(container_id="")


def read_all() -> list[SavingOffRecord]:
    """List the games whose saving is off."""
    return [_record(row) for row in SavingOff.objects.all()]


def take_guard(record: SavingOffRecord) -> bool:
    """Keep new backups of the game from turning saving off for a while; False when one already has."""
    now = datetime.now(UTC)
    free = _rows(record).filter(Q(guarded_until=None) | Q(guarded_until__lte=now))
    return bool(free.update(guarded_until=now + GUARD_LIFE))


def leave_guard(record: SavingOffRecord) -> None:
    """Let backups go on though saving could not be turned on."""
    _rows(record).update(guarded_until=None)


def _rows(record: SavingOffRecord) -> QuerySet[SavingOff]:
    return SavingOff.objects.filter(
        server_id=record.server_id, service=record.service, operation_id=record.operation_id
    )


def _record(row: SavingOff) -> SavingOffRecord:
    return SavingOffRecord(
        row.server_id, row.service, row.operation_id, row.container_id, row.container_started_at, row.since
    )
