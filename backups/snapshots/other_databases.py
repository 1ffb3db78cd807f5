"""Databases that are not SQLite, of which no sound copy is made: files of H2 (``*.mv.db``), folders of LevelDB.

Each is looked at just before and just after restic reads it: one that was written meanwhile may be torn in the
snapshot, which then says so. Blocking.
"""

import posixpath
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import islice
from stat import S_ISDIR

from core.errors import AppError
from core.paths import Root, walk
from servers.minecraft.data_root import DataRoot

H2_ENDINGS = (".mv.db", ".h2.db")
LEVELDB_FILE = "CURRENT"  # each folder of a LevelDB, or of a RocksDB, has it
MAX_FOUND = 64  # a game is held still while they are looked at
MAX_FILES = 1024  # of one LevelDB

_Place = tuple[DataRoot, str]
_Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass
class OtherDatabases:
    """What of them a snapshot holds.

    Attributes:
        places: the game's files and the path there of each; a folder for a LevelDB.
        written: those that changed during the copy, by server.
    """

    places: list[_Place] = field(default_factory=list)
    written: dict[str, list[str]] = field(default_factory=dict)
    _before: list[tuple[_Place, _Stamp | None]] = field(default_factory=list)

    def add(self, root: DataRoot, data: Root, candidates: list[str]) -> None:
        """Add those of ``candidates`` that are databases; of a Bedrock world the level speaks already."""
        for path in candidates:
            folder = posixpath.dirname(path)
            if path.endswith(H2_ENDINGS):
                self._add((root, path))
            elif posixpath.basename(path) == LEVELDB_FILE and not _is_a_worlds(data, folder):
                self._add((root, folder))

    def _add(self, place: _Place) -> None:
        if len(self.places) < MAX_FOUND:
            self.places.append(place)

    def look(self) -> None:
        """Remember how they are before the copy."""
        self._before = [(place, _stamp(*place)) for place in self.places]

    def judge(self) -> None:
        """Find those that are not as they were."""
        found = defaultdict(list)
        for (root, path), before in self._before:
            if before is not None and _stamp(root, path) != before:
                found[root.server_id].append(path)
        self.written = dict(found)


def _is_a_worlds(data: Root, folder: str) -> bool:
    return data.lstat(posixpath.join(posixpath.dirname(folder), "level.dat")) is not None


def _stamp(root: DataRoot, path: str) -> _Stamp | None:
    """Return what a write changes; None where nothing can be seen, which the copy itself tells."""
    try:
        with root.hold() as data:
            info = data.lstat(path)
            if info is None:
                return None
            if not S_ISDIR(info.st_mode):
                return ((path, info.st_ino, info.st_mtime_ns, info.st_size),)
            nodes = islice(walk(data, path, unreadable=lambda _: None), MAX_FILES)
            return tuple((node.path, node.info.st_ino, node.info.st_mtime_ns, node.info.st_size) for node in nodes)
    except AppError:
        return None
