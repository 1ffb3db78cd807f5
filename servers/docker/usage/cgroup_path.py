"""Which directory is a process's cgroup: its path in the hierarchy, and the mount that shows it."""

import os
import re
from dataclasses import dataclass
from glob import escape, glob

UNIFIED = ""  # the "controller" of the cgroup v2 line, which names none
_MAX_UNKNOWN_LEVELS = 6


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted hierarchy.

    Attributes:
        root: the cgroup that is seen at ``point``; ``/`` unless only a part is mounted.
        controllers: those of a v1 hierarchy, or UNIFIED alone.
    """

    root: str
    point: str
    controllers: frozenset[str]


def parse_memberships(text: str) -> dict[str, str]:
    """Read /proc/<pid>/cgroup into paths by controller; UNIFIED is the key of the ``0::`` line."""
    paths: dict[str, str] = {}
    for line in text.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not path.startswith("/") or "\0" in path:
            continue
        for controller in controllers.split(","):
            paths[controller] = path
    return paths


def parse_mounts(text: str) -> list[Mount]:
    """Read the cgroup mounts out of /proc/self/mountinfo, in its order."""
    mounts = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, rest = after.partition(" ")
        if kind not in {"cgroup", "cgroup2"}:
            continue
        options = rest.rpartition(" ")[2].split(",")
        words = before.split()
        if len(words) < 5:
            continue
        root, point = (_unescape(word) for word in words[3:5])
        mounts.append(Mount(root, point, frozenset([UNIFIED] if kind == "cgroup2" else options)))
    return mounts


def container_part(path: str, container_id: str) -> str | None:
    """Return ``path`` up to the part that names the container; None when no part does.

    The container's first process may have moved itself further down (an init system does).
    """
    parts = path.split("/")
    for number, part in enumerate(parts):
        if container_id in part:
            return "/".join(parts[: number + 1])
    return None


def find_directory(path: str, controller: str, mounts: list[Mount], *, root: str = "/") -> str | None:
    """Return the directory where the cgroup ``path`` of ``controller`` is seen; None when no mount shows it.

    ``root`` is put before the mount points.
    """
    for mount in mounts:
        if controller not in mount.controllers or (inside := _inside(path, mount.root)) is None:
            continue
        unknown, names = inside
        start = os.path.normpath(f"{root}/{mount.point}")
        if not unknown:
            directory = os.path.join(start, *names)
            if os.path.isdir(directory):
                return directory
        elif found := glob(os.path.join(escape(start), *["*"] * unknown, *map(escape, names))):
            return found[0]  # the container's id is among the names: there is only one
    return None


def _inside(path: str, mount_root: str) -> tuple[int, list[str]] | None:
    """Return how ``path`` goes on below ``mount_root``: a number of unknown levels, then known names.

    In a cgroup namespace of our own (MC Admin in a container) both begin with ``/..`` for every level above
    our own cgroup, and the names of the levels between the two are not told.
    """
    path_up, path_names = _climb(path)
    root_up, root_names = _climb(mount_root)
    if path_up == root_up:
        size = len(root_names)
        return (0, path_names[size:]) if path_names[:size] == root_names else None
    unknown = root_up - path_up
    if root_names or not 0 < unknown <= _MAX_UNKNOWN_LEVELS:
        return None
    return unknown, path_names


def _climb(path: str) -> tuple[int, list[str]]:
    names = [name for name in path.split("/") if name]
    up = next((number for number, name in enumerate(names) if name != ".."), len(names))
    return up, names[up:]


def _unescape(word: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), word)
