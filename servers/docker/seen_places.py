"""What a running container sees by now, as the kernel tells. Blocking, some microseconds.

The engine knows the path that a mount was made from. A folder that is renamed meanwhile stays mounted, and only the
kernel tells where it lies today.
"""

import os
from collections.abc import Collection
from pathlib import Path, PurePosixPath

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


def has_open(container: Container, folders: Collection[Path], *, proc: Path = Path("/proc")) -> bool:
    """Tell whether a container has files open at or below ``folders``, and none that was moved out of its mounts.

    The folders are named as on the engine's machine. The kernel names an open file by the container's own path, and
    one that no mount of it leads to any more by the root alone. Source: proc(5), /proc/<pid>/fd; d_path of Linux.
    """
    names = [
        str(PurePosixPath(mount.target) / folder.relative_to(mount.source))
        for mount in container.mounts for folder in folders if mount.source and lies_around(mount.source, folder)
    ]
    links = [link for process in proc.glob("[0-9]*") for link in _open_files(process, container)]
    return "/" not in links and any(link == name or link.startswith(f"{name}/") for link in links for name in names)


def _open_files(process: Path, container: Container) -> list[str]:
    try:
        if container.id not in (process / "cgroup").read_text():
            return []
        return [os.readlink(one) for one in (process / "fd").iterdir()]
    except OSError:
        return []


def lies_around(source: str, folder: Path) -> bool:
    """Tell whether ``folder`` lies in the mounted folder ``source``, and is not that itself."""
    return Path(source) in folder.parents
