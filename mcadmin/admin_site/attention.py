"""What the owner should look at: one function a matter, from memory and database.

Only the list of snapshots is read from the repository, once a minute at most, as everywhere.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse

from audit import recorder
from backups import wiring as backups_wiring
from backups.models import SavingOff
from backups.repository import placement
from backups.snapshots import health, known
from backups.snapshots.health import LATE
from core.errors import AppError
from core.paths import disk_space
from servers import wiring
from servers.live.metrics import backup_metrics
from servers.minecraft.status import MCServerStatus
from servers.models import Operation, OperationState
from web.admin_base import long, size

FAILED_WITHIN = timedelta(days=2)
REPOSITORY_TIMEOUT_S = 5.0
LITTLE_SHARE, NO_SHARE = 0.10, 0.03


@dataclass(frozen=True, kw_only=True)
class Item:
    """One matter; ``tone`` is bad, warn or info."""

    tone: str
    sentence: str
    advice: str = ""
    url: str = ""
    link: str = "Look"


Server = dict[str, Any]
Look = Callable[[list[Server]], Iterator[Item]]


@dataclass(frozen=True, kw_only=True)
class LastBackups:
    """When each server was last backed up well, by the repository itself; ``problem``: why nobody can tell.

    ``warnings``: what is wrong with a server's newest snapshots.
    """

    at: Mapping[str, datetime] = field(default_factory=dict)
    warnings: Mapping[str, list[str]] = field(default_factory=dict)
    problem: str = ""


def read_last_backups(servers: list[Server]) -> LastBackups:
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


def collect(servers: list[Server], backups: LastBackups | None = None) -> list[Item]:
    """Return everything that needs attention, the worst first. ``servers``: items as the API shows them."""
    found = [item for look in LOOKS for item in look(servers)]
    found += _backups(servers, backups or read_last_backups(servers))
    return sorted(found, key=lambda item: ["bad", "warn", "info"].index(item.tone))


def _engine(_: list[Server]) -> Iterator[Item]:
    snapshot = wiring.live().engine.snapshot
    if not snapshot.reachable:
        advice = "Status and operations come back by themselves with it; files and backups work meanwhile."
        yield Item(tone="bad", sentence=snapshot.problem or "The Docker engine cannot be reached.", advice=advice)


def _servers(servers: list[Server]) -> Iterator[Item]:
    for server in servers:
        page = {"url": reverse("admin:server", args=[server["id"]]), "link": "Look"}
        if server["problem"]:
            yield Item(tone="warn", sentence=f"{server['id']}: {server['problem']}", **page)
        if tone := _down(server):
            yield Item(tone=tone, sentence=f"{server['id']} is down: {server['statusReason']}", **page)
        elif server["status"] is MCServerStatus.RUNNING and server["statusReason"]:
            yield Item(tone="bad", sentence=f"{server['id']} is not well: {server['statusReason']}", **page)


def _down(server: Server) -> str:
    """Tell whether a server ended other than by being stopped."""
    if server["status"] is not MCServerStatus.CREATED:
        return ""
    status = wiring.live().status(server["id"])
    if status.oom_killed or status.exit_code not in {None, 0, 130, 143}:
        return "bad"
    return ""


def _backups(servers: list[Server], backups: LastBackups) -> Iterator[Item]:
    for row in SavingOff.objects.all():
        if datetime.now(UTC) - row.since > timedelta(minutes=10):
            yield Item(
                tone="bad", sentence=f"Saving is off on {row.game} since {row.since:%H:%M} UTC.",
                url=reverse("admin:server", args=[row.server_id]),
            )
    if not backups_wiring.is_configured():
        advice = "Add a [restic] section to config.toml, then run: manage.py snapshot init"
        if servers:
            yield Item(tone="warn", sentence="There are no backups: no repository is set up.", advice=advice)
        return
    yield from _repository_dangers()
    if backups.problem:
        advice = "Until the repository answers, nobody can tell how old the backups are."
        yield Item(tone="bad", sentence=backups.problem, advice=advice)
        return
    yield from _snapshots(servers, backups)


def _snapshots(servers: list[Server], backups: LastBackups) -> Iterator[Item]:
    for server in servers:
        last = backups.at.get(server["id"])
        page = {"url": reverse("admin:server", args=[server["id"]])}
        for sentence in backups.warnings.get(server["id"], ()):
            yield Item(tone="warn", sentence=sentence, **page)
        if last is None:
            yield Item(tone="warn", sentence=f"{server['id']} has no whole backup yet.", **page)
        elif datetime.now(UTC) - last > LATE:
            age = long(datetime.now(UTC) - last)
            yield Item(tone="warn", sentence=f"The last whole backup of {server['id']} is {age} old.", **page)


def _repository_dangers() -> Iterator[Item]:
    figures = backup_metrics.figures()
    if figures.warning:
        yield Item(tone="bad", sentence=figures.warning, advice="`manage.py doctor` says what helps.")
    if figures.placement:
        yield Item(tone="warn", sentence=placement.SAME_DISK, advice=placement.ADVICE)


def _disks(_: list[Server]) -> Iterator[Item]:
    told: set[tuple[int, int]] = set()
    for name, path in disks():
        total, free = disk_space(path)
        if (total, free) in told or not total or free / total >= LITTLE_SHARE:
            continue
        told.add((total, free))
        tone = "bad" if free / total < NO_SHARE else "warn"
        yield Item(tone=tone, sentence=f"The disk of {name} is nearly full: {size(free)} of {size(total)} are free.")


def disks() -> list[tuple[str, Path]]:
    """Return the directories whose disk must not fill up, and what they are for."""
    config = settings.MC_ADMIN
    found = [("the servers", config.server_path), ("the logs", config.logs_dir)]
    if config.restic is not None and Path(config.restic.repository_path).is_dir():
        found.append(("the backups", Path(config.restic.repository_path)))
    return [(name, path) for name, path in found if path.is_dir()]


def _operations(_: list[Server]) -> Iterator[Item]:
    since = datetime.now(UTC) - FAILED_WITHIN
    bad = (OperationState.FAILED, OperationState.INTERRUPTED)
    seen: set[tuple[str, str]] = set()
    for row in Operation.objects.filter(started_at__gte=since).exclude(state=OperationState.RUNNING)[:200]:
        key = (row.server_id, row.kind)
        if key in seen:  # only the latest of its kind counts: what worked since is mended
            continue
        seen.add(key)
        if row.state in bad:
            what = f"{row.kind} of {row.server_id}" if row.server_id else row.kind
            url = reverse("admin:servers_operation_change", args=[row.pk])
            yield Item(tone="warn", sentence=f"{what} {row.state}: {row.error}", url=url, link="Output")


def _audit(_: list[Server]) -> Iterator[Item]:
    for one in recorder.failures(days=2):
        if one.lost or one.late:
            sentence = f"{one.late} audit events came late to the {one.place} on {one.day}, {one.lost} were lost."
            yield Item(tone="bad" if one.lost else "warn", sentence=sentence, advice=one.problem)


LOOKS: list[Look] = [_engine, _servers, _disks, _operations, _audit]
