"""What a running container sees by now, as the kernel tells. Blocking, some microseconds.

The engine knows the path that a mount was made from. A folder that is renamed meanwhile stays mounted, and only the
kernel tells where it lies today.
"""

import os
from pathlib import Path

from core.paths import MountPoint, read_mounts
from servers.docker.container import Container

_START_FIELD = 19  # of /proc/<pid>/stat, counted behind the program's name


def mounted_places(container: Container, *, proc: Path = Path("/proc")) -> list[MountPoint] | None:
    """Return a container's mounts as they are now; None where its process cannot be seen from here.

    Source: proc(5), /proc/<pid>/cgroup and /proc/<pid>/mountinfo.
    """
    process = proc / str(container.pid)
    try:
        if not container.pid or container.id not in (process / "cgroup").read_text():
            return None  # it has ended, or its number is another process's here
        return read_mounts(process / "mountinfo")
    except OSError:
        return None


def began_at_s(container: Container, *, proc: Path = Path("/proc")) -> float | None:
    """Return when a container's first process began, in seconds of CLOCK_BOOTTIME; None where it cannot be seen.

    Its mounts are made after that. Source: proc(5), /proc/<pid>/stat, ``starttime``.
    """
    try:
        text = (proc / str(container.pid) / "stat").read_text(errors="replace")
        return int(text.rpartition(") ")[2].split()[_START_FIELD]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def lies_around(source: str, folder: Path) -> bool:
    """Tell whether ``folder`` lies in the mounted folder ``source``, and is not that itself."""
    return Path(source) in folder.parents
