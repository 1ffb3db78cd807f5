"""How well each server is backed up: for people, for the metrics, for the doctor."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backups.creation import KIND
from backups.models import Drill, SavingOff
from backups.restic.labels import Saved, Scope
from backups.restic.snapshot import ResticSnapshot
from servers.models import Operation, OperationState

LATE = timedelta(hours=26)  # a daily backup that was missed once


@dataclass(frozen=True, slots=True)
class ServerHealth:
    """One server; each field None where there is nothing to tell."""

    server_id: str
    last_good: str | None
    last_good_at: datetime | None
    age_seconds: float | None
    saved: Saved | None
    last_failure_at: datetime | None
    last_failure: str | None
    last_drill_at: datetime | None
    last_drill_passed: bool | None
    saving_is_off_since: datetime | None


def read_health(names: Iterable[str], snapshots: Iterable[ResticSnapshot]) -> list[ServerHealth]:
    """Judge each server by ``snapshots`` (oldest first) and by the database."""
    found = list(snapshots)
    off = {row.server_id: row.since for row in SavingOff.objects.exclude(container_id="")}
    return [_of(name, last_good(name, found), off.get(name)) for name in names]


def last_good(server_id: str, snapshots: Iterable[ResticSnapshot]) -> ResticSnapshot | None:
    """Return the newest whole snapshot that holds all of a server."""
    good = None
    for one in snapshots:
        level = one.labels.level_of(server_id)
        if level is not None and level.is_consistent and one.labels.scope is not Scope.PATH:
            good = one
    return good


def _of(name: str, good: ResticSnapshot | None, off_since: datetime | None) -> ServerHealth:
    failed = Operation.objects.filter(kind=KIND, server_id__in=[name, ""], state=OperationState.FAILED).first()
    drill = Drill.objects.filter(server_id=name).first()
    return ServerHealth(
        server_id=name,
        last_good=good.id if good else None,
        last_good_at=good.time if good else None,
        age_seconds=(datetime.now(UTC) - good.time).total_seconds() if good else None,
        saved=good.labels.level_of(name) if good else None,
        last_failure_at=failed.finished_at if failed else None,
        last_failure=failed.error if failed else None,
        last_drill_at=drill.at if drill else None,
        last_drill_passed=drill.passed if drill else None,
        saving_is_off_since=off_since,
    )
