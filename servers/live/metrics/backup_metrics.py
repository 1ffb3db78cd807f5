"""What the backups tell the monitoring: a seam, because servers may not import backups.

The app ``backups`` calls ``provide`` once, when its objects are built (its wiring or ``AppConfig.ready``), with a
function that answers from memory: it is called in every ``GET /system/info`` and every scrape of ``/metrics``, from
any thread, so it must neither ask the database nor start restic. Until then nothing is configured.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFigures:
    """What is known now; None is "not known", never 0.

    Attributes:
        configured: whether the settings name a repository.
        problem: why backups do not work, a sentence; None when they do or are not configured.
        confined_by: what keeps restic from following a game's links out of its files, as ``core.confinement`` names
            it; empty: nothing can.
        warning: why that is a danger, a sentence; None when there is none.
        placement: why the repository is in danger where it lies, and what to do; None when it is not.
        used_bytes, total_bytes, available_bytes: of the repository's file system; None for a remote one.
        last_snapshot_at: when the last good snapshot of each server was taken, by server id.
    """

    configured: bool = False
    restic_version: str | None = None
    problem: str | None = None
    confined_by: tuple[str, ...] | None = None
    warning: str | None = None
    placement: str | None = None
    used_bytes: int | None = None
    total_bytes: int | None = None
    available_bytes: int | None = None
    last_snapshot_at: Mapping[str, datetime] = field(default_factory=dict)


Read = Callable[[], BackupFigures]
_read: list[Read] = []


def provide(read: Read | None) -> None:
    """Take ``read`` as the source from now on; None goes back to "not configured"."""
    _read[:] = [] if read is None else [read]


def figures() -> BackupFigures:
    """Return what the source tells now."""
    return _read[0]() if _read else BackupFigures()
