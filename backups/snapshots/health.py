"""How well each server is backed up: for people, for the metrics, for the doctor.

Snapshots of other panels in the same repository count for nothing here, nor do those dated ahead of the clock, nor
those that lost what earlier ones hold. What happened to an earlier server of the same id says nothing of this one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from backups import wiring
from backups.models import Drill, MadeSnapshot, SavingOff
from backups.restic.labels import Saved, Scope
from backups.restic.retention import is_ahead
from backups.restic.snapshot import ResticSnapshot
from backups.snapshots.create import KIND
from servers.models import Operation, OperationState
from servers.records import monitoring

MAX_WARNINGS = 3  # of one snapshot's files
LATE = timedelta(hours=26)  # a daily backup that was missed once


@dataclass(frozen=True, slots=True)
class ServerHealth:
    """One server; each field None where there is nothing to tell.

    ``last_drill_passed``: None, too, where no drill ever had a world to look at; one without takes nothing away.
    ``warnings``: sentences on its snapshots as they are now, such as a world that the newest one does not hold.
    """

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
    warnings: list[str]


def read_health(
    names: Iterable[str], snapshots: Iterable[ResticSnapshot], *, sees_all: bool = True
) -> list[ServerHealth]:
    """Judge each server by ``snapshots`` (oldest first) and by the database.

    For who does not see all servers, it tells of a snapshot of everything only that there was one, or that it failed.
    """
    found = _own(snapshots)
    began = {name: datetime.fromtimestamp(monitoring.incarnation_began(name), UTC) for name in names}
    good = read_good(found, began=began)
    off = {row.server_id: row.since for row in SavingOff.objects.exclude(container_id="")}
    told = []
    for name, since in began.items():
        warnings = _warnings(name, [one for one in found if one.time >= since])
        saving_off = off[name] if name in off and off[name] >= since else None
        told.append(_of(name, since, good.get(name), saving_off, warnings))
    return told if sees_all else [_without_others(one, good.get(one.server_id)) for one in told]


def _without_others(health: ServerHealth, good: ResticSnapshot | None) -> ServerHealth:
    is_global = good is not None and good.labels.server_id is None
    own = Operation.objects.filter(kind=KIND.name, server_id=health.server_id, state=OperationState.FAILED).first()
    failure = health.last_failure and "A snapshot failed."
    if own is not None and own.finished_at == health.last_failure_at:
        failure = own.error
    return replace(health, last_good=None if is_global else health.last_good, last_failure=failure)


def read_good(
    snapshots: Iterable[ResticSnapshot], *, began: Mapping[str, datetime] | None = None
) -> dict[str, ResticSnapshot]:
    """Return the newest whole snapshot that holds all of a server, by server. Uses the database.

    Args:
        snapshots: oldest first.
        began: when each server began; what is older is of an earlier one of its id, and does not count.
    """
    found: dict[str, ResticSnapshot] = {}
    lost = dict(MadeSnapshot.objects.exclude(lost=[]).values_list("snapshot_id", "lost"))
    now = datetime.now(UTC)
    for one in _own(snapshots):
        if one.labels.scope is Scope.PATH or is_ahead(one.time, now):
            continue
        for server in one.labels.servers:
            level = one.labels.level_of(server)
            if began is not None and server in began and one.time < began[server]:
                continue
            if level is not None and level.is_consistent and not _of_server(server, lost.get(one.first_id, [])):
                found[server] = one
    return found


def ahead(snapshots: Iterable[ResticSnapshot]) -> list[str]:
    """Say of which snapshots of this panel the date is ahead of the clock; one sentence, or none. Uses the database."""
    now = datetime.now(UTC)
    found = [one for one in _own(snapshots) if is_ahead(one.time, now)]
    if not found:
        return []
    what = "1 snapshot is" if len(found) == 1 else f"{len(found)} snapshots are"
    newest = found[-1]
    sentence = (
        f"{what} dated ahead of this machine's clock ({newest.short_id}: {newest.time:%Y-%m-%d}). They count for no "
        "policy and never as the last good one. See that the clock is right; an owner deletes those not needed."
    )
    return [sentence]


def _own(snapshots: Iterable[ResticSnapshot]) -> list[ResticSnapshot]:
    own = wiring.instance_id()
    return [one for one in snapshots if one.labels.instance == own]


def _warnings(server_id: str, own: list[ResticSnapshot]) -> list[str]:
    """Say what is wrong with a server's snapshots: dates ahead, and what its newest one lost or could not read."""
    of_it = [one for one in own if server_id in one.labels.servers]
    told = ahead(of_it)
    whole = [one for one in of_it if one.labels.scope is not Scope.PATH and not is_ahead(one.time, datetime.now(UTC))]
    made = MadeSnapshot.objects.filter(pk=whole[-1].first_id).first() if whole else None
    if made is None:
        return told
    others = tuple(f"{one}:" for one in whole[-1].labels.servers if one != server_id)
    holes = [one for one in made.warnings if not one.startswith(others)]
    return [*told, *_of_server(server_id, [*made.lost, *made.notes]), *holes[:MAX_WARNINGS]]


def _of_server(server_id: str, sentences: list[str]) -> list[str]:
    """Return those about one server: a snapshot of everything holds others beside it."""
    return [one for one in sentences if one.startswith(f"{server_id}:")]


def _of(
    name: str, began: datetime, good: ResticSnapshot | None, off_since: datetime | None, warnings: list[str]
) -> ServerHealth:
    failures = Operation.objects.filter(kind=KIND.name, server_id__in=[name, ""], state=OperationState.FAILED)
    failed = failures.filter(finished_at__gte=began).first()
    drills = Drill.objects.filter(server_id=name, at__gte=began)
    drill = drills.exclude(passed=None).first() or drills.first()
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
        warnings=warnings,
    )
