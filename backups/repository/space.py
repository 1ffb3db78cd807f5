"""Whether there is room where the repository is, when that is a folder of ours. Blocking: it looks at disks."""

import math
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from backups.restic.command import local_folder
from backups.restic.failures import RepositoryFull
from core.paths import FileMissing, Root, disk_space, tree_size_bytes

LEAST_BYTES = 64 * 1024 * 1024
FIRST_SHARE = 0.5  # of the tree: what a first snapshot may need at least, compressed
SIZE_MAX_AGE_S = 60.0
SIZE_SHARE = 0.05  # of the time at most goes into measuring: a huge repository is measured less often


__all__ = ["RepositorySize", "check", "is_ample", "local_folder"]


def is_ample(folder: Path, trees: Iterable[Path]) -> bool:
    """Tell whether even a first snapshot of ``trees`` has room in the repository at ``folder``."""
    return _free(folder) >= _needed(trees, is_first=True)


def check(folder: Path, trees: Iterable[Path], *, is_first: bool) -> None:
    """Raise RepositoryFull unless there is room for a snapshot of ``trees`` in the repository at ``folder``.

    Args:
        folder: of the repository.
        trees: the folders and files that shall be copied.
        is_first: nothing of it is in the repository yet.
    """
    free, needed = _free(folder), _needed(trees, is_first=is_first)
    if free < needed:
        raise RepositoryFull(
            f"The disk of the backup repository has {_mib(free)} free, and this snapshot may need {_mib(needed)}. "
            "Make room, or forget old snapshots and prune."
        )


class RepositorySize:
    """How much a repository's folder holds, for a page that asks every half a minute; safe from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._size = 0
        self._good_until = -math.inf

    def read(self, folder: Path) -> int:
        """Return the bytes in ``folder``, measured anew when the last time is long ago. Blocking."""
        with self._lock:
            began = self._clock()
            if began >= self._good_until:
                self._size = _size_bytes(folder)
                ended = self._clock()
                self._good_until = ended + max(SIZE_MAX_AGE_S, (ended - began) / SIZE_SHARE)
            return self._size


def _size_bytes(folder: Path) -> int:
    """Return what a folder holds; 0 for a file, and for what is not there."""
    try:
        with Root(folder) as root:
            return tree_size_bytes(root)
    except FileMissing:
        return 0


def _free(folder: Path) -> float:
    """Return the free bytes; no limit for what is not there: restic tells what is wrong with it."""
    return disk_space(folder)[1] if folder.is_dir() else math.inf


def _needed(trees: Iterable[Path], *, is_first: bool) -> int:
    return max(LEAST_BYTES, int(sum(map(_size_bytes, trees)) * FIRST_SHARE) if is_first else 0)


def _mib(size_bytes: float) -> str:
    return f"{size_bytes / 1024**2:,.0f} MiB"
