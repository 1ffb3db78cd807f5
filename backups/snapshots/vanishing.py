"""Files that go away while they are copied: which of them are missing in a snapshot, and which never mattered.

A game and its plugins delete and replace files all the time. restic lists a folder and comes to its files later; what
is gone by then it names (0.14) or passes over without a word (from 0.17), world or not. So the files of the worlds
are listed before and after. Blocking.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice

from backups.restic.snapshot import ResticSnapshotWithSummary
from backups.snapshots import excludes
from backups.snapshots.scope import Target
from core.errors import AppError
from core.paths import Root, printable
from servers.docker.folders import open_server
from servers.minecraft.data_root import DataRoot

MAX_FILES = 200_000  # of one server's worlds, that are remembered
# Written beside a file to take its place, or a lock: to be gone is what they are made for.
_TEMPORARY = re.compile(
    r".*(\.(tmp|temp|part|lock|lck|swp)|~|_new|_old|-(journal|wal|shm))|level\d+\.dat", re.IGNORECASE
)
_OF_A_WORLD = re.compile(r"(.*/)?(level\.dat|[^/]*\.mc[ac]|(region|entities|poi|playerdata|players)(/.*)?)")

Hold = Callable[[], Root]


class WorldFiles:
    """The files of worlds that a copy must find."""

    def __init__(self) -> None:
        self._roots: Sequence[DataRoot] = ()
        self._before: dict[str, frozenset[str]] = {}
        self._top = ""

    def look(self, target: Target, roots: Sequence[DataRoot]) -> None:
        """Remember what is there just before a copy of ``target``, which holds the files in ``roots``."""
        self._roots = roots
        self._top = f"{target.path}" if target.data is not None else ""
        self._before = {root.server_id: self._present(root) for root in roots}

    def judge(self, made: ResticSnapshotWithSummary, tell: Callable[[str], None]) -> ResticSnapshotWithSummary:
        """Return what was made, with a warning of each thing that went away and is missing; ``tell`` of the others."""
        gone = {root.server_id: self._gone(root) for root in self._roots}
        holes = [_sentence(server, names) for server, names in gone.items() if names]
        passing = []
        for one in made.vanished:
            hold, inside = self._find(one.path)
            if any(f"{name}/".startswith(f"{inside}/") for names in gone.values() for name in names):
                continue  # it is named already
            if _is_missing(hold, inside):
                holes.append(one.sentence)
            else:
                passing.append(one.sentence)
        if passing:
            tell(f"{len(passing)} files were deleted before they were copied, as games do: {'; '.join(passing[:3])}")
        return made.model_copy(update={"warnings": [*holes, *made.warnings]})

    def _gone(self, root: DataRoot) -> list[str]:
        """Return the files of a server's worlds that are there no more."""
        before = self._before.get(root.server_id, frozenset())
        left = before - self._present(root) if before else frozenset()
        return sorted(name for name in left if not _is_there(root.hold, name))

    def _present(self, root: DataRoot) -> frozenset[str]:
        try:
            names = (
                name for name in excludes.world_files(root)
                if not self._top or f"{root.path}/{name}/".startswith(f"{self._top}/")
            )
            return frozenset(islice(names, MAX_FILES))
        except AppError:  # nothing that could be read: the copy says so itself
            return frozenset()

    def _find(self, path: str) -> tuple[Hold | None, str]:
        """Return what opens the folder of a server, or of its game's files, that a path lies in, and where there."""
        for root in self._roots:
            if path.startswith(f"{root.path}/"):
                return root.hold, path[len(f"{root.path}/") :]
            if path.startswith(f"{root.real_directory}/"):
                return partial(open_server, root.directory), path[len(f"{root.real_directory}/") :]
        return None, path


def _sentence(server_id: str, names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    named = f"{', '.join(map(printable, names[:3]))}{more}"
    return f"{server_id}: files of the world went away while they were copied: {named}."


def _is_missing(hold: Hold | None, inside: str) -> bool:
    """Tell whether something that went away is part of a world, or is there again and not in the copy."""
    if _TEMPORARY.fullmatch(inside.rpartition("/")[2]):
        return False
    return hold is None or _OF_A_WORLD.fullmatch(inside) is not None or _is_there(hold, inside)


def _is_there(hold: Hold, path: str) -> bool:
    try:
        with hold() as held:
            return held.lstat(path) is not None
    except AppError:
        return False
