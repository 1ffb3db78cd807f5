"""Carry out a retention policy on this panel's snapshots, and on no other's."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from backups import wiring
from backups.models import MadeSnapshot
from backups.restic import locks, retention, upkeep
from backups.restic.labels import Saved
from backups.restic.retention import Entry, Plan, Policy
from backups.restic.snapshot import ResticSnapshot
from backups.snapshots import pins
from backups.snapshots.create import REPOSITORY_LEASE
from servers.operations import kinds
from servers.operations.caller import Caller
from servers.operations.kinds import OperationKind
from servers.operations.progress import Progress
from servers.operations.runner import Job
from servers.records.operation_rows import in_database

KIND = kinds.register(OperationKind(name="forget"))
PRUNE = kinds.register(OperationKind(name="prune", can_cancel=True))
CHECK = kinds.register(OperationKind(name="check", can_cancel=True))


async def plan(policy: Policy, *, server_id: str | None, is_global: bool = False, made: str = "") -> Plan:
    """Decide by the repository as it is now; changes nothing.

    Args:
        policy: what to keep.
        server_id: of the one server that it is about; None: all.
        is_global: it is about global snapshots alone.
        made: id of the snapshot that was just made for the same run; it stays.
    """
    wiring.snapshot_cache().forget()
    found = await wiring.snapshot_cache().read()
    entries = await in_database(_entries, found, made)
    return retention.plan(
        entries, policy=policy, zone=timezone.get_default_timezone(), now=datetime.now(UTC),
        server_id=server_id, is_global=is_global,
    )


async def apply_policy(  # noqa: PLR0913 - as ``job``
    policy: Policy, progress: Progress, *, server_id: str | None, is_global: bool = False, prune: bool = False,
    made: str = "",
) -> Plan:
    """Forget what ``policy`` does not keep, inside a running operation that holds the repository's lease."""
    decided = await plan(policy, server_id=server_id, is_global=is_global, made=made)
    progress.line(f"{len(decided.keep)} snapshots stay, {len(decided.remove)} go.")
    try:
        restic = wiring.command()
        await locks.past_dead(restic, lambda: upkeep.forget(restic, decided.remove))
        if prune:
            await _prune(progress)
    finally:
        await wiring.snapshot_cache().changed()
    return decided


def retention_job(  # noqa: PLR0913 - what may be looked at, and who asks
    policy: Policy, *, server_id: str | None, prune: bool, by: Caller, is_global: bool = False,
    made: str = "",
) -> Job:
    """Return the job that carries ``policy`` out, for one server or (None) for all of this panel's snapshots.

    ``is_global``: for its global snapshots alone. ``made``: as in ``plan``.
    """

    async def work(progress: Progress) -> dict[str, Any]:
        decided = await apply_policy(
            policy, progress, server_id=server_id, is_global=is_global, prune=prune, made=made
        )
        return {"keep": decided.keep, "remove": decided.remove, "pruned": prune}

    return Job(kind=KIND, work=work, by=by, leases=(REPOSITORY_LEASE,))


def prune_job(*, by: Caller) -> Job:
    """Return the job that deletes the data that no snapshot uses."""

    async def work(progress: Progress) -> None:
        await _prune(progress)

    return Job(
        kind=PRUNE, work=work, by=by, leases=(REPOSITORY_LEASE,)
    )


def check_job(*, read_data_percent: float, by: Caller) -> Job:
    """Return the job that checks the repository."""

    async def work(progress: Progress) -> dict[str, Any]:
        def listen(line: str) -> None:
            _report_line(progress, line, "checking")

        restic = wiring.command()
        await locks.past_dead(
            restic, lambda: upkeep.check(restic, read_data_percent=read_data_percent, on_line=listen)
        )
        return {"read_data_percent": read_data_percent}

    return Job(
        kind=CHECK, work=work, by=by, leases=(REPOSITORY_LEASE,)
    )


async def _prune(progress: Progress) -> None:
    restic = wiring.command()
    await locks.past_dead(
        restic, lambda: upkeep.prune(restic, on_line=lambda line: _report_line(progress, line, "pruning"))
    )


def _report_line(progress: Progress, line: str, stage: str) -> None:
    percent = upkeep.percent_of(line)
    if percent is not None:
        progress.percent(percent, stage)
    elif line.strip() and "/" not in line:  # paths of the repository and of its cache are nobody's business
        progress.line(line.strip())


def _entries(snapshots: Iterable[ResticSnapshot], made_now: str) -> list[Entry]:
    """Return this panel's own snapshots as retention sees them; uses the database."""
    own, pinned = wiring.instance_id(), pins.pinned_ids()
    made = {one.pk: one for one in MadeSnapshot.objects.all()}
    with_holes = {key for key, one in made.items() if one.warnings or one.lost}
    worlds = {key: one.worlds or {} for key, one in made.items()}
    return [
        Entry(
            id=one.id, time=one.time, scope=str(one.labels.scope), paths=tuple(one.paths),
            trigger=str(one.labels.trigger), pinned=one.first_id in pinned,
            is_new=one.id == made_now, is_whole=one.first_id not in with_holes,
            without_world=frozenset(name for name, number in worlds.get(one.first_id, {}).items() if not number),
            levels={server: str(one.labels.level_of(server) or Saved.LIVE) for server in one.labels.servers},
        )
        for one in snapshots
        if one.labels.instance == own and one.labels.scope is not None
    ]
