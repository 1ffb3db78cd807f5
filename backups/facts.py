"""Whether a game's saving is off, and for which operation: rows that outlive us. Plain functions on the database."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from backups.models import SavingOff
from servers.docker.container import Container

GUARD_LIFE = timedelta(seconds=30)  # longer than the guard ever takes for one server


@dataclass(frozen=True, slots=True)
class Fact:
    """Saving is off on a server for an operation, in the container that was running then."""

    server_id: str
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


def store(server_id: str, operation_id: uuid.UUID, container: Container) -> bool:
    """Write that saving is about to be off; False while the guard is at work on the server: ask again."""
    now = datetime.now(UTC)
    with transaction.atomic():
        held = SavingOff.objects.select_for_update().filter(pk=server_id).first()
        if held is not None and held.guarded_until is not None and held.guarded_until > now:
            return False
        SavingOff.objects.update_or_create(
            pk=server_id,
            defaults={
                "operation_id": operation_id, "container_id": container.id, "since": now, "guarded_until": None,
                "container_started_at": container.started_at,
            },
        )  # fmt: skip
    return True


def clear(server_id: str, operation_id: uuid.UUID) -> None:
    """Write that saving is on again, unless another operation has turned it off since."""
    SavingOff.objects.filter(pk=server_id, operation_id=operation_id).delete()


def leave_claim(server_id: str, operation_id: uuid.UUID) -> None:
    """Write that saving is on, but the operation's snapshot still claims more than it holds: the guard lowers it."""
    SavingOff.objects.filter(pk=server_id, operation_id=operation_id).update(container_id="")


def read_all() -> list[Fact]:
    """List the servers whose saving is off."""
    return [
        Fact(row.server_id, row.operation_id, row.container_id, row.container_started_at, row.since)
        for row in SavingOff.objects.all()
    ]


def take_guard(server_id: str, operation_id: uuid.UUID) -> bool:
    """Keep new backups of the server from turning saving off for a while; False when one already has."""
    now = datetime.now(UTC)
    mine = SavingOff.objects.filter(pk=server_id, operation_id=operation_id)
    free = mine.filter(Q(guarded_until=None) | Q(guarded_until__lte=now))
    return bool(free.update(guarded_until=now + GUARD_LIFE))


def leave_guard(server_id: str, operation_id: uuid.UUID) -> None:
    """Let backups go on though saving could not be turned on."""
    SavingOff.objects.filter(pk=server_id, operation_id=operation_id).update(guarded_until=None)
