"""Which of the servers that had an id one after the other it is now: plain functions on the database."""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import transaction

from accounts.rights import grants
from core.errors import NotFound
from servers.models import Incarnation, Operation, RemovedServer


class RemovedNotFound(NotFound):
    """Nothing below ``.removed/`` has that name."""

    code = "removed_not_found"


def current(server_id: str) -> int:
    """Return the number that what happens to the server now is recorded under."""
    row = Incarnation.objects.filter(pk=server_id).first()
    return row.number if row is not None else 1


def currents(server_ids: Iterable[str]) -> dict[str, int]:
    """Return the same of several servers, by one question."""
    wanted = list(server_ids)
    rows = Incarnation.objects.filter(number__gt=1).values_list("server_id", "number")
    return dict.fromkeys(wanted, 1) | {server_id: number for server_id, number in rows if server_id in set(wanted)}


def hold(server_ids: Iterable[str]) -> dict[str, int]:
    """Return the same, which stays so until the end of the transaction: who begins another one waits for it."""
    wanted = set(server_ids)
    if not wanted:
        return {}
    Incarnation.objects.bulk_create([Incarnation(server_id=one) for one in sorted(wanted)], ignore_conflicts=True)
    rows = Incarnation.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    return dict(rows.values_list("server_id", "number"))


def begin(server_id: str) -> int:
    """Begin a new one after a removal: a server created for the first time stays number 1.

    What anybody was given on an earlier server of that id, however it went, does not count on this one.
    """
    with transaction.atomic():
        row = Incarnation.objects.select_for_update().filter(pk=server_id).first()
        if row is None:
            had_one = Operation.objects.filter(server_id=server_id, state="succeeded").exists()
            row = Incarnation(server_id=server_id, highest=1 if had_one else 0)
        row.highest = max(row.highest, grants.highest_incarnation(server_id)) + 1
        row.number = row.highest
        row.save()
        Operation.objects.filter(server_id=server_id, state="running").update(incarnation=row.number)
        grants.server_is(server_id, row.number)
        return row.number


def note_removed(server_id: str, *, removed_as: str, by: str) -> None:
    """Remember what was moved to ``.removed/``."""
    with transaction.atomic():
        Incarnation.objects.get_or_create(server_id=server_id)
        RemovedServer.objects.create(
            removed_as=removed_as,
            server_id=server_id,
            incarnation=current(server_id),
            removed_at=datetime.now(UTC),
            removed_by=by,
        )
        grants.server_is(server_id, None)


def removers(names: Iterable[str]) -> dict[str, str]:
    """Return who removed what, by name below ``.removed/``; without those that nobody remembers."""
    wanted = set(names)
    return {name: by for name, by in RemovedServer.objects.values_list("removed_as", "removed_by") if name in wanted}


def note_restored(removed_as: str, *, server_id: str) -> None:
    """Let the server that comes back go on with the number that it had; done again it does the same."""
    with transaction.atomic():
        row = RemovedServer.objects.filter(pk=removed_as).first()
        if row is not None:
            Incarnation.objects.update_or_create(server_id=server_id, defaults={"number": row.incarnation})
            Operation.objects.filter(server_id=server_id, state="running").update(incarnation=row.incarnation)
            grants.server_is(server_id, row.incarnation)


def forget_removed(removed_as: str) -> None:
    """Forget what is not below ``.removed/`` any more: it came back, or is gone for good."""
    RemovedServer.objects.filter(pk=removed_as).delete()
