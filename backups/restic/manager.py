"""Snapshots in a restic repository, by restic's command line."""

import asyncio
import copy
import functools
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from backups.restic import upkeep
from backups.restic.command import READ_TIMEOUT_S, ResticAccess, ResticCommand
from backups.restic.confinement import Confine, for_backup
from backups.restic.events import BackupEvents, BackupProgress
from backups.restic.failures import (
    WITH_WARNINGS,
    BackupPathMissing,
    BadResticArgument,
    RepositoryExists,
    RepositoryIsAWebPage,
    ResticFailed,
    SnapshotNotFound,
)
from backups.restic.patience import Patience
from backups.restic.snapshot import ResticSnapshot, ResticSnapshotWithSummary, parse_snapshots
from core import process
from core.errors import AppError
from core.process import ProgramFailed, Run

HOST = "mcadmin"  # fixed, so that restic finds the parent snapshot after the machine was renamed
VERSION_TIMEOUT_S = 10.0
_ID = re.compile(r"[0-9a-f]{8,64}")
_TAG = re.compile(r"[^,\s\x00-\x1f]+")


@dataclass(frozen=True, order=True, slots=True)
class ResticVersion:
    """A version of restic; compare it with another one."""

    major: int
    minor: int
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


class ResticManager:
    """One repository. Holds no state: make one per call and throw it away.

    Raises (from every method):
        ResticNotInstalled: there is no restic to run.
        NoRepository, RepositoryUnreachable, WrongRepositoryPassword, RepositoryLocked, RepositoryFull: as
            they are named.
        ResticFailed: any other failure.
    """

    def __init__(
        self,
        settings: ResticAccess,
        *,
        run: Run = process.run,
        binary: Path | str | None = None,
        cache_dir: Path | None = None,
        means: frozenset[str] | None = None,
    ) -> None:
        self.command = ResticCommand(settings, run, binary, cache_dir, means=means)

    def confined_to(self, *folders: Path) -> "ResticManager":
        """Return this manager, which reads and writes no file of a server outside ``folders``.

        No game can change the folders' own paths, in which there is no link.
        """
        confined = copy.copy(self)
        confined.command = self.command.confined_to(*folders)
        return confined

    def patient(self, patience: Patience) -> "ResticManager":
        """Return this manager, whose writing jobs are ended when they make no progress (CopyStalled)."""
        watched = copy.copy(self)
        watched.command = replace(self.command, patience=patience)
        return watched

    async def version(self) -> ResticVersion:
        """Ask restic for its version; opens no repository."""
        out = await self.command.call("version", timeout_s=VERSION_TIMEOUT_S)
        found = re.search(r"restic (\d+)\.(\d+)(?:\.(\d+))?", out)
        if found is None:
            raise ResticFailed("restic's version was not understood.")
        return ResticVersion(int(found[1]), int(found[2]), int(found[3] or 0))

    async def init(self) -> None:
        """Make the repository.

        Raises:
            RepositoryExists: there is one; it is left as it is.
            RepositoryIsAWebPage: to restic, a server that answers everything has a repository.
        """
        try:
            await self.command.call("init", timeout_s=READ_TIMEOUT_S)
        except RepositoryExists:
            try:
                await self.command.read("snapshots", "--json")
            except RepositoryIsAWebPage:
                raise
            except AppError:  # it is there: whether it opens is another question
                pass
            raise

    async def create_snapshot(  # noqa: PLR0913 - what a snapshot may differ in
        self,
        paths: Sequence[Path | str],
        *,
        tags: Iterable[str] = (),
        host: str = HOST,
        excludes: Iterable[str] = (),
        instead: Mapping[Path, Path] = MappingProxyType({}),
        on_progress: Callable[[BackupProgress], None] | None = None,
    ) -> ResticSnapshotWithSummary:
        """Back up ``paths`` into one snapshot.

        Args:
            paths: absolute; each must be there.
            tags: without commas and blanks.
            host: the host name that the snapshot gets.
            excludes: patterns in restic's syntax.
            instead: files whose content is saved in the place of others, by these; where restic has private mounts.
            on_progress: called about every two seconds.

        Raises:
            BackupPathMissing: one of the paths is not there; nothing was saved.
            BadResticArgument: a path is relative, or a tag has a comma or a blank.
        """
        targets = [Path(path) for path in paths]
        real = await asyncio.to_thread(_checked_paths, targets)
        await self.command.require_writable()
        options = [f"--host={host}", *(f"--tag={_checked_tag(tag)}" for tag in tags)]
        options += [f"--exclude={pattern}" for pattern in excludes]
        events = BackupEvents(targets, on_progress=on_progress)
        confine = functools.partial(for_backup, within=self.command.within or real, instead=instead)
        await self._back_up(*options, "--", *map(str, targets), events=events, confine=confine)
        if events.summary is None or events.summary.snapshot_id is None:
            raise ResticFailed("restic ended without telling which snapshot it made.")
        snapshot = await self.get_snapshot(events.summary.snapshot_id)
        return ResticSnapshotWithSummary(
            snapshot=snapshot, summary=events.summary, warnings=events.warnings, vanished=events.vanished
        )

    async def _back_up(self, *args: str, events: BackupEvents, confine: Confine) -> None:
        """Run it to its end; files that could not be read are warnings, which ``events`` heard."""
        try:
            await self.command.write("backup", "--json", *args, confine=confine, on_line=events.read)
        except ProgramFailed as error:
            if error.returncode != WITH_WARNINGS:
                raise

    async def list_snapshots(
        self, *, tags: Iterable[str] = (), paths: Iterable[Path | str] = ()
    ) -> list[ResticSnapshot]:
        """List the snapshots that have all of ``tags`` and all of ``paths``, oldest first."""
        wanted = ",".join(_checked_tag(tag) for tag in tags)
        options = [*([f"--tag={wanted}"] if wanted else []), *(f"--path={path}" for path in paths)]
        return parse_snapshots(await self.command.read("snapshots", "--json", *options))

    async def get_snapshot(self, snapshot_id: str) -> ResticSnapshot:
        """Read one snapshot by its id or at least the first 8 digits of it.

        Raises:
            BadResticArgument: not hexadecimal digits.
            SnapshotNotFound: there is none, or the digits are not enough to tell one.
        """
        found = parse_snapshots(await self.command.read("snapshots", "--json", "--", _checked_id(snapshot_id)))
        if len(found) != 1:
            raise SnapshotNotFound(f"Snapshot {snapshot_id[:8]} was not found.")
        return found[0]

    async def relabel(self, snapshot_id: str, *, remove: Iterable[str], add: Iterable[str]) -> None:
        """Change a snapshot's tags, which gives it a new id; ``original`` keeps the first one."""
        changes = [
            *(f"--remove={_checked_tag(tag)}" for tag in remove),
            *(f"--add={_checked_tag(tag)}" for tag in add),
        ]
        await self.command.require_writable()
        await self.command.write("tag", *changes, "--", _checked_id(snapshot_id))

    async def rename_instance(self, old: str, new: str) -> None:
        """Make the snapshots of one panel those of another, by their tags."""
        tags = (f"--tag=instance:{old}", f"--remove=instance:{old}", f"--add=instance:{new}")
        for one in (old, new):
            _checked_tag(one)
        await self.command.require_writable()
        await self.command.write("tag", *tags)

    async def delete(self, snapshot_id: str) -> None:
        """Remove one snapshot; what only it used stays in the repository until a prune.

        Raises:
            SnapshotNotFound: there is none.
            RepositoryKeepsAll: it is still there.
        """
        found = await self.get_snapshot(snapshot_id)
        await upkeep.forget(self.command, [found.id])


def _checked_id(snapshot_id: str) -> str:
    if not _ID.fullmatch(snapshot_id):
        raise BadResticArgument("A snapshot's id has 8 to 64 hexadecimal digits.")
    return snapshot_id


def _checked_paths(paths: list[Path]) -> tuple[Path, ...]:
    """Return where those that are no links lie really.

    Checks what restic does not: 0.14 skips a missing path and calls it a success.
    """
    if not paths:
        raise BadResticArgument("There is nothing to back up: no path was given.")
    for path in paths:
        if "\0" in str(path) or not path.is_absolute():
            raise BadResticArgument("A path to back up must be absolute.")
        if not os.path.lexists(path):
            raise BackupPathMissing(f"{path.name} is not there, so it cannot be backed up.")
    return tuple(Path(os.path.realpath(path.parent), path.name) for path in paths if not path.is_symlink())


def _checked_tag(tag: str) -> str:
    if not _TAG.fullmatch(tag):  # restic would make two tags of one with a comma
        raise BadResticArgument("A tag must not be empty and has neither commas nor blanks.")
    return tag
