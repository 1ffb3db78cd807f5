"""Databases of plugins in a snapshot: one that is written while restic copies it comes back torn.

``flushed`` speaks of the world. So each SQLite database that a running game may be writing is copied soundly before,
and restic is shown that copy in its place, in mounts of its own. Where that fails, the snapshot names the database.
Of other databases no such copy is known: those that are written meanwhile are named.
"""

import asyncio
import logging
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from stat import S_ISDIR

from backups import wiring
from backups.restic.labels import Labels
from backups.restic.patterns import escape
from backups.snapshots import database_copies
from backups.snapshots.other_databases import LEVELDB_FILE, OtherDatabases
from backups.snapshots.scope import Target
from core import confinement, database_exec
from core.confined_exec import MOUNTS
from core.errors import AppError
from core.paths import Root, printable, walk
from servers.minecraft.data_root import DataKind, DataRoot
from servers.minecraft.instance import MCInstance

logger = logging.getLogger(__name__)

FOLDER = "databases"  # beside restic's cache
ENDINGS = (".db", ".db3", ".sqlite", ".sqlite3")
MAGIC = b"SQLite format 3\0"
MAX_BYTES = database_exec.MAX_FILE_BYTES  # of one with its journal: a writer in rollback mode waits meanwhile
MAX_TOTAL_BYTES = 2 * 1024**3  # of all copies of a snapshot
MAX_COUNT = 64  # each is a word of a command
TIME_S = 120.0  # for all of a snapshot: a game that keeps its own locked holds up no backup
CHECK_S = 60.0  # of that, for one: its schema can make each row slow
MAX_NAMED = 5
_COMPANIONS = (*database_copies.COMPANIONS, "-shm")


@dataclass
class Databases:
    """What one snapshot has instead of databases that are being written.

    Attributes:
        instead: a sound copy by the path of the database, both absolute.
        unsound: those of which there is none, each with the reason, by server.
        others: those that are no SQLite, of which there never is one.
    """

    instead: dict[Path, Path] = field(default_factory=dict)
    unsound: dict[str, list[str]] = field(default_factory=dict)
    others: OtherDatabases = field(default_factory=OtherDatabases)

    def warnings(self, labels: Labels) -> list[str]:
        """Sentences about those that may be torn, at most two for each server; whether its world is, the level says."""
        written = {name: [printable(one) for one in found] for name, found in self.others.written.items()}
        return [
            _may_be_torn(name, which, is_world_whole=level.is_consistent)
            for found in (self.unsound, written) for name, which in found.items() if (level := labels.level_of(name))
        ]

    @property
    def patterns(self) -> list[str]:
        """What restic leaves out beside the copies: a log of the original would undo them."""
        return [escape(f"{path}{suffix}") for path in self.instead for suffix in _COMPANIONS]


@dataclass(frozen=True)
class Checked:
    """What was found in the databases of a restored tree: sentences, none where all is well."""

    broken: list[str]
    unchecked: list[str]


@dataclass
class _Left:
    """What the copies of one snapshot, of all its servers, may still take."""

    end: float
    bytes: int = field(default_factory=lambda: MAX_TOTAL_BYTES)


@dataclass(frozen=True)
class _Found:
    path: str
    info: os.stat_result


@asynccontextmanager
async def copied(
    target: Target, instances: Iterable[MCInstance], roots: Mapping[str, DataRoot]
) -> AsyncIterator[Databases]:
    """Copy the databases in ``target`` that running games may be writing, for as long as the block takes.

    One job writes in a repository at a time, so what is left in the folder is of one that died.
    """
    folder = wiring.cache_folder() / FOLDER
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    databases, left = Databases(), _Left(time.monotonic() + TIME_S)
    try:
        for instance in instances:
            root = roots[instance.name]
            try:
                container = await instance.get_container()
                if container is None or not container.is_running or root.kind is DataKind.ELSEWHERE:
                    continue
                found = await asyncio.to_thread(_in_use, root, target, container.started_at, databases.others)
                await _copy_all(databases, folder, root, found, left)
            except AppError as error:  # what is wrong with the server is told by the rest of the snapshot
                logger.info("the databases of %s were not looked at: %s", instance.name, error)
        yield databases
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _copy_all(databases: Databases, folder: Path, root: DataRoot, found: list[_Found], left: _Left) -> None:
    unsound: list[str] = []
    base = await asyncio.to_thread(lambda: root.path)
    can_show = MOUNTS in await confinement.available()
    for one in found:
        copy = folder / f"{len(databases.instead)}"
        try:
            if not can_show:
                raise database_copies.NoSoundCopy("this machine has no private mounts for restic")
            _check_may_go_on(len(databases.instead), left.end)
            await _copy_one(root, one, copy, left)
        except (AppError, OSError) as error:
            await asyncio.to_thread(shutil.rmtree, copy, ignore_errors=True)
            unsound.append(f"{printable(one.path)} ({error})")
            continue
        databases.instead[base / one.path] = copy / "copy"
    if unsound:
        databases.unsound[root.server_id] = unsound


