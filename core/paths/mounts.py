"""Mount points, and what is on its way to the disk."""

import ctypes
import os
from pathlib import Path

from core.errors import Conflict
from core.paths.beneath import explained, printable
from core.paths.places import read_mounts

_libc = ctypes.CDLL(None, use_errno=True)


def mount_points_at_or_below(path: Path, *, mountinfo: Path = Path("/proc/self/mountinfo")) -> list[Path]:
    """Return the mount points at and below the real ``path``: nothing can be renamed over or with them."""
    points = {Path(one.path) for one in read_mounts(mountinfo)}
    return sorted(point for point in points if point == path or path in point.parents)


class MountPointInTheWay(Conflict):
    """Another place is mounted at, or below, what should be deleted or get another name."""

    code = "mount_point"


def require_no_mount(parent: int, name: str, *, path: str) -> None:
    """Refuse what is a mount point, or holds one: it cannot go, and what is mounted there is not to be emptied.

    Args:
        parent: the directory that it lies in, held open.
        name: its name there.
        path: how it is called in the sentence.

    Raises:
        MountPointInTheWay.
    """
    whole = Path(os.readlink(f"/proc/self/fd/{parent}"), name)
    points = mount_points_at_or_below(whole)
    if points:
        which = "is" if points[0] == whole else f"holds {printable(str(points[0].relative_to(whole)))}, which is"
        raise MountPointInTheWay(
            f"{printable(path)} {which} a mount point, so nothing was changed. Unmount that first, or take what is in "
            "it."
        )


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
