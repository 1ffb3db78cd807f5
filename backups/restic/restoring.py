"""Let restic write files: a restore into a folder, and what one would change."""

import functools
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from backups.restic.command import ResticCommand
from backups.restic.confinement import for_preview, for_restore
from backups.restic.failures import RepositoryFull
from backups.restic.lines import parse_line
from backups.restic.manager import ResticVersion
from backups.restic.patterns import escape
from core.errors import DiskFull, Unsupported

SPARSE_SINCE = ResticVersion(0, 15)
DRY_RUN_SINCE = ResticVersion(0, 17)


class RestoreProgress(NamedTuple):
    """How far a restore is; None where this restic does not say."""

    percent: float
    bytes_done: int | None = None
    bytes_total: int | None = None


OnProgress = Callable[[RestoreProgress], None]


class ResticTooOld(Unsupported):
    """The installed restic cannot do what was asked."""

    code = "restic_too_old"


class NoRoomToRestore(DiskFull):
    """The disk of the servers filled up."""

    code = "no_room_to_restore"


@dataclass(frozen=True, slots=True)
class Piece:
    """What one snapshot, by its full id, holds at an absolute path."""

    snapshot_id: str
    path: str


class PreviewAction(BaseModel):
    """One thing that a restore would do; ``item`` is absolute in the snapshot, or relative to the folder."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    message_type: str = "verbose_status"
    action: str | None = None
    item: str | None = None
    size: int | None = None


def require(version: ResticVersion, needed: ResticVersion, *, to: str) -> None:
    """Raise ResticTooOld, naming both versions, unless ``version`` is new enough."""
    if version < needed:
        raise ResticTooOld(
            f"restic {version} cannot {to}: that needs restic {needed} or newer. Install it, or set restic.binary."
        )


async def restore(
    restic: ResticCommand,
    piece: Piece,
    *,
    target: Path,
    version: ResticVersion,
    on_progress: OnProgress | None = None,
) -> None:
    """Write ``piece`` as ``target``/``piece.path``, with owners, modes, times, links, holes; ``target`` is there.

    It takes no lock: a repository that is read-only, full or locked by a dead job can still be restored from. A
    path that the snapshot does not hold writes nothing and is no failure to restic; look before or after.
    Holes stay holes from SPARSE_SINCE on.

    Raises:
        NoRoomToRestore: the disk is full.
        AppError: as ``failures.explain`` tells; what was written so far is incomplete.
    """
    sparse = ("--sparse",) if version >= SPARSE_SINCE else ()
    include = () if piece.path == "/" else (f"--include={escape(piece.path)}",)
    try:
        await restic.write(
            "restore", "--no-lock", "--json", *sparse, f"--target={target}", *include, "--", piece.snapshot_id,
            confine=functools.partial(for_restore, within=(target,)),
            on_line=lambda line: _report_progress(line, on_progress),
        )
    except RepositoryFull:  # a reader without a lock writes nothing there: it is our own disk
        raise NoRoomToRestore("There is no room left on the servers' disk to restore. Nothing was changed.") from None


async def restore_in_place(
    restic: ResticCommand,
    piece: Piece,
    *,
    target: Path,
    only: Iterable[str],
    on_progress: OnProgress | None = None,
) -> None:
    """Make ``target`` the folder that ``piece`` is, file by file.

    Needs DRY_RUN_SINCE. A game may put a link in the place of ``target`` or of a folder below, which restic follows:
    give a ``restic`` that is ``confined_to`` a folder whose own path no game can change.

    Args:
        only: ``--include=…`` or ``--exclude=…`` options, seen from the folder: what they leave out stays as it is.
    """
    try:
        await restic.write(
            "restore", "--no-lock", "--json", "--sparse", "--delete", f"--target={target}", *only, "--",
            f"{piece.snapshot_id}:{piece.path}",
            confine=functools.partial(for_restore, within=restic.within or (target,)),
            on_line=lambda line: _report_progress(line, on_progress),
        )
    except RepositoryFull:
        raise NoRoomToRestore("There is no room left on the disk; the folder is half restored.") from None


async def preview(
    restic: ResticCommand, piece: Piece, *, target: Path, name: str | None = None
) -> AsyncGenerator[PreviewAction]:
    """Tell what making ``target`` the folder that ``piece`` is would do; of ``name`` in it alone, if given.

    Needs DRY_RUN_SINCE. Unchanged files are left out. ``restic`` as in ``restore_in_place``.
    """
    include = (f"--include=/{escape(name)}",) if name else ()
    answer = restic.read_lines(
        "restore", "--dry-run", "-vv", "--delete", "--json", f"--target={target}", *include, "--",
        f"{piece.snapshot_id}:{piece.path}", confine=functools.partial(for_preview, within=restic.within or (target,)),
    )
    async with aclosing(answer) as lines:
        async for line in lines:
            action = _action(line)
            if action is not None:
                yield action


def _action(line: str) -> PreviewAction | None:
    said = parse_line(line)
    if said.get("message_type") != "verbose_status" or said.get("action") == "unchanged":
        return None
    try:
        return PreviewAction.model_validate(said)
    except ValidationError:
        return None


def _report_progress(line: str, on_progress: OnProgress | None) -> None:
    said = parse_line(line)
    if on_progress is not None and said.get("message_type") == "status":
        done, total = (said.get(name) for name in ("bytes_restored", "total_bytes"))
        percent = 100 * float(said.get("percent_done", 0))
        on_progress(RestoreProgress(percent, done, total) if isinstance(total, int) else RestoreProgress(percent))

