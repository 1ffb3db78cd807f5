"""Whether there is room where the repository is, when that is a folder of ours. Blocking: it looks at disks."""

import math
from pathlib import Path

from backups.restic.command import local_folder
from backups.restic.failures import RepositoryFull
from mcadmin.core.paths import disk_space, tree_size_bytes

LEAST_BYTES = 64 * 1024 * 1024
FIRST_SHARE = 0.5  # of the tree: what a first snapshot may need at least, compressed


__all__ = ["check", "local_folder"]


def is_ample(folder: Path, tree: Path) -> bool:
    """Tell whether even a first snapshot of ``tree`` has room in the repository at ``folder``."""
    return _free(folder) >= _needed(tree, is_first=True)


def check(folder: Path, tree: Path, *, is_first: bool) -> None:
    """Raise RepositoryFull unless there is room for a snapshot of ``tree`` in the repository at ``folder``.

    Args:
        folder: of the repository.
        tree: what shall be copied.
        is_first: nothing of it is in the repository yet.
    """
    free, needed = _free(folder), _needed(tree, is_first=is_first)
    if free < needed:
        raise RepositoryFull(
            f"The disk of the backup repository has {_mib(free)} free, and this snapshot may need {_mib(needed)}. "
            "Make room, or forget old snapshots and prune."
        )


def _free(folder: Path) -> float:
    """Return the free bytes; no limit for what is not there: restic tells what is wrong with it."""
    return disk_space(folder)[1] if folder.is_dir() else math.inf


def _needed(tree: Path, *, is_first: bool) -> int:
    return max(LEAST_BYTES, int(tree_size_bytes(tree) * FIRST_SHARE) if is_first else 0)


def _mib(size_bytes: float) -> str:
    return f"{size_bytes / 1024**2:,.0f} MiB"
