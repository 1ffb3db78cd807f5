"""Whether a process in a container is stopped (SIGSTOP): it lives and does nothing. Blocking, some microseconds."""

from collections.abc import Iterator
from pathlib import Path

from servers.docker.container import Container
from servers.docker.usage.counters import ContainerGone, Unread
from servers.docker.usage.kernel_file import read_file

_STOPPED = "T"
_MAX_PROCESSES = 64


def has_stopped_process(container: Container, *, proc: Path = Path("/proc")) -> bool:
    """Tell whether one of a container's processes is stopped; False where they cannot be seen from here.

    Source: proc(5), /proc/<pid>/stat and /proc/<pid>/task/<tid>/children.
    """
    if not container.pid or container.id not in _text(proc / str(container.pid), "cgroup"):
        return False  # it has ended, or its number is another process's here
    return any(_state(proc / str(pid)) == _STOPPED for pid in _processes(container.pid, proc))


def _processes(first: int, proc: Path) -> Iterator[int]:
    """Yield a process and those that it started, at most _MAX_PROCESSES."""
    waiting = [first]
    for _ in range(_MAX_PROCESSES):
        if not waiting:
            return
        pid = waiting.pop()
        yield pid
        waiting += [int(word) for word in _text(proc / str(pid) / "task" / str(pid), "children").split()]


def _state(process: Path) -> str:
    """Return the letter behind the program's name, which stands in brackets and may hold any character."""
    return _text(process, "stat").rpartition(") ")[2][:1]


def _text(directory: Path, name: str) -> str:
    try:
        text = read_file(str(directory), name)
    except ContainerGone:
        return ""
    return "" if isinstance(text, Unread) else text
