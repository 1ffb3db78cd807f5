"""Servers that were removed: they lie in ``.removed/`` until somebody brings them back or they are purged."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from core.errors import Conflict, InvalidRequest
from core.paths import Entry, FileExists, FileMissing, Root, delete, list_directories, mount_points_at_or_below, move
from servers import wiring
from servers.changes.actions import ProjectClash, check_project
from servers.docker.cli import EngineUnreachable
from servers.docker.engine import DockerManager
from servers.minecraft.instance import ServerExists
from servers.minecraft.lifecycle import REMOVED_DIRECTORY
from servers.minecraft.manager import SERVER_ID
from servers.operations import kinds
from servers.operations.caller import Caller
from servers.operations.kinds import OperationKind
from servers.operations.progress import Progress
from servers.operations.runner import Job
from servers.records import incarnations, operation_rows
from servers.records.incarnations import RemovedNotFound

# <id>-<time> of `remove`; <id>-before-<operation> of a restore is not a removed server, but purged like one.
REMOVED_NAME = rf"{SERVER_ID}-[0-9]{{8}}T[0-9]{{12}}Z"
_NAME = re.compile(rf"({SERVER_ID})-([0-9]{{8}}T[0-9]{{12}}Z)")
_REPLACED = re.compile(rf"({SERVER_ID})-before-[0-9a-f-]{{36}}")
_DELETING = ".deleting-"  # and its name: what a deletion has begun with is never brought back by halves
RESTORE = kinds.register(OperationKind(name="restore_removed", done="back"))
PURGE = kinds.register(OperationKind(name="purge_removed"))


@dataclass(frozen=True, slots=True)
class Removed:
    """One directory below ``.removed/``."""

    name: str
    server_id: str
    removed_at: datetime


async def listed() -> list[Removed]:
    """List what was removed, the oldest first."""
    return await asyncio.to_thread(_listed)


async def find(name: str) -> Removed:
    """Return the removed server of that name; raises RemovedNotFound."""
    found = next((one for one in await listed() if one.name == name), None)
    if found is None:
        raise not_found(name)
    return found


def not_found(name: str) -> RemovedNotFound:
    """Return the error of a name that nothing has, or nothing that the caller may see."""
    return RemovedNotFound(f"There is no removed server {name[:80]!r}. The list of removed servers has their names.")


async def restore_job(name: str, *, by: Caller) -> Job:
    """Return the job that moves a removed server back; it is not started.

    Raises:
        RemovedNotFound: nothing has that name.
        ServerExists: a server has its id now.
    """
    found = await find(name)
    await asyncio.to_thread(_require_free, found.server_id)

    async def work(progress: Progress) -> dict[str, Any]:
        await asyncio.to_thread(_require_free, found.server_id)
        # Before it is there: killed in between, it is restored again, and who was given it has it.
        await operation_rows.in_database(incarnations.note_restored, name, server_id=found.server_id)
        await asyncio.to_thread(_move_back, found)
        await operation_rows.in_database(incarnations.forget_removed, name)
        try:
            await check_project(found.server_id)
        except ProjectClash as clash:
            progress.warn(clash.words_without_name)
        return {"server": found.server_id}

    return Job(kind=RESTORE, server_id=found.server_id, work=work, by=by, leases=(_lease(name),))


async def purge_job(names: Sequence[str], *, by: Caller) -> Job:
    """Return the job that deletes the named ones for good; raises RemovedNotFound as ``purge``."""
    chosen = await purge(names, keep_days=0, dry_run=True)

    async def work(progress: Progress) -> dict[str, Any]:
        for name in chosen:
            await purge([name], keep_days=0)
            progress.line(f"Deleted {name}.")
        return {"deleted": chosen}

    return Job(kind=PURGE, work=work, by=by, leases=tuple(map(_lease, chosen)))


async def purge(names: Sequence[str], *, keep_days: int, dry_run: bool = False) -> list[str]:
    """Delete the named ones, or, with no name, those that were removed more than ``keep_days`` ago.

    What a restore replaced counts as removed when it was replaced.

    What a purge before had begun to delete and did not end is old, however young. ``purge_job`` holds leases for it.

    Returns:
        The names of what is gone.

    Raises:
        RemovedNotFound: one of the names is none; nothing was deleted.
        InvalidRequest: ``keep_days`` is negative.
    """
    if keep_days < 0:
        raise InvalidRequest("Days cannot be negative.")
    bases = [_root(), *await _volumes()]
    others = await asyncio.to_thread(_replaced_and_begun, bases)
    found = {one.name: one for one in (*others, *await listed())}
    missing = [name for name in names if name not in found]
    if missing:
        raise not_found(missing[0])
    before = datetime.now(UTC) - timedelta(days=keep_days)
    gone = list(names) or [one.name for one in found.values() if one.removed_at < before]
    for name in () if dry_run else gone:
        await asyncio.to_thread(_delete, name, bases)
        await operation_rows.in_database(incarnations.forget_removed, name)
    return gone


def _lease(name: str) -> str:
    return f"removed:{name}"


def _root() -> Path:
    return Path(settings.MC_ADMIN.server_path)


def _listed() -> list[Removed]:
    try:
        names = list_directories(_root() / REMOVED_DIRECTORY)
    except FileNotFoundError:
        return []
    matches = [match for name in names if (match := _NAME.fullmatch(name))]
    found = [Removed(match[0], match[1], _time(match[2])) for match in matches]
    return sorted(found, key=lambda one: one.removed_at)


async def _volumes() -> list[Path]:
    """List the folders of the engine's volumes in which a restore has put something aside.

    Without an engine there is none: the next purge finds what is left.
    """
    try:
        top = await DockerManager(wiring.cli()).volumes_folder()
    except EngineUnreachable:
        return []
    return await asyncio.to_thread(_with_removed, top) if top is not None else []


def _with_removed(top: Path) -> list[Path]:
    try:
        return [top / name for name in list_directories(top) if (top / name / REMOVED_DIRECTORY).is_dir()]
    except OSError:  # not to be seen from here, so nothing was put aside there either
        return []


def _replaced_and_begun(bases: Iterable[Path]) -> list[Removed]:
    """List what restores have put aside, and by the name that it had what a purge did not end.

    Moving the former there was the last change to it.
    """
    entries: list[Entry] = []
    for base in bases:
        with suppress(FileMissing), Root(base) as root:
            entries += root.entries(REMOVED_DIRECTORY)
    found = []
    for entry in entries:
        name = entry.name.removeprefix(_DELETING)
        is_begun = name != entry.name
        if match := _REPLACED.fullmatch(name) or (_NAME.fullmatch(name) if is_begun else None):
            at = datetime.min.replace(tzinfo=UTC) if is_begun else datetime.fromtimestamp(entry.info.st_ctime, UTC)
            found.append(Removed(name, match[1], at))
    return found


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)


def _require_free(server_id: str) -> None:
    with Root(_root()) as root:
        if root.lstat(server_id) is not None:
            raise _exists(server_id)


def _exists(server_id: str) -> ServerExists:
    return ServerExists(f"A server named {server_id!r} exists. Remove or rename it first.")


def _move_back(one: Removed) -> None:
    try:
        with Root(_root()) as root:
            move(root, f"{REMOVED_DIRECTORY}/{one.name}", one.server_id)
    except FileExists:
        raise _exists(one.server_id) from None
    except FileMissing:  # purged just now
        raise not_found(one.name) from None


def _delete(name: str, bases: Sequence[Path]) -> None:
    """Delete what has the name; nothing of it where a disk is mounted in one: that would be emptied.

    It loses its name first: killed in the middle, what is left is no removed server any more.
    """
    for base in bases:
        if mounted := mount_points_at_or_below(base / REMOVED_DIRECTORY / name):
            raise Conflict(f"{mounted[0]} is mounted in what {name} holds. Unmount it first; nothing was deleted.")
    for base in bases:
        with suppress(FileMissing), Root(base) as root:
            begun = f"{REMOVED_DIRECTORY}/{_DELETING}{name}"
            with suppress(FileMissing):
                delete(root, begun)
            move(root, f"{REMOVED_DIRECTORY}/{name}", begun)
            delete(root, begun)
