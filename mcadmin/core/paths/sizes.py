"""How much there is, and how much room is left."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def list_directories(root: Path) -> list[str]:
    """Return the names of the directories in ``root``, sorted, links left out."""
    with os.scandir(root) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))


def disk_space(directory: Path | int) -> tuple[int, int]:
    """Return size and free bytes (for other users than root) of the file system that holds ``directory``."""
    found = os.statvfs(directory)
    return found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize


def tree_size_bytes(directory: Path, *, pause: Callable[[], None] = lambda: None) -> int:
    """Add up the sizes of all files below ``directory``; links are not followed, what vanishes meanwhile is left out.

    A missing directory has 0 bytes. Blocking, and slow for a large tree; ``pause`` is called every now and then.
    """
    total = 0
    with suppress(FileNotFoundError, NotADirectoryError):  # of the top itself; what is below is passed over
        for _, _, names, fd in os.fwalk(directory, follow_symlinks=False):
            for number, name in enumerate(names):
                if number % 64 == 0:
                    pause()
                with suppress(OSError):
                    total += os.stat(name, dir_fd=fd, follow_symlinks=False).st_size
    return total
