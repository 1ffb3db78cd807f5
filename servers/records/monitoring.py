"""What monitoring keeps in the database: notes of containers, figures by the minute. Plain functions and two stores."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Count

from servers.live.metrics.history import FIELDS, MinuteRow
from servers.minecraft.status import ContainerNote, EndCause
from servers.models import MinuteFigures, ObservedContainer, Operation, OperationState, RemovedServer
from servers.records import incarnations
from servers.records.operation_rows import in_database

_NOTE_FIELDS = ["situation", "since", "exit_code", "cause", "ended_at"]
_BATCH = 500


class NoteStore:
    """Container notes that survive a restart of ours."""

    async def load(self) -> dict[str, ContainerNote]:
        return await in_database(load_notes)

    async def save(self, changed: Mapping[str, ContainerNote], gone: Iterable[str]) -> None:
        await in_database(save_notes, changed, list(gone))


class HistoryStore:
    """Figures by the minute."""

    async def save(self, rows: Sequence[MinuteRow]) -> None:
        await in_database(save_minutes, rows)

    async def prune(self, before: datetime) -> None:
        await in_database(prune_minutes, before)


def load_notes() -> dict[str, ContainerNote]:
    """Read all notes, by container id."""
    return {
        row.container_id: ContainerNote(
            row.situation, row.since, row.exit_code, EndCause(row.cause) if row.cause else None, row.ended_at
        )
        for row in ObservedContainer.objects.all()
    }


def save_notes(changed: Mapping[str, ContainerNote], gone: Sequence[str]) -> None:
    """Write what has changed and forget containers that are gone."""
    rows = [
        ObservedContainer(
            container_id=key, situation=note.situation, since=note.since, exit_code=note.exit_code,
            cause=note.cause or "", ended_at=note.ended_at,
        )
        for key, note in changed.items()
    ]
    with transaction.atomic():
        ObservedContainer.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["container_id"], update_fields=_NOTE_FIELDS
        )
        if gone:
            ObservedContainer.objects.filter(pk__in=gone).delete()


def save_minutes(rows: Sequence[MinuteRow]) -> None:
    """Write rows; one that is there already (a minute in which we were restarted) stays."""
    MinuteFigures.objects.bulk_create(
        [
            MinuteFigures(server_id=row.server_id, at=_time(row.minute), **dict(zip(FIELDS, row.values, strict=True)))
            for row in rows
        ],
        batch_size=_BATCH,
        ignore_conflicts=True,
    )


def prune_minutes(before: datetime) -> None:
    """Delete what is older than ``before``."""
    MinuteFigures.objects.filter(at__lt=before).delete()


def read_minutes(server_id: str, field: str, *, start: float, end: float) -> list[tuple[float, float | None]]:
    """Read one figure, oldest first, as (seconds since 1970, value); server "" is the host."""
    rows = MinuteFigures.objects.filter(server_id=server_id, at__gte=_time(start - 60), at__lt=_time(end))
    return [(at.timestamp(), value) for at, value in rows.order_by("at").values_list("at", field)]


def incarnation_began(server_id: str) -> float:
    """Return when the server that has the id now began, in seconds since 1970; 0 for the first one, made by hand.

    That is after the last removal that is known, after the creation by the panel, and, of a later one, when its first
    operation began: what was removed may have been purged since.
    """
    number = incarnations.current(server_id)
    rows = Operation.objects.filter(server_id=server_id, incarnation=number)
    if number == 1:
        rows = rows.filter(kind="create", state=OperationState.SUCCEEDED)
    at = rows.order_by("started_at").values_list("started_at", flat=True).first()
    removed = RemovedServer.objects.filter(server_id=server_id).order_by("-removed_at").first()
    last = removed.removed_at if removed is not None else None
    return max((one.timestamp() for one in (at, last) if one), default=0.0)


def count_operations() -> list[tuple[str, str, int]]:
    """Count the operations that have ended, by kind and result."""
    ended = Operation.objects.exclude(state=OperationState.RUNNING)
    counted = ended.order_by().values_list("kind", "state").annotate(number=Count("pk"))
    return [(kind, state, number) for kind, state, number in counted]


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
