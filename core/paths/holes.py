"""How much of a file is no data: a program may make one of any size that takes no room."""

import os
import time

from core.paths.beneath import NotAFile
from core.paths.trees import Node

_BLOCK_BYTES = 512  # what st_blocks counts in, on every file system
_MAX_EXTENTS = 4096  # of one file; then its blocks are believed
_PLAIN_SHARE = 64  # no compression makes a file that much smaller
_SETTLED_S = 60.0  # by then a file system has counted the blocks of what was written


def hole_bytes(node: Node) -> int:
    """Return how many bytes of a regular file are holes; 0 where nobody can tell. Blocking.

    Blocks alone do not tell: a file system that compresses has fewer of them than data. So the file system is asked
    where data are, and its blocks count only where it does not know, as on NFS, and they are next to none.

    Source: lseek(2), SEEK_DATA.
    """
    missing = node.info.st_size - node.info.st_blocks * _BLOCK_BYTES
    if missing <= 0:
        return 0
    try:
        fd = node.open_file()
        try:
            found = _by_extents(fd, node.info.st_size)
        finally:
            os.close(fd)
    except (OSError, NotAFile):
        found = 0
    if found is None:
        return missing
    is_next_to_nothing = node.info.st_blocks * _BLOCK_BYTES * _PLAIN_SHARE < node.info.st_size
    if not found and is_next_to_nothing and time.time() - node.info.st_mtime > _SETTLED_S:
        return missing
    return found


def _by_extents(fd: int, size: int) -> int | None:
    """Add up the holes; None where there are too many."""
    holes, at = 0, 0
    for _ in range(_MAX_EXTENTS):
        try:
            data = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:  # ENXIO: no data from here on
            return holes + max(0, size - at)
        holes += data - at
        at = os.lseek(fd, data, os.SEEK_HOLE)
        if at >= size:
            return holes
    return None
