"""What a copy would read, and which files are left out of it because that would take for ever. Blocking.

A program in a game can make a file of 8 TiB that takes no room on the disk, or give one file a thousand names. restic
reads every byte of them, five seconds for each GiB, while the game is held still.
"""

import math
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from stat import S_ISREG

from backups import wiring
from backups.repository import placement
from backups.restic.labels import Scope
from backups.restic.patterns import Patterns, escape
from backups.snapshots import excludes
from backups.snapshots.scope import Target
from core.errors import AppError, Conflict
from core.paths import Node, Root, hole_bytes, is_directory, printable, walk
from servers.docker.folders import open_server
from servers.minecraft.data_root import DataKind, DataRoot

MAX_WASTED_BYTES = 4 * 1024**3  # of one server, read for nothing
LEAST_BYTES = 1024**2  # of a single file: less does not count
MAX_FOUND = 100_000
MAX_NAMED = 100
MAX_NAMED_BYTES = 32 * 1024  # they are words of a command, which takes only so many
SPARE_BYTES = 16 * 1024**3  # by which a copy may read more than was there when it began

_SIZES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


class TooMuchToRead(Conflict):
    """A copy would read more than there is on the disk."""

    code = "too_much_to_read"


@dataclass(frozen=True, slots=True)
class ToRead:
    """What a copy of one server reads.

    Attributes:
        size_bytes: of the files, without what is left out.
        patterns: of files that are left out although nobody asked for it, as restic takes them.
        told: a sentence about them; empty where there are none.
    """

    size_bytes: float = 0
    patterns: tuple[str, ...] = ()
    told: str = ""

    def with_more(self, other: "ToRead") -> "ToRead":
        """Return both together."""
        told = " ".join(filter(None, (self.told, other.told)))
        return ToRead(self.size_bytes + other.size_bytes, self.patterns + other.patterns, told)


def look(opened: Root, folder: Path, inside: str, *, server_id: str, left_out: list[str]) -> ToRead:
    """Add up what a copy would read, and choose what to leave out so that little of it is read for nothing.

    Args:
        opened: ``folder``, which is closed behind it.
        folder: the real path of what is copied as a whole: a server's folder, or a volume's.
        inside: path in it that shall be copied; "" is all.
        server_id: whose it is, for the sentences.
        left_out: patterns of what is not copied anyhow.

    Raises:
        TooMuchToRead: more such files than could be named.
    """
    is_left_out, size, seen = Patterns(left_out).match, 0, set[tuple[int, int]]()
    found: list[tuple[int, str]] = []
    with opened as root:
        for node in _files(root, inside):
            size += node.info.st_size
            wasted = _wasted(node, seen)
            if wasted < LEAST_BYTES or is_left_out(f"{folder}/{node.path}"):
                continue
            found.append((wasted, node.path))
            if len(found) > MAX_FOUND:
                raise _too_many(server_id, len(found))
    found.sort()
    total = sum(wasted for wasted, _ in found)
    chosen: list[tuple[int, str]] = []
    while total > MAX_WASTED_BYTES:
        chosen.append(found.pop())
        total -= chosen[-1][0]
        size -= chosen[-1][0]
    if not chosen:
        return ToRead(size)
    patterns = tuple(escape(f"{folder}/{path}") for path in _named(server_id, [path for _, path in chosen]))
    return ToRead(size, patterns, _sentence(server_id, chosen))