def _may_be_torn(server_id: str, which: list[str], *, is_world_whole: bool) -> str:
    although = ", although the world is not" if is_world_whole else ""
    return (
        f"{server_id}: databases that are being written may be torn in the snapshot{although}: "
        f"{_named(which)}. A snapshot of the stopped server has them whole."
    )


def _check_may_go_on(done: int, end: float) -> None:
    if done >= MAX_COUNT:
        raise database_copies.NoSoundCopy("there are too many")
    if time.monotonic() > end:
        raise database_copies.NoSoundCopy("no time was left for it")


def _named(databases: list[str]) -> str:
    more = f" and {len(databases) - MAX_NAMED} more" if len(databases) > MAX_NAMED else ""
    return f"{', '.join(databases[:MAX_NAMED])}{more}"


async def _check(copy: Path, end: float) -> str:
    """Return what is wrong with a copy, within what is left of the time; raises AppError."""
    return await database_copies.check(copy, timeout_s=min(CHECK_S, max(end - time.monotonic(), 0.1)))


async def _copy_one(root: DataRoot, found: _Found, folder: Path, left: _Left) -> None:
    """Make a sound copy at ``folder/copy``, and take what it has off what is left; raises AppError."""
    copy = folder / "copy"
    written = await asyncio.to_thread(_take, root, found, copy, min(MAX_BYTES, left.bytes))
    problem = await _check(copy, left.end)
    if problem:
        raise database_copies.NoSoundCopy(f"it is broken itself: {problem}")
    await asyncio.to_thread(database_copies.dress, copy, found.info)

    # Its log is in the copy by now, and restic reads holes, too.
    left.bytes -= max(written, (await asyncio.to_thread(copy.stat)).st_size)


async def check_restored(held: Root, copies: Path, *, end: float) -> Checked:
    """Look at the SQLite databases of a restored tree until ``end`` (monotonic); they are opened in ``copies``."""
    broken, unchecked = [], []
    for number, one in enumerate(await asyncio.to_thread(_databases, held, "")):
        copy = copies / str(number) / "copy"
        try:
            _check_may_go_on(number, end)
            await asyncio.to_thread(_take_restored, held, one, copy)
            problem = await _check(copy, end)
        except (AppError, OSError) as error:
            unchecked.append(f"{printable(one.path)} ({error})")
            continue
        finally:
            await asyncio.to_thread(shutil.rmtree, copies, ignore_errors=True)
        if problem:
            broken.append(f"the database {printable(one.path)} came back broken: {problem}")
    return Checked(broken, [f"databases that were not looked at: {_named(unchecked)}."] if unchecked else [])


def _take_restored(held: Root, one: _Found, copy: Path) -> None:
    copy.parent.mkdir(mode=0o700, parents=True)
    database_copies.copy_database(held, one.path, copy, most_bytes=MAX_BYTES)


def _take(root: DataRoot, found: _Found, copy: Path, most_bytes: int) -> int:
    copy.parent.mkdir(mode=0o700, parents=True)
    with root.hold() as data:
        return database_copies.copy_database(data, found.path, copy, most_bytes=most_bytes)


def _in_use(root: DataRoot, target: Target, since: datetime | None, others: OtherDatabases) -> list[_Found]:
    """List the databases that changed since the game started: the rest nobody writes. Blocking.

    Those that are no SQLite are added to ``others``.
    """
    inside = ""
    if target.data is not None:
        inside = str(target.path.relative_to(root.path))
    with root.hold() as data:
        if not since:
            return []
        candidates = _candidates(data, "" if inside == "." else inside)
        others.add(root, data, [one.path for one in candidates])
        return [one for one in candidates if _changed(data, one, since) and _is_database(data, one.path)]


def _changed(data: Root, found: _Found, since: datetime) -> bool:
    others = [data.lstat(found.path + suffix) for suffix in database_copies.COMPANIONS]
    times = [found.info.st_mtime, *(info.st_mtime for info in others if info is not None)]
    return max(times) >= since.timestamp()


def _databases(data: Root, inside: str) -> list[_Found]:
    """List the SQLite databases at and below a path."""
    return [one for one in _candidates(data, inside) if _is_database(data, one.path)]


def _candidates(data: Root, inside: str) -> list[_Found]:
    """List what a database may be in, by name; what cannot be looked at is told by the copy itself."""
    info = data.lstat(inside) if inside else None
    if info is not None and not S_ISDIR(info.st_mode):
        return [_Found(inside, info)]
    nodes = walk(data, inside, unreadable=lambda _: None)
    return [
        _Found(node.path, node.info) for node in nodes
        if node.is_file and (node.name.endswith(ENDINGS) or node.name == LEVELDB_FILE)
    ]


def _is_database(data: Root, path: str) -> bool:
    try:
        with os.fdopen(data.open_file(path, follow=False), "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (AppError, OSError):
        return False
