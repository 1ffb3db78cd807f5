"""The rule that a restore never loses the present: something must hold it first."""

import asyncio
from datetime import UTC, datetime

from backups import wiring
from backups.models import MadeSnapshot
from backups.restic.snapshot import ResticSnapshot
from backups.restores import locate, staging
from backups.snapshots import coverage
from backups.snapshots.scope import Target
from core.errors import AppError
from servers import wiring as servers_wiring
from servers.changes.actions import NAMES_OF_STARTS
from servers.minecraft.data_root import DataRoot
from servers.minecraft.instance import ServerNotFound
from servers.models import Operation
from servers.records.operation_rows import in_database

_LAST_S = 2**33


async def require(target: Target) -> None:
    """Raise unless a snapshot of this panel holds ``target`` as it is now, or there is nothing to lose.

    Raises:
        NoFreshSnapshot: its text contains ``1 minute``, which the page looks for.
        EngineUnreachable: nobody can tell when the game was last started.
    """
    if not await asyncio.to_thread(staging.check_target, target.base, target.name):
        return
    if await _find(target) is not None:
        return
    wiring.snapshot_cache().forget()  # another process may just have made one
    if await _find(target) is None:
        raise locate.refuse(target.server_id)


async def _find(target: Target) -> ResticSnapshot | None:
    instance = await in_database(wiring.instance_id)
    ends = await in_database(_read_ends)  # of an adopted one nobody knows whether it has this machine's files
    own = [
        one for one in await wiring.snapshot_cache().read() if one.labels.instance == instance and one.first_id in ends
    ]
    return locate.fresh_one(
        own, target, now=datetime.now(UTC), started_at=await _last_start(target.server_id),
        ended_at=lambda one: ends[one.first_id],
    )


async def _last_start(server_id: str) -> datetime | None:
    """Return when the game was last started: by Docker, by our records, by its own log."""
    try:
        container = await servers_wiring.manager().get_instance(server_id).get_container()
    except ServerNotFound:
        container = None
    found = [
        container.started_at if container else None,
        await in_database(_read_last_start, server_id),
        await _last_log(server_id),
    ]
    return max((one for one in found if one is not None), default=None)


def _read_ends() -> dict[str, datetime]:
    return dict(MadeSnapshot.objects.values_list("snapshot_id", "ended_at"))


def _read_last_start(server_id: str) -> datetime | None:
    row = Operation.objects.filter(server_id=server_id, kind__in=NAMES_OF_STARTS).first()
    return row.started_at if row else None


async def _last_log(server_id: str) -> datetime | None:
    """Return when the game last wrote into its log: then it ran, whoever started it."""
    try:
        root = await coverage.find_root(servers_wiring.manager().get_instance(server_id))
        changed_s = await asyncio.to_thread(_changed_s, root)
    except AppError:
        return None
    # A plugin may give it a time beyond any calendar; one in the future means: nobody knows, so it was just now.
    return None if changed_s is None else datetime.fromtimestamp(min(max(changed_s, 0), _LAST_S), UTC)


def _changed_s(data: DataRoot) -> float | None:
    with data.hold() as root:
        found = root.stat("logs/latest.log")
    return found.st_mtime if found else None
