"""A snapshot as the API shows it: what restic says, its tags read, and what only our database knows."""

from collections.abc import Iterable
from typing import Any, TypedDict

from backups import wiring
from backups.models import MadeSnapshot
from backups.restic.snapshot import ResticSnapshot, ResticSnapshotSummary
from backups.snapshots import pins

FIELDS = tuple(name for name in ResticSnapshotSummary.model_fields if name != "snapshot_id")


class MissingPlace(TypedDict):
    """A place where a game writes that the snapshot does not hold, and why."""

    server_id: str
    place: str
    why: str


class SnapshotPayload(TypedDict):
    """A snapshot in the shape of SnapshotSerializer.

    ``time`` is ISO 8601; ``saved`` the worst level of its servers; ``summary`` restic's own figures (bytes, files,
    seconds) where it or our database has them; ``foreign``: another panel made it.
    """

    id: str
    short_id: str
    time: str
    paths: list[str]
    hostname: str
    username: str
    tags: list[str]
    program_version: str | None
    tree: str
    server_id: str | None
    scope: str | None
    trigger: str | None
    saved: str | None
    missing: list[MissingPlace]
    warnings: list[str]
    pinned: bool
    foreign: bool
    summary: dict[str, Any] | None


class MadeResult(TypedDict):
    """What making a snapshot returns: itself, the servers that were left out, and a sentence for each of them."""

    snapshot: SnapshotPayload
    skipped: list[str]
    skipped_because: dict[str, str]


def snapshot_payload(snapshots: Iterable[ResticSnapshot]) -> list[SnapshotPayload]:
    """Return snapshots in the shape of SnapshotSerializer; three questions to the database whatever their number."""
    found = list(snapshots)
    pinned, own = pins.pinned_ids(), wiring.instance_id()
    made = {row.snapshot_id: row for row in MadeSnapshot.objects.filter(summary__isnull=False)}
    return [_payload(one, own=own, pinned=one.first_id in pinned, row=made.get(one.first_id)) for one in found]


def _payload(snapshot: ResticSnapshot, *, own: str, pinned: bool, row: MadeSnapshot | None) -> SnapshotPayload:
    labels = snapshot.labels
    kept = row.summary if row is not None else None
    summary = snapshot.summary.model_dump(mode="json") if snapshot.summary else kept
    return {
        "id": snapshot.id,
        "short_id": snapshot.short_id,
        "time": snapshot.time.isoformat(),
        "paths": snapshot.paths,
        "hostname": snapshot.hostname,
        "username": snapshot.username,
        "tags": snapshot.tags,
        "program_version": snapshot.program_version,
        "tree": snapshot.tree,
        "server_id": labels.server_id,
        "scope": labels.scope,
        "trigger": labels.trigger,
        "saved": labels.saved,
        "missing": row.missing if row is not None else [],
        "warnings": [*row.lost, *row.notes, *row.warnings] if row is not None else [],
        "pinned": pinned,
        "foreign": labels.instance != own,
        "summary": {name: summary.get(name) for name in FIELDS} if summary else None,
    }