class Reading:
    """What one snapshot would read; each look is blocking.

    Attributes:
        of_servers: by server.
    """

    def __init__(self) -> None:
        self.of_servers: dict[str, ToRead] = {}
        self._around: list[ToRead] = []
        self._looked_at: set[Path] = set()

    def look(self, target: Target, data: DataRoot) -> None:
        """Look at what of a server, whose game has its files in ``data``, is in ``target``.

        Raises:
            TooMuchToRead, RepositoryInServer.
            AppError: as ``open_server`` and ``DataRoot.hold``.
        """
        name, left_out = data.server_id, excludes.usable_patterns(data)
        folders = [data.real_directory, data.path] if data.kind is DataKind.VOLUME else [data.real_directory]
        placement.require_outside(folders, wiring.section())
        if target.scope is Scope.PATH:
            inside = str(target.path.relative_to(data.path))
            found = look(data.hold(), data.path, "" if inside == "." else inside, server_id=name, left_out=left_out)
            self._looked_at.add(target.path)
        else:
            folder = open_server(data.directory)
            found = look(folder, data.real_directory, "", server_id=name, left_out=left_out)
            self._looked_at.add(data.real_directory)
            if data.volume:
                more = look(data.hold(), data.path, "", server_id=name, left_out=left_out)
                found = found.with_more(more)
                self._looked_at.add(data.path)
        self.of_servers[name] = found

    def look_around(self, server_path: Path, servers: Collection[str]) -> None:
        """Look at what else lies in the folder of all servers."""
        self._around = []
        self._looked_at.add(server_path)
        with Root(server_path) as held:
            for one in held.entries():
                if one.is_link or one.name in servers or one.name.startswith("."):
                    continue
                try:
                    is_file = not is_directory(one.info)
                    found = ToRead(one.info.st_size) if is_file else _look_at_folder(server_path / one.name)
                except AppError:  # nobody knows: then there is no limit
                    found = ToRead(math.inf)
                self._around.append(found)

    @property
    def around(self) -> list[ToRead]:
        """What else was found to be left out."""
        return [one for one in self._around if one.patterns]

    def limit_bytes(self, paths: Iterable[Path]) -> float:
        """Return how much a copy of ``paths`` may read at most: files grow meanwhile, but not by any amount.

        There is no limit for what nobody has looked at.
        """
        if not self._looked_at.issuperset(paths):
            return math.inf
        return 2 * sum(one.size_bytes for one in (*self.of_servers.values(), *self._around)) + SPARE_BYTES


def _look_at_folder(folder: Path) -> ToRead:
    return look(open_server(folder), folder, "", server_id=folder.name, left_out=[])


def size_text(size_bytes: float) -> str:
    """Return a size as people read it, such as ``8.0 TiB``."""
    unit = 0
    while size_bytes >= 1024 and unit < len(_SIZES) - 1:
        size_bytes, unit = size_bytes / 1024, unit + 1
    return f"{size_bytes:.1f} {_SIZES[unit]}"


def _files(root: Root, inside: str) -> Iterator[Node]:
    """Yield the regular files at and below a path; what cannot be looked at is told by the copy itself."""
    info = root.lstat(inside) if inside else None
    if info is not None and S_ISREG(info.st_mode):
        with root.parent(inside) as (fd, name):
            yield Node(inside, name, info, fd)
        return
    with suppress(AppError):
        yield from (node for node in walk(root, inside, unreadable=lambda _: None) if node.is_file)


def _wasted(node: Node, seen: set[tuple[int, int]]) -> int:
    """Return how many bytes of a file are read for nothing: its holes, or all where it was met by another name."""
    if node.info.st_nlink > 1:
        own = (node.info.st_dev, node.info.st_ino)
        if own in seen:
            return node.info.st_size
        seen.add(own)
    return hole_bytes(node) if node.info.st_size >= LEAST_BYTES else 0


def _named(server_id: str, paths: list[str]) -> list[str]:
    """Return the paths, or the folders that hold them where there are too many."""
    named = set(paths)
    while len(named) > MAX_NAMED or sum(len(os.fsencode(path)) for path in named) > MAX_NAMED_BYTES:
        deepest = max(path.count("/") for path in named)
        if deepest <= 1:  # its parent is all of the data
            raise _too_many(server_id, len(paths))
        named = {str(PurePosixPath(path).parent) if path.count("/") == deepest else path for path in named}
    return sorted(named)


def _too_many(server_id: str, number: int) -> TooMuchToRead:
    return TooMuchToRead(
        f"{server_id}: {number} files or more pretend to be larger than they are, so a copy would take for ever. "
        "Delete them, or name their folders in the list of what to leave out."
    )


def _sentence(server_id: str, chosen: list[tuple[int, str]]) -> str:
    files = ", ".join(f"{printable(path)} ({size_text(wasted)})" for wasted, path in chosen[:3])
    more = f" and {len(chosen) - 3} more" if len(chosen) > 3 else ""
    return (
        f"{server_id}: left out, because a copy would read for hours what takes no room on the disk (holes, or further "
        f"names of one file): {files}{more}. Delete them, or name them in the list of what to leave out."
    )
