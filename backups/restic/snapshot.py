"""What restic tells about snapshots, as its JSON names it; fields that older versions lack are optional."""

import json
from datetime import datetime

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from backups.restic.failures import ResticFailed
from backups.restic.labels import Labels, read_labels


class _FromRestic(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ResticSnapshotSummary(_FromRestic):
    """What a backup found and added.

    ``backup_start``, ``backup_end`` and ``data_added_packed`` (bytes, compressed) come from restic 0.17;
    ``total_duration`` (seconds) and ``snapshot_id`` only from the backup itself. Sizes are bytes.
    """

    files_new: int
    files_changed: int
    files_unmodified: int
    dirs_new: int
    dirs_changed: int
    dirs_unmodified: int
    data_blobs: int
    tree_blobs: int
    data_added: int
    total_files_processed: int
    total_bytes_processed: int
    total_duration: float | None = None
    snapshot_id: str | None = None
    backup_start: datetime | None = None
    backup_end: datetime | None = None
    data_added_packed: int | None = None


class ResticSnapshot(_FromRestic):
    """One snapshot; ``id`` has 64 hexadecimal digits, ``short_id`` the first 8, ``time`` is when it began.

    ``original`` is the id it had before its tags were first changed. ``summary`` and ``program_version`` come
    from restic 0.17.
    """

    short_id: str
    id: str
    time: datetime
    tree: str
    paths: list[str]
    hostname: str = ""
    username: str = ""
    tags: list[str] = []
    excludes: list[str] = []
    parent: str | None = None
    original: str | None = None
    program_version: str | None = None
    summary: ResticSnapshotSummary | None = None

    @property
    def first_id(self) -> str:
        """The id that it was made with; changing tags gives it a new one, and pins go by this one."""
        return self.original or self.id

    @property
    def labels(self) -> Labels:
        """What its tags say."""
        return read_labels(self.tags)


class Vanished(_FromRestic):
    """A file or folder, by its absolute path, that went away while a snapshot was made; ``sentence`` says so."""

    path: str
    sentence: str


class ResticSnapshotWithSummary(_FromRestic):
    """A snapshot just made; ``warnings`` names what could not be saved, empty when everything was.

    ``vanished``: what restic saw going away; whether that is missing in the snapshot is for others to say.
    """

    snapshot: ResticSnapshot
    summary: ResticSnapshotSummary
    warnings: list[str] = []
    vanished: list[Vanished] = []


_SNAPSHOTS = TypeAdapter(list[ResticSnapshot])


def parse_snapshots(output: str) -> list[ResticSnapshot]:
    """Read the array that ``restic snapshots --json`` prints, in its order: oldest first.

    Raises:
        ResticFailed: it holds no such array.
    """
    lines = output.splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith(("[", "null"))), len(lines))
    # A long line comes in pieces, and restic breaks none itself: what was one line is joined again.
    try:
        found, _ = json.JSONDecoder().raw_decode("".join(lines[start:]))
        return _SNAPSHOTS.validate_python(found or [])
    except (json.JSONDecodeError, ValidationError):
        raise ResticFailed("restic's list of snapshots was not understood.") from None
