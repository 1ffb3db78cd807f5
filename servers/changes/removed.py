"""Servers that were removed: they lie in ``.removed/`` until somebody brings them back or they are purged."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

from core.errors import Conflict, InvalidRequest
from core.paths import Entry, FileExists, FileMissing, Root, delete, list_directories, mount_points_at_or_below, move
from servers import wiring
from servers.changes import actions
from servers.docker.cli import EngineUnreachable
from servers.docker.engine import DockerManager
from servers.minecraft.instance import ServerExists
from servers.minecraft.lifecycle import REMOVED_DIRECTORY
from servers.minecraft.manager import SERVER_ID
from servers.records import incarnations, operation_rows
from servers.records.incarnations import RemovedNotFound

# <id>-<time> of `remove`; <id>-before-<operation> of a restore is not a removed server, but purged like one.
_NAME = re.compile(rf"({SERVER_ID})-([0-9]{{8}}T[0-9]{{12}}Z)")
_REPLACED = re.compile(rf"({SERVER_ID})-before-[0-9a-f-]{{36}}")


@dataclass(frozen=True, slots=True)
class Removed:
    """One directory below ``.removed/``."""

    name: str
    server_id: str
    removed_at: datetime


async def listed() -> list[Removed]:
    """List what was removed, the oldest first."""
    return await asyncio.to_thread(_listed)


async def restore(name: str) -> str:
    """Move a removed server back and return its id; it is not started.

    Raises:
        RemovedNotFound: nothing has that name.
        ServerExists: a server has its id now.
    """
    found = next((one for one in await listed() if one.name == name), None)
    if found is None:
        raise RemovedNotFound(f"There is no removed server {name[:80]!r}. `servers --removed` lists them.")
    try:
        await asyncio.to_thread(_move_back, found)
    except FileExists:
        raise ServerExists(f"A server named {found.server_id!r} exists. Remove or rename it first.") from None
    await operation_rows.in_database(incarnations.note_restored, name, server_id=found.server_id)
    await actions.check_project(found.server_id)
    return found.server_id


async def purge(names: Sequence[str], *, keep_days: int, dry_run: bool = False) -> list[str]:
    """Delete the named ones, or, with no name, those that were removed more than ``keep_days`` ago.

    What a restore replaced counts as removed when it was replaced.

    Returns:
        The names of what is gone.

    Raises:
        RemovedNotFound: one of the names is none; nothing was deleted.
        InvalidRequest: ``keep_days`` is negative.
    """
    if keep_days < 0:
        raise InvalidRequest("Days cannot be negative.")
    bases = [_root(), *await _volumes()]
    found = {one.name: one for one in (*await listed(), *await asyncio.to_thread(_replaced, bases))}
    missing = [name for name in names if name not in found]
    if missing:
        raise RemovedNotFound(f"There is no removed server {missing[0][:80]!r}. `servers --removed` lists them.")
    before = datetime.now(UTC) - timedelta(days=keep_days)
    gone = list(names) or [one.name for one in found.values() if one.removed_at < before]
    for name in () if dry_run else gone:
        await asyncio.to_thread(_delete, name, bases)
        await operation_rows.in_database(incarnations.note_purged, name)
    return gone


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


def _replaced(bases: Iterable[Path]) -> list[Removed]:
    """List what restores have put aside: moving it there was the last change to it."""
    entries: list[Entry] = []
    for base in bases:
        with suppress(FileMissing), Root(base) as root:
            entries += root.entries(REMOVED_DIRECTORY)
    matches = [(_REPLACED.fullmatch(entry.name), entry.info.st_ctime) for entry in entries]
    return [Removed(match[0], match[1], datetime.fromtimestamp(at, UTC)) for match, at in matches if match]


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)


def _move_back(one: Removed) -> None:
    with Root(_root()) as root:
        move(root, f"{REMOVED_DIRECTORY}/{one.name}", one.server_id)


def _delete(name: str, bases: Sequence[Path]) -> None:
    """Delete what has the name; nothing of it where a disk is mounted in one: that would be emptied."""
    for base in bases:
        if mounted := mount_points_at_or_below(base / REMOVED_DIRECTORY / name):
            raise Conflict(f"{mounted[0]} is mounted in what {name} holds. Unmount it first; nothing was deleted.")
    for base in bases:
        with suppress(FileMissing), Root(base) as root:
            delete(root, f"{REMOVED_DIRECTORY}/{name}")
