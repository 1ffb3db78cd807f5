"""Links in a game's files that lead out of what a snapshot holds. Blocking; none of them is followed out of the files.

restic saves a link as a link. What counts is what the game sees, in its container: a link that leads to a place of
its own files, or of the server's folder, loses nothing. Of those that lead out, counted are

- all at or in a world: where it should be by `level-name`, or a folder that holds a level.dat;
- all that lead into a mount in which the game writes and which no snapshot of the server holds;
- those called like a folder, beside worlds or in the uppermost folder, where worlds are.

Not counted are other links that lead out: to a program, or left over in a folder of mods. Nobody looks whether
anything is at the other end: what this machine has there says nothing of what the game sees.
"""

import os
import posixpath
import re
from collections.abc import Iterator, Sequence

from backups.restic.patterns import Patterns
from backups.snapshots import excludes
from core.errors import AppError
from core.paths import Link, Root, TreeLinks, find_links, place_inside, place_of_link, printable
from servers.docker.container import PART, Mount
from servers.docker.folders import open_server
from servers.minecraft import properties
from servers.minecraft.data_root import DataRoot

LASTING = {"bind", "volume", PART}  # kinds of mounts whose files outlive the container
LEVEL = "level.dat"
MAX_LINKS = 10_000  # that are looked at, of one server
MAX_NAMED = 20
_MAX_PROPERTIES_BYTES = 1024 * 1024
_FILE = re.compile(r".+\.[A-Za-z][A-Za-z0-9]{0,9}")  # plugin.jar, and not v1.20


def links_out(root: DataRoot, mounts: Sequence[Mount], target: str) -> list[tuple[str, str]]:
    """Find the links by which files of a game are missing in a snapshot.

    Args:
        root: where the game's files are.
        mounts: what the game sees.
        target: where the game sees ``root``.

    Returns:
        Where the game sees each, and a sentence; at most MAX_NAMED and one that says how many more.
    """
    left_out = Patterns(excludes.usable_patterns(root))
    try:
        with root.hold() as held:
            tree = find_links(held, holding=LEVEL, at_most=MAX_LINKS)
            worlds, outside = _Worlds(_level_name(held), tree), _Outside(root, mounts, target)
            found = [one for one in tree.links if _is_missing(one, held, worlds, outside)]
    except AppError:  # what cannot be opened is missing as a whole, or not there yet
        return []
    found = [one for one in found if worlds.has(one.path) or not left_out.match(f"{root.path}/{one.path}")]
    found.sort(key=lambda one: (not worlds.has(one.path), one.path))
    told = [(printable(f"{target}/{one.path}"), _sentence(one, target)) for one in found[:MAX_NAMED]]
    if tree.is_cut:
        told.append((target, f"There are more than {MAX_LINKS} links in {target} of the game; not all were judged."))
    elif len(found) > MAX_NAMED:
        told.append((target, f"{len(found) - MAX_NAMED} more links lead to what snapshots do not hold."))
    return told


def _is_missing(link: Link, held: Root, worlds: "_Worlds", outside: "_Outside") -> bool:
    if place_of_link(held, link.path, outside.place_in_game) is not None or outside.is_saved:
        return False
    return worlds.has(link.path) or outside.is_written or worlds.lie_beside(link.path)


def _sentence(link: Link, target: str) -> str:
    return (
        f"{printable(f'{target}/{link.path}')} of the game is a link to {printable(link.target)}, and what that "
        "leads to is in no snapshot. Put it in the link's place, or mount a folder of the server's directory there."
    )


def is_in_server(root: DataRoot, place: str) -> bool:
    """Tell whether an absolute path lies in a server's folder, and is not led out of it by a link."""
    inside = place_inside(root.directory, place)
    if not inside:
        return inside is not None
    real = str(root.real_directory)
    try:
        with open_server(root.directory) as held:
            return place_of_link(held, inside, lambda path: _place_below(real, path)) is not None
    except AppError:  # a folder that cannot be opened is told by others
        return True


def _place_below(top: str, path: str) -> str | None:
    """Return where an absolute path, or one counted from ``top``, lies below it, as it is written; else None."""
    whole = posixpath.normpath(posixpath.join(top, path))
    if whole == top:
        return ""
    above = top.rstrip("/") + "/"
    return whole[len(above) :] if whole.startswith(above) else None


def _level_name(held: Root) -> str:
    """Return the folder of the world by the game's settings, ``world`` where they do not say; "" for no such place."""
    try:
        values = properties.parse(held.read_bytes("server.properties", max_bytes=_MAX_PROPERTIES_BYTES))
    except AppError:
        values = {}
    name = posixpath.normpath(str(values.get("level-name", "")).strip() or "world")
    return "" if name.startswith(("/", ".")) else name


class _Worlds:
    """Where worlds are, and should be."""

    def __init__(self, level_name: str, tree: TreeLinks) -> None:
        own = {f"{level_name}{one}" for one in ("", "_nether", "_the_end")} if level_name else set()
        self._worlds = (own | tree.holding) - {""}
        self._beside = {"", *map(posixpath.dirname, self._worlds)}

    def has(self, path: str) -> bool:
        """Tell whether ``path`` is at, or in, a world."""
        return not self._worlds.isdisjoint(_with_parents(path))

    def lie_beside(self, path: str) -> bool:
        """Tell whether ``path`` is where worlds are, and called as a folder is."""
        folder, name = posixpath.split(path)
        return folder in self._beside and not _FILE.fullmatch(name)


def _with_parents(path: str) -> Iterator[str]:
    while path:
        yield path
        path = posixpath.dirname(path)


class _Outside:
    """What lies outside of a game's files, as the game sees it, or else as this machine does.

    Attributes:
        is_saved: what was asked for last is in the server's snapshots all the same, or not the game's to write.
        is_written: it is a place where the game writes, and in no snapshot.
    """

    def __init__(self, root: DataRoot, mounts: Sequence[Mount], target: str) -> None:
        self._root, self._target, self._real = root, target, str(root.path)
        places = [(posixpath.normpath(one.target), one) for one in mounts]
        self._mounts = sorted(places, key=lambda one: len(one[0]), reverse=True)
        self.is_saved = self.is_written = False

    def place_in_game(self, path: str) -> str | None:
        """Return where in the game's files a path is that a link has; None for elsewhere, which is noted."""
        self.is_saved = self.is_written = False
        seen = posixpath.normpath(posixpath.join(self._target, path))
        top, mount = next(
            (one for one in self._mounts if _place_below(one[0], seen) is not None), (self._target, None)
        )
        if top == self._target and (inside := _place_below(top, seen)) is not None:
            return inside
        if mount is not None:
            self.is_saved = not mount.is_writable or (mount.kind == "bind" and is_in_server(self._root, mount.source))
            self.is_written = mount.kind in LASTING and not self.is_saved
            return None
        here = posixpath.normpath(posixpath.join(self._real, path))
        if (inside := _place_below(self._real, here)) is not None:
            return inside
        directories = {str(self._root.real_directory), os.fspath(self._root.directory)}
        is_below = any(_place_below(one, here) is not None for one in directories)
        self.is_saved = is_below and is_in_server(self._root, here)
        return None
