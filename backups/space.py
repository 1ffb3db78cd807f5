"""Whether there is room where the repository is, when that is a folder of ours. Blocking: it looks at disks."""

from pathlib import Path

from backups.restic.command import local_folder
from backups.restic.failures import RepositoryFull
from mcadmin.core.paths import disk_space, tree_size_bytes

LEAST_BYTES = 64 * 1024 * 1024
FIRST_SHARE = 0.5  # of the tree: what a first snapshot may need at least, compressed


__all__ = ["check", "local_folder"]


def check(repository_path: str, tree: Path, *, is_first: bool) -> None:
    """Raise RepositoryFull unless there is room for a snapshot of ``tree``.

    Args:
        repository_path: the repository; one that is not local is not looked at.
        tree: what shall be copied.
        is_first: nothing of it is in the repository yet.
    """
    folder = local_folder(repository_path)
    if folder is None or not folder.is_dir():  # restic tells what is wrong with it
        return
    _, free = disk_space(folder)
    needed = max(LEAST_BYTES, int(tree_size_bytes(tree) * FIRST_SHARE) if is_first else 0)
    if free < needed:
        raise RepositoryFull(
            f"The disk of the backup repository has {_mib(free)} free, and this snapshot may need {_mib(needed)}. "
            "Make room, or forget old snapshots and prune."
        )


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / 1024**2:,.0f} MiB"
