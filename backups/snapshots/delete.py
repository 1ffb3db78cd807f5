"""Delete one snapshot, where nothing speaks against it."""

from collections.abc import Iterable
from typing import Any

from backups import wiring
from backups.restic import locks
from backups.restic.failures import SnapshotNotFound
from backups.restic.snapshot import ResticSnapshot
from backups.snapshots import pins
from backups.snapshots.create import REPOSITORY_LEASE
from core.errors import Conflict
from servers.operations import kinds
from servers.operations.caller import Caller
from servers.operations.kinds import OperationKind
from servers.operations.progress import Progress
from servers.operations.runner import Job
from servers.records.operation_rows import in_database

LEAST_DIGITS = 8  # of an id


KIND = kinds.register(OperationKind(name="delete_snapshot"))


class SnapshotPinned(Conflict):
    """Somebody wants it to stay."""

    code = "snapshot_pinned"


class ForeignSnapshot(Conflict):
    """Another panel, or a person with restic, made it."""

    code = "foreign_snapshot"


def choose(snapshots: Iterable[ResticSnapshot], snapshot_id: str) -> ResticSnapshot:
    """Return the one whose id, or id before its tags changed, begins with ``snapshot_id``; raises SnapshotNotFound.

    Fewer than LEAST_DIGITS name none: two letters that somebody mistyped would fit something.
    """
    found = [one for one in snapshots if one.id.startswith(snapshot_id) or one.first_id.startswith(snapshot_id)]
    if len(found) != 1 or len(snapshot_id) < LEAST_DIGITS:
        raise SnapshotNotFound(f"Snapshot {snapshot_id[:8]} was not found.")
    return found[0]


def delete_job(snapshot: ResticSnapshot, *, by: Caller) -> Job:
    """Return the job that deletes it."""

    async def work(_: Progress) -> dict[str, Any]:
        await in_database(_check, snapshot)
        try:
            await locks.past_dead(wiring.command(), lambda: wiring.repository().delete(snapshot.id))
        finally:
            await wiring.snapshot_cache().changed()
        return {"removed": [snapshot.id]}

    return Job(
        kind=KIND, work=work, by=by, leases=(REPOSITORY_LEASE,)
    )


def _check(snapshot: ResticSnapshot) -> None:
    if snapshot.first_id in pins.pinned_ids():
        raise SnapshotPinned(f"Snapshot {snapshot.short_id} is pinned. Unpin it first.")
    if snapshot.labels.instance != wiring.instance_id():
        raise ForeignSnapshot(
            f"Snapshot {snapshot.short_id} was not made by this panel, so it is left alone. If that panel is lost: "
            "manage.py snapshot adopt-instance. Else use restic itself."
        )
