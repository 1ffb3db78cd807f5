"""Take over the snapshots of a panel that is lost: its machine died, and this one goes on with the old repository.

Whose a snapshot is stands in its tag `instance:`. That is rewritten, so that nothing but the repository knows of it.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from backups import wiring
from backups.restic import locks
from backups.restic.failures import RepositoryKeepsAll
from backups.restic.snapshot import ResticSnapshot
from backups.snapshots.create import REPOSITORY_LEASE
from core.errors import Conflict, NotFound
from servers.operations import kinds
from servers.operations.caller import Caller
from servers.operations.kinds import OperationKind
from servers.operations.progress import Progress
from servers.operations.runner import Job
from servers.records.operation_rows import in_database

KIND = kinds.register(OperationKind(name="adopt_instance"))
ALIVE = timedelta(hours=26)  # a panel whose newest snapshot is younger may well be running


class InstanceNotFound(NotFound):
    """No snapshot of the repository is of that panel."""

    code = "instance_not_found"


class InstanceAlive(Conflict):
    """The panel made a snapshot a short time ago."""

    code = "instance_alive"


def other_instances(snapshots: Iterable[ResticSnapshot]) -> dict[str, list[ResticSnapshot]]:
    """Return the snapshots of other panels, by the panel's instance; uses the database."""
    own = wiring.instance_id()
    found: dict[str, list[ResticSnapshot]] = defaultdict(list)
    for one in snapshots:
        if one.labels.instance not in {None, own}:
            found[str(one.labels.instance)].append(one)
    return dict(found)


def adopt_instance_job(instance: str, *, is_lost: bool, by: Caller) -> Job:
    """Return the job that makes all snapshots of another panel this one's.

    Args:
        instance: of the other panel, as its snapshots' tags have it.
        is_lost: somebody has said so: then it does not matter how young they are.
        by: who asks.
    """

    async def work(progress: Progress) -> dict[str, Any]:
        theirs = await _of(instance)
        if not theirs:
            raise InstanceNotFound("The repository has no snapshot of such a panel.")
        age = datetime.now(UTC) - max(one.time for one in theirs)
        if age < ALIVE and not is_lost:
            raise InstanceAlive(
                f"That panel made a snapshot at most {ALIVE.total_seconds() / 3600:.0f} hours ago, so it may be alive. "
                "Two panels with the same snapshots delete each other's. Say that it is lost if it is: --lost"
            )
        progress.line(f"{len(theirs)} snapshots are taken over.")
        own, repository = await in_database(wiring.instance_id), wiring.repository()
        try:
            await locks.past_dead(repository.command, lambda: repository.rename_instance(instance, own))
        finally:
            await wiring.snapshot_cache().changed()
        if left := await _of(instance):
            raise RepositoryKeepsAll(
                f"{len(left)} snapshots still have the tag of the other panel: the repository lets nothing be deleted "
                "(append-only?), and a new tag replaces the old file. Adopt them with rights to do so."
            )
        return {"instance": instance, "adopted": len(theirs)}

    return Job(kind=KIND, work=work, by=by, leases=(REPOSITORY_LEASE,))


async def _of(instance: str) -> list[ResticSnapshot]:
    wiring.snapshot_cache().forget()
    found = await wiring.snapshot_cache().read()
    return (await in_database(other_instances, found)).get(instance, [])
