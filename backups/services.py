"""What of the backups lives as long as the process: the guard and the schedules. Belongs to one loop."""

import logging
import uuid
from functools import cache

from backups import wiring
from backups.restic.labels import Saved
from backups.restores.recovery import RestoreRecovery
from backups.schedules.runs import Scheduler
from backups.snapshots.claims import take_back
from backups.snapshots.metrics import FiguresReader
from backups.snapshots.save_guard import SaveGuard
from backups.snapshots.saving_off import SavingOffRecord
from core import confinement
from core.errors import AppError
from servers import wiring as servers_wiring
from servers.records import leases
from web.process_role import Role

logger = logging.getLogger(__name__)


class BackupServices:
    """Started and stopped with the other services."""

    def __init__(self) -> None:
        self.guard = SaveGuard(servers_wiring.manager(), running=running_operations, disturbed=lower_claims)
        self.recovery = RestoreRecovery(running=running_operations)
        self.scheduler = Scheduler()
        self.figures = FiguresReader()

    async def start(self, role: Role) -> None:
        """Begin what is ``role``'s; the guard looks at once, and restores that died are settled before all else."""
        if role.supervises:
            await _warn_unless_confined()
            await self.recovery.start()
            self.guard.start()
            self.scheduler.start()
        if role.answers:
            self.figures.start()

    async def stop(self) -> None:
        """End what was begun."""
        await self.figures.stop()
        await self.scheduler.stop()
        await self.guard.stop()
        await self.recovery.stop()


async def _warn_unless_confined() -> None:
    """Say at the start, where it is read, that backups are a danger here."""
    if not wiring.is_configured():
        return
    try:
        if not await confinement.available():
            logger.warning(confinement.NOT_CONFINED)
    except AppError as error:
        logger.warning("whether restic can be confined is not known: %s", error)


@cache
def services() -> BackupServices:
    """Return this process's backup services."""
    return BackupServices()


def running_operations() -> set[uuid.UUID]:
    """Return the operations that hold a lease now; uses the database."""
    return {operation.pk for operation in leases.busy().values()}


async def lower_claims(record: SavingOffRecord) -> None:
    """Take back ``flushed`` from what an operation copied, if anything, while the game of ``record`` ended."""
    if not wiring.is_configured():
        return
    repository = wiring.repository()
    for snapshot in await repository.list_snapshots(tags=[f"operation:{record.operation_id}"]):
        if snapshot.labels.level_of(record.server_id) is Saved.FLUSHED:
            logger.warning("snapshot %s is no longer called flushed: its game ended", snapshot.short_id)
            await take_back(repository, snapshot, {record.server_id: Saved.UNCONFIRMED})
    await wiring.snapshot_cache().changed()
