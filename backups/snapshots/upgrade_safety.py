"""The snapshot of a stopped server before its game becomes another one."""

import asyncio

from backups import wiring
from backups.restic.labels import Trigger
from backups.snapshots import coverage, create, excludes
from backups.snapshots.create import SnapshotRequest
from core.errors import AppError
from core.paths import FileMissing
from servers import wiring as servers_wiring
from servers.changes.world_safety import NoSafety
from servers.operations.progress import Progress


class UpgradeSafety:
    """Makes them in the panel's repository; see ``servers.changes.world_safety``."""

    leases = (create.REPOSITORY_LEASE,)

    async def has_world(self, server_id: str) -> bool:
        """Look for a level.dat or regions; yes where the data lie elsewhere, or cannot be read."""
        instance = servers_wiring.manager().get_instance(server_id)
        root = await coverage.find_root(instance)
        if await coverage.find_missing(instance, root):
            return True
        try:
            return await asyncio.to_thread(lambda: any(excludes.world_files(root)))
        except FileMissing:
            return False
        except AppError:
            return True

    async def require_possible(self, server_id: str) -> None:
        """Raise NoSafety unless the repository answers and a snapshot would hold all that the game writes."""
        instance = servers_wiring.manager().get_instance(server_id)
        if missing := await coverage.find_missing(instance, await coverage.find_root(instance)):
            raise NoSafety(server_id, missing[0].why)
        try:
            await wiring.repository().command.require_writable()
            await wiring.snapshot_cache().read()
        except AppError as error:
            raise NoSafety(server_id, str(error)) from error

    async def save(self, server_id: str, progress: Progress) -> str:
        """Make the snapshot, ``stopped`` or none, and return its id."""
        progress.line("A snapshot is made before the game becomes another one.")
        request = SnapshotRequest(server_id=server_id, require_flushed=True, trigger=Trigger.SAFETY)
        made = await create.make_snapshot(request, progress)
        return str(made["snapshot"]["id"])
