"""A snapshot as the API shows it: what restic says, its tags read, and what only our database knows."""

from collections.abc import Iterable
from typing import Any

from backups import wiring
from backups.models import MadeSnapshot
from backups.restic.snapshot import ResticSnapshot, ResticSnapshotSummary
from backups.snapshots import pins

FIELDS = tuple(name for name in ResticSnapshotSummary.model_fields if name != "snapshot_id")


def snapshot_payload(snapshots: Iterable[ResticSnapshot]) -> list[dict[str, Any]]:
    """Return snapshots in the shape of SnapshotSerializer; three questions to the database whatever their number."""
    found = list(snapshots)
    pinned, own = pins.pinned_ids(), wiring.instance_id()
    made = {row.snapshot_id: row for row in MadeSnapshot.objects.filter(summary__isnull=False)}
    return [_shown(one, own=own, pinned=one.first_id in pinned, row=made.get(one.first_id)) for one in found]


def _shown(snapshot: ResticSnapshot, *, own: str, pinned: bool, row: MadeSnapshot | None) -> dict[str, Any]:
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
