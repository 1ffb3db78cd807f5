"""The snapshots of the repository for whoever asks without a loop: from memory while that is fresh. Blocking."""

import asyncio

from asgiref.sync import async_to_sync

from backups import wiring
from backups.repository.snapshot_cache import Snapshots
from backups.restic.snapshot import ResticSnapshot
from backups.snapshots import delete
from core.errors import TimedOut


class RepositorySlow(TimedOut):
    """The repository has not answered yet; the question goes on, and the next one may find its answer."""

    code = "repository_slow"


def read_all() -> Snapshots:
    """Return all snapshots, oldest first; raises ResticNotConfigured, and as ResticManager."""
    wiring.repository()
    known = wiring.snapshot_cache().known()
    return known if known is not None else async_to_sync(wiring.snapshot_cache().read)()


def read_soon(*, timeout_s: float) -> Snapshots:
    """Do the same for a page that must come even while the repository does not answer; raises RepositorySlow, too."""
    wiring.repository()
    known = wiring.snapshot_cache().known()
    return known if known is not None else async_to_sync(_within)(timeout_s)


def find(snapshot_id: str) -> ResticSnapshot:
    """Return one snapshot by its id, present or first, or 8 digits or more of it; raises SnapshotNotFound."""
    return delete.choose(read_all(), snapshot_id)


async def _within(timeout_s: float) -> Snapshots:
    try:
        return await asyncio.wait_for(wiring.snapshot_cache().read(), timeout_s)
    except TimeoutError:
        raise RepositorySlow(f"The backup repository has not answered for {timeout_s:.0f} s.") from None
