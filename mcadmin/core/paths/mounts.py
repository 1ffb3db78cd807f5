"""Mount points, and what is on its way to the disk."""

import ctypes
import os
from pathlib import Path

from mcadmin.core.paths.beneath import explained
from mcadmin.core.paths.places import read_mounts

_libc = ctypes.CDLL(None, use_errno=True)


def mount_points_at_or_below(path: Path, *, mountinfo: Path = Path("/proc/self/mountinfo")) -> list[Path]:
    """Return the mount points at and below the real ``path``: nothing can be renamed over or with them."""
    points = {Path(one.path) for one in read_mounts(mountinfo)}
    return sorted(point for point in points if point == path or path in point.parents)


def is_same_mount(one: int, other: int) -> bool:
    """Tell whether two descriptors lie in one mount: a bind mount of the same disk is another one.

    Source: proc(5), /proc/pid/fdinfo, the line ``mnt_id``.
    """
    return _mount_id(one) == _mount_id(other)


def _mount_id(fd: int) -> str:
    lines = Path(f"/proc/self/fdinfo/{fd}").read_text().splitlines()
    return next(line for line in lines if line.startswith("mnt_id:"))


def sync_file_system(fd: int) -> None:
    """Wait until everything written to the file system of ``fd`` is on its disk. Source: syncfs(2)."""
    with explained("The file system"):
        if _libc.syncfs(fd) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
