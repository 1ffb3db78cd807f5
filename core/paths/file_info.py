"""Facts about a path: where it really lies, whether it changed, how much room its disk has."""

import os
import time
from pathlib import Path

from core.paths.beneath import explained, open_beneath
from core.paths.root import Root

Stamp = tuple[int, int, int, int]

_SETTLED_NS = 100_000_000  # the kernel stamps changes by its tick: two within one look the same


def real_path(root: Root, path: str) -> Path:
    """Return where ``path`` below ``root`` really lies, every link followed, none of them out of it.

    Raises:
        OutsideRoot, FileMissing, Forbidden: as from ``Root``.
    """
    with explained(path):
        fd = open_beneath(root.fd, path, os.O_PATH)
        try:
            return Path(os.readlink(f"/proc/self/fd/{fd}"))
        finally:
            os.close(fd)


def place_inside(directory: Path, place: str) -> str | None:
    """Return where ``place`` lies below ``directory``, "" for that itself; None when it lies elsewhere.

    ``directory`` may be known by another name there: by a link above it, or because its disk is mounted twice.
    What lies below it is taken as it is written; nobody has looked whether it is a link.

    Args:
        place: an absolute path, or one relative to ``directory``.
    """
    path = os.path.normpath(os.path.join(directory, place))
    for top in (str(directory), os.path.realpath(directory)):
        if path == top or path.startswith(f"{top}/"):
            return path[len(top) :].lstrip("/")
    for parent in (Path(path), *Path(path).parents):
        try:
            if os.path.samefile(parent, directory):
                return path[len(str(parent)) :].lstrip("/")
        except OSError:
            continue
    return None


def stamp(path: str) -> Stamp | None:
    """Return what changes when ``path`` does (for a directory: when a name in it does); None when nothing is there.

    Only for comparing with an earlier stamp: a link is followed wherever it leads, and nothing is read.
    """
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def is_settled(one: Stamp) -> bool:
    """Tell whether the last change is so long ago that another one would give another stamp."""
    return time.time_ns() - max(one[2:]) > _SETTLED_NS


def disk_space(directory: Path | int) -> tuple[int, int]:
    """Return size and free bytes (for other users than root) of the file system that holds ``directory``."""
    found = os.statvfs(directory)
    return found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize
