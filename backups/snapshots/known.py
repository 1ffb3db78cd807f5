"""The snapshots of the repository for whoever asks without a loop: from memory while that is fresh. Blocking."""

import asyncio
import re
import time
from collections.abc import Callable

from asgiref.sync import async_to_sync

from backups import wiring
from backups.repository.snapshot_cache import Snapshots
from backups.restic.failures import SnapshotNotFound
from backups.restic.snapshot import ResticSnapshot
from backups.snapshots import delete
from core.errors import TimedOut

_ID = re.compile(rf"[0-9a-f]{{{delete.LEAST_DIGITS},64}}")


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
    return look_up(snapshot_id, lambda snapshots: delete.choose(snapshots, snapshot_id))


def look_up(snapshot_id: str, choose: Callable[[Snapshots], ResticSnapshot]) -> ResticSnapshot:
    """Return what ``choose`` takes of all snapshots; the repository is asked once for an id that it does not find.

    For an id that ``choose`` may not see the same is done, so that nobody learns that there is one.
    """
    asked = time.monotonic()
    try:
        return choose(read_all())
    except SnapshotNotFound:
        if _ID.fullmatch(snapshot_id) is None:
            raise
    return choose(async_to_sync(wiring.snapshot_cache().look_for)(snapshot_id, asked=asked))


async def _within(timeout_s: float) -> Snapshots:
    try:
        return await asyncio.wait_for(wiring.snapshot_cache().read(), timeout_s)
    except TimeoutError:
        raise RepositorySlow(f"The backup repository has not answered for {timeout_s:.0f} s.") from None
