"""What somebody should look at: one function a matter, from memory and database; for the admin site and the API.

Only the list of snapshots is read from the repository, once a minute at most, as everywhere.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum, auto
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.identity import Identity
from accounts.rights.loading import rights_of
from accounts.rights.rights import Rights
from audit import recorder
from backups import wiring as backups_wiring
from backups.models import SavingOff
from backups.repository import placement
from backups.snapshots import health, known
from backups.snapshots.health import LATE
from core.errors import AppError
from core.paths import disk_space
from servers import wiring
from servers.api.items import items_for
from servers.live.metrics import backup_metrics
from servers.minecraft.status import MCServerStatus
from servers.models import Operation, OperationState
from servers.records import incarnations
from web.admin_base import long, size

FAILED_WITHIN = timedelta(days=2)
REPOSITORY_TIMEOUT_S = 5.0
LITTLE_SHARE, NO_SHARE = 0.10, 0.03


class Code(StrEnum):
    """What is the matter: never changes, for those who word it themselves."""

    ENGINE_AWAY = "engine_away"
    SERVER_PROBLEM = "server_problem"
    SERVER_DOWN = "server_down"
    SERVER_UNWELL = "server_unwell"
    SAVING_OFF = "saving_off"
    NO_REPOSITORY = "no_repository"
    REPOSITORY_WARNING = "repository_warning"
    REPOSITORY_SAME_DISK = "repository_same_disk"
    REPOSITORY_UNREAD = "repository_unread"
    SNAPSHOT_WARNING = "snapshot_warning"
    NO_BACKUP = "no_backup"
    BACKUP_LATE = "backup_late"
    DISK_LOW = "disk_low"
    OPERATION_FAILED = "operation_failed"
    AUDIT_LOST = "audit_lost"


class Look(StrEnum):
    """Where a matter is looked at."""

    SERVER = "open_server"
    OPERATION = "open_operation"
    SNAPSHOTS = "open_snapshots"
    SYSTEM = "open_system"


class For(Enum):
    """Who hears of a matter that is of no server."""

    ALL = auto()
    EVERYTHING = auto()
    OWNER = auto()


@dataclass(frozen=True, kw_only=True)
class Item:
    """One matter.

    Attributes:
        tone: bad, warn or info.
        code, params: the same as ``sentence``, for another language.
        server_id: whose it is; empty: of none, then ``whose`` says who hears of it.
        since: when it began, where that is known.
        action: where to look.
        operation: the id of the operation that it is about.
    """

    tone: str
    code: Code
    sentence: str
    params: Mapping[str, str | int | None] = field(default_factory=dict)
    advice: str = ""
    server_id: str = ""
    since: datetime | None = None
    action: Look
    operation: str = ""
    whose: For = For.EVERYTHING


Server = Mapping[str, Any]
Looking = Callable[[Sequence[Server]], Iterator[Item]]


@dataclass(frozen=True, kw_only=True)
class LastBackups:
    """When each server was last backed up well, by the repository itself; ``problem``: why nobody can tell.

    ``warnings``: what is wrong with a server's newest snapshots.
    """

    at: Mapping[str, datetime] = field(default_factory=dict)
    warnings: Mapping[str, list[str]] = field(default_factory=dict)
    problem: str = ""


def read_last_backups(servers: Sequence[Server]) -> LastBackups:
    """Ask the repository, or what was read of it within the last minute; as ``/snapshots/health`` does."""
    if not backups_wiring.is_configured():
        return LastBackups()
    try:
        found = known.read_soon(timeout_s=REPOSITORY_TIMEOUT_S)
    except AppError as error:
        return LastBackups(problem=str(error))
    judged = health.read_health([server["id"] for server in servers], found)
    return LastBackups(
        at={one.server_id: one.last_good_at for one in judged if one.last_good_at is not None},
        warnings={one.server_id: one.warnings for one in judged},
    )


def collect(servers: Sequence[Server], backups: LastBackups | None = None) -> list[Item]:
    """Return everything that needs attention, the worst first. ``servers``: items as the API shows them."""
    found = [item for look in LOOKS for item in look(servers)]
    found += _backups(servers, backups or read_last_backups(servers))
    return sorted(found, key=lambda item: ["bad", "warn", "info"].index(item.tone))


def for_rights_of(user: Identity) -> list[Item]:
    """Return what needs attention and exists for ``user``, in sentences that name no server which does not."""
    rights = rights_of(user)
    servers = items_for(user)
    mine = {server["id"] for server in servers}
    return [item for item in collect(servers) if _is_for(item, rights, mine)]


def _is_for(item: Item, rights: Rights, mine: Container[str]) -> bool:
    if item.server_id:
        return rights.has_everything or item.server_id in mine
    match item.whose:
        case For.ALL:
            return True
        case For.OWNER:
            return rights.is_owner
    return rights.has_everything


def _engine(_: Sequence[Server]) -> Iterator[Item]:
    snapshot = wiring.live().engine.snapshot
    if not snapshot.reachable:
        said = snapshot.problem or "The Docker engine cannot be reached."
        advice = "Status and operations come back by themselves with it; files and backups work meanwhile."
        yield Item(
            tone="bad", code=Code.ENGINE_AWAY, params={"problem": said}, sentence=said, advice=advice,
            action=Look.SYSTEM, whose=For.ALL,
        )


def _of_server(server: Server, *, tone: str, code: Code, sentence: str, **params: str | int | None) -> Item:
    """Return a matter of one server; ``since`` is not known unless it is replaced."""
    params = {"server": server["id"], **params}
    return Item(tone=tone, code=code, sentence=sentence, params=params, server_id=server["id"], action=Look.SERVER)


def _servers(servers: Sequence[Server]) -> Iterator[Item]:
    for server in servers:
        name, problem, reason = server["id"], server["problem"], server["statusReason"]
        if problem:
            said = f"{name}: {problem}"
            yield _of_server(server, tone="warn", code=Code.SERVER_PROBLEM, sentence=said, problem=problem)
        found = None
        if tone := _down(server):
            said = f"{name} is down: {reason}"
            found = _of_server(server, tone=tone, code=Code.SERVER_DOWN, sentence=said, reason=reason)
        elif server["status"] is MCServerStatus.RUNNING and reason:
            said = f"{name} is not well: {reason}"
            found = _of_server(server, tone="bad", code=Code.SERVER_UNWELL, sentence=said, reason=reason)
        if found is not None:
            yield replace(found, since=server["since"])


def _down(server: Server) -> str:
    """Tell whether a server ended other than by being stopped."""
    if server["status"] is not MCServerStatus.CREATED:
        return ""
    status = wiring.live().status(server["id"])
    if status.oom_killed or status.exit_code not in {None, 0, 130, 143}:
        return "bad"
    return ""


def _backups(servers: Sequence[Server], backups: LastBackups) -> Iterator[Item]:
    for row in SavingOff.objects.all():
        if datetime.now(UTC) - row.since > timedelta(minutes=10):
            said = f"Saving is off on {row.game} since {row.since:%H:%M} UTC."
            found = _of_server({"id": row.server_id}, tone="bad", code=Code.SAVING_OFF, sentence=said, game=row.game)
            yield replace(found, since=row.since)
    if not backups_wiring.is_configured():
        advice = "Add a [restic] section to config.toml, then run: manage.py snapshot init"
        if servers:
            said = "There are no backups: no repository is set up."
            yield Item(tone="warn", code=Code.NO_REPOSITORY, sentence=said, advice=advice, action=Look.SNAPSHOTS)
        return
    yield from _repository_dangers()
    if backups.problem:
        advice = "Until the repository answers, nobody can tell how old the backups are."
        yield Item(
            tone="bad", code=Code.REPOSITORY_UNREAD, params={"problem": backups.problem}, sentence=backups.problem,
            advice=advice, action=Look.SNAPSHOTS,
        )
        return
    yield from _snapshots(servers, backups)


def _snapshots(servers: Sequence[Server], backups: LastBackups) -> Iterator[Item]:
    for server in servers:
        name, last = server["id"], backups.at.get(server["id"])
        for sentence in backups.warnings.get(name, ()):
            yield _of_server(server, tone="warn", code=Code.SNAPSHOT_WARNING, sentence=sentence, warning=sentence)
        if last is None:
            said = f"{name} has no whole backup yet."
            yield _of_server(server, tone="warn", code=Code.NO_BACKUP, sentence=said)
        elif datetime.now(UTC) - last > LATE:
            said = f"The last whole backup of {name} is {long(datetime.now(UTC) - last)} old."
            found = _of_server(server, tone="warn", code=Code.BACKUP_LATE, sentence=said, lastAt=last.isoformat())
            yield replace(found, since=last + LATE)


def _repository_dangers() -> Iterator[Item]:
    figures = backup_metrics.figures()
    if figures.warning:
        yield Item(
            tone="bad", code=Code.REPOSITORY_WARNING, params={"warning": figures.warning}, sentence=figures.warning,
            advice="`manage.py doctor` says what helps.", action=Look.SYSTEM,
        )
    if figures.placement:
        yield Item(
            tone="warn", code=Code.REPOSITORY_SAME_DISK, sentence=placement.SAME_DISK, advice=placement.ADVICE,
            action=Look.SYSTEM,
        )


def _disks(_: Sequence[Server]) -> Iterator[Item]:
    told: set[tuple[int, int]] = set()
    for name, path in disks():
        total, free = disk_space(path)
        if (total, free) in told or not total or free / total >= LITTLE_SHARE:
            continue
        told.add((total, free))
        yield Item(
            tone="bad" if free / total < NO_SHARE else "warn", code=Code.DISK_LOW,
            params={"disk": name, "freeBytes": free, "totalBytes": total},
            sentence=f"The disk of {name} is nearly full: {size(free)} of {size(total)} are free.", action=Look.SYSTEM,
        )


def disks() -> list[tuple[str, Path]]:
    """Return the directories whose disk must not fill up, and what they are for."""
    config = settings.MC_ADMIN
    found = [("the servers", config.server_path), ("the logs", config.logs_dir)]
    if config.restic is not None and Path(config.restic.repository_path).is_dir():
        found.append(("the backups", Path(config.restic.repository_path)))
    return [(name, path) for name, path in found if path.is_dir()]


def _operations(_: Sequence[Server]) -> Iterator[Item]:
    since = datetime.now(UTC) - FAILED_WITHIN
    bad = (OperationState.FAILED, OperationState.INTERRUPTED)
    rows = Operation.objects.filter(started_at__gte=since).exclude(state=OperationState.RUNNING).defer("output")[:200]
    now = incarnations.currents({row.server_id for row in rows})
    seen: set[tuple[str, str]] = set()
    for row in rows:
        key = (row.server_id, row.kind)
        if key in seen:  # only the latest of its kind counts: what worked since is mended
            continue
        seen.add(key)
        if row.state in bad and row.incarnation == now[row.server_id]:
            what = f"{row.kind} of {row.server_id}" if row.server_id else row.kind
            yield Item(
                tone="warn", code=Code.OPERATION_FAILED, sentence=f"{what} {row.state}: {row.error}",
                params={"kind": row.kind, "server": row.server_id, "state": row.state, "error": row.error},
                server_id=row.server_id, since=row.finished_at, action=Look.OPERATION, operation=str(row.pk),
            )


def _audit(_: Sequence[Server]) -> Iterator[Item]:
    for one in recorder.failures(days=2):
        if one.lost or one.late:
            yield Item(
                tone="bad" if one.lost else "warn", code=Code.AUDIT_LOST,
                params={"late": one.late, "lost": one.lost, "place": one.place, "day": str(one.day)},
                sentence=f"{one.late} audit events came late to the {one.place} on {one.day}, {one.lost} were lost.",
                advice=one.problem, action=Look.SYSTEM, whose=For.OWNER,
            )


LOOKS: list[Looking] = [_engine, _servers, _disks, _operations, _audit]
