"""Operations of all servers, a page at a time, newest first; each question is answered by an index."""

import heapq
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from servers.models import Operation, OperationState

UNSHOWN = ("output",)  # up to 64 KiB each: a list shows none of it


class Place(NamedTuple):
    """Where a page ends: the last operation on it."""

    started_at: datetime
    id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which operations; None: whatever. ``server_id`` "" stands for those of no single server."""

    state: str | None = None
    server_id: str | None = None
    kind: str | None = None
    started_by: str | None = None


def read_page(wanted: Wanted, *, after: Place | None, limit: int) -> list[Operation]:
    """Return the newest that fit, those behind ``after``."""
    return list(_rows(wanted, after)[:limit])


def read_page_of(
    servers: Iterable[tuple[str, int | None]], wanted: Wanted, *, after: Place | None, limit: int
) -> list[Operation]:
    """Return the same of these servers alone: ids with an incarnation, None for all that had the id.

    One question a server: each walks an index and ends after ``limit`` rows, which no question about all of them does.
    """
    found: list[Operation] = []
    for server_id, incarnation in servers:
        rows = _rows(wanted, after).filter(server_id=server_id)
        found += (rows if incarnation is None else rows.filter(incarnation=incarnation))[:limit]
    return heapq.nlargest(limit, found, key=lambda one: (one.started_at, one.id))


def read_lately(*, since: datetime, also: Iterable[uuid.UUID], limit: int = 200) -> list[Operation]:
    """Return what runs, what began since then (the newest ``limit``), and ``also``."""
    rows = Operation.objects.defer(*UNSHOWN)
    found = {row.pk: row for row in rows.filter(started_at__gte=since)[:limit]}
    found |= {row.pk: row for row in rows.filter(state=OperationState.RUNNING)}
    if others := set(also) - found.keys():
        found |= {row.pk: row for row in rows.filter(pk__in=others)}
    return list(found.values())


def _rows(wanted: Wanted, after: Place | None) -> QuerySet[Operation]:
    asked = {name: value for name, value in vars(wanted).items() if value is not None}
    rows = Operation.objects.filter(**asked).defer(*UNSHOWN).order_by("-started_at", "-id")
    if after is not None:
        rows = rows.filter(started_at__lte=after.started_at)
        rows = rows.exclude(started_at=after.started_at, id__gte=after.id)
    return rows
