"""How much there is, and how much room is left."""

import os
from collections.abc import Collection
from contextlib import suppress
from itertools import islice
from pathlib import Path

from core.errors import AppError
from core.paths.root import Root


def list_directories(root: Path) -> list[str]:
    """Return the names of the directories in ``root``, sorted, links left out."""
    with os.scandir(root) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))


def list_holding(root: Root, files: Collection[str], *, at_most: int) -> list[str]:
    """Return the names of the directories in ``root`` that hold one of ``files`` or a file of such a name, sorted.

    Links are not followed. Of a large directory the first ``at_most`` entries are looked into.
    """
    found = []
    with os.scandir(root.fd) as entries:
        directories = [entry.name for entry in islice(entries, at_most) if entry.is_dir(follow_symlinks=False)]
    for name in directories:
        with suppress(AppError), root.subdirectory(name, follow=False) as held:
            if any(held.lstat(file) is not None for file in files):
                found.append(name)
    return sorted(found)


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

