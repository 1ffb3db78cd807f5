"""Games that are asleep: their image stops the process while nobody plays, until somebody connects.

A connection is what wakes them, so whoever asks without need keeps them awake. Source: the image's own documentation
of autopause, "a file called .paused is created in the /data directory", for other services to look at.
"""

import stat
from pathlib import Path

from core.errors import AppError
from servers.docker.container import Container, State
from servers.docker.stopped_process import has_stopped_process
from servers.minecraft.data_root import DataRoot

MARKER = ".paused"
ASLEEP = "The game sleeps (autopause): it wakes when a player connects, or when it is sent a command."


def is_asleep(container: Container | None, root: DataRoot, *, proc: Path = Path("/proc")) -> bool:
    """Tell whether a container runs and its game is asleep: by the image's marker, or because its process is stopped.

    The marker is a file that a plugin can make, too: it decides who is asked, never what a snapshot claims. Blocking.
    """
    if container is None or container.state is not State.RUNNING:
        return False
    return _has_marker(root) or has_stopped_process(container, proc=proc)


def _has_marker(root: DataRoot) -> bool:
    try:
        with root.hold() as data:
            found = data.lstat(MARKER)
    except AppError:  # nothing there, or out of our reach
        return False
    return found is not None and stat.S_ISREG(found.st_mode)
