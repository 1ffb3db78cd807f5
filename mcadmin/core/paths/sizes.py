"""How much there is, and how much room is left."""

import os
from collections.abc import Collection
from pathlib import Path


def list_directories(root: Path) -> list[str]:
    """Return the names of the directories in ``root``, sorted, links left out."""
    with os.scandir(root) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))


def list_links(root: Path, *, holding: Collection[str]) -> list[str]:
    """Return the names of the links in ``root`` that lead to a directory with one of the files ``holding``, sorted.

    Only names are looked up there; nothing is read.
    """
    with os.scandir(root) as entries:
        links = sorted(entry.name for entry in entries if entry.is_symlink())
    return [name for name in links if any(os.path.isfile(os.path.join(root, name, file)) for file in holding)]


def disk_space(directory: Path | int) -> tuple[int, int]:
    """Return size and free bytes (for other users than root) of the file system that holds ``directory``."""
    found = os.statvfs(directory)
    return found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize

