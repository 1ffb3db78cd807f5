"""Has anything changed since the last look? Two calls of the kernel instead of a whole walk."""

import os
import time

Stamp = tuple[int, int, int, int]

_SETTLED_NS = 100_000_000  # the kernel stamps changes by its tick: two within one look the same


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
