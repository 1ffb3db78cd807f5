"""What the monitoring is told of the backups, kept in memory: asked seldom, answered at once."""

import asyncio

from django.conf import settings

from backups import wiring
from backups.repository import embedded, placement, space
from backups.snapshots import health
from core import confinement, process
from core.errors import AppError
from core.paths import disk_space
from core.periodic import Periodic
from servers import wiring as servers_wiring
from servers.live.metrics import backup_metrics
from servers.live.metrics.backup_metrics import BackupFigures
from servers.records.operation_rows import in_database

LOOK_S = 60.0


class FiguresReader:
    """Reads anew every LOOK_S, and provides what it read. Belongs to one loop."""

    def __init__(self) -> None:
        self._figures = BackupFigures(configured=wiring.is_configured())
        self._looks = Periodic("backup figures", self._turn, LOOK_S)

    def start(self) -> None:
        """Provide the figures from now on."""
        backup_metrics.provide(lambda: self._figures)
        if wiring.is_configured():
            self._looks.start()

    async def stop(self) -> None:
        """End, and provide nothing any more."""
        await self._looks.stop()
        backup_metrics.provide(None)

    async def look(self) -> BackupFigures:
        """Read once; what cannot be read is a ``problem``, not an error."""
        problem: str | None = None
        version: str | None = None
        confined: frozenset[str] | None = None
        last = {}
        try:
            await embedded.make_planned(wiring.section(), run=wiring.run_override or process.run)
            confined = await confinement.available()
            version = str(await wiring.repository().version())
            found = await wiring.snapshot_cache().read()
            names = await asyncio.to_thread(servers_wiring.manager().list_names)
            good = await in_database(health.read_good, found)
            last = {name: good[name].time for name in names if name in good}
        except AppError as error:
            problem = str(error)
        total, free = await asyncio.to_thread(_disk)
        self._figures = BackupFigures(
            configured=True, restic_version=version, problem=problem, last_snapshot_at=last, total_bytes=total,
            available_bytes=free, used_bytes=None if total is None or free is None else total - free,
            confined_by=None if confined is None else tuple(sorted(confined)),
            warning=confinement.NOT_CONFINED if confined == frozenset() else None,
            placement=await asyncio.to_thread(placement.danger, wiring.section(), settings.MC_ADMIN.server_path),
        )
        return self._figures

    async def _turn(self) -> None:
        await self.look()


def _disk() -> tuple[int | None, int | None]:
    """Return size and free bytes of a local repository's file system."""
    folder = space.local_folder(wiring.repository_path())
    return disk_space(folder) if folder is not None and folder.is_dir() else (None, None)
