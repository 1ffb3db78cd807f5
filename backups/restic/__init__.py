"""restic by its command line; no Django."""

from typing import TYPE_CHECKING

from core.exports import lazy_exports

if TYPE_CHECKING:
    from backups.restic.manager import ResticManager
    from backups.restic.snapshot import ResticSnapshot, ResticSnapshotSummary, ResticSnapshotWithSummary

__all__ = ["ResticManager", "ResticSnapshot", "ResticSnapshotSummary", "ResticSnapshotWithSummary"]

__getattr__ = lazy_exports(__name__, {
    "ResticManager": "backups.restic.manager",
    "ResticSnapshot": "backups.restic.snapshot",
    "ResticSnapshotSummary": "backups.restic.snapshot",
    "ResticSnapshotWithSummary": "backups.restic.snapshot",
})
