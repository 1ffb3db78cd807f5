"""Files that could give somebody outside of the container more rights than they have: a game can make any."""

import os
import stat
from pathlib import Path

from core.paths.root import Root
from core.paths.trees import walk

_DEVICES = {stat.S_IFBLK, stat.S_IFCHR}
_PASS = stat.S_IXGRP | stat.S_IXOTH
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def privileged(root: Root, *, at_most: int, max_entries: int) -> tuple[list[str], int]:
    """Name the first ``at_most`` set-user-id and set-group-id files and devices; links are not followed.

    Returns:
        Their paths, and at how many entries it looked, never more than ``max_entries``.
    """
    found: list[str] = []
    looked = 0
    for node in walk(root, unreadable=lambda _: None):
        if len(found) >= at_most or looked >= max_entries:
            break
        looked += 1
        mode = node.info.st_mode
        if stat.S_IFMT(mode) in _DEVICES or (node.is_file and mode & (stat.S_ISUID | stat.S_ISGID)):
            found.append(node.path)
    return found, looked


def is_open_to_others(root: Root) -> bool:
    """Tell whether other users than the owner of the directory can list or pass it."""
    return bool(os.fstat(root.fd).st_mode & _OTHERS)


def is_within_reach(directory: Path) -> bool:
    """Tell whether other users than the owners of ``directory`` and of all above it can pass them; blocking.

    The bits of a group count as those of others: who is in it is not asked.
    """
    real = directory.resolve()
    return all(one.stat().st_mode & _PASS for one in (real, *real.parents))


def restrict(directory: Root, *, like: Root | None) -> None:
    """Give a directory the permissions of ``like``; without one nobody but its owner can list or pass it."""
    os.fchmod(directory.fd, stat.S_IRWXU if like is None else stat.S_IMODE(os.fstat(like.fd).st_mode))


def missing_mount_options(directory: Path) -> list[str]:
    """Return which of ``nosuid`` and ``nodev`` the file system that holds ``directory`` is mounted without."""
    flags = os.statvfs(directory).f_flag
    return [name for name, flag in {"nosuid": os.ST_NOSUID, "nodev": os.ST_NODEV}.items() if not flags & flag]
