"""Which process holds what, written down so that every process can tell whether that one still lives."""

import os
import socket
from functools import lru_cache
from pathlib import Path


def this_process() -> str:
    """Return ``host/boot:pid:start`` of this process, at most 128 characters."""
    return f"{_host()}:{os.getpid()}:{_start_of(os.getpid())}"


def is_dead(owner: str) -> bool:
    """Tell whether the process that ``this_process`` named is surely gone; of another host nobody knows."""
    host, pid, start = owner.rsplit(":", 2)
    if host.partition("/")[0] != socket.gethostname():
        return False
    now = _start_of(int(pid))
    return host != _host() or now is None or str(now) != start  # booted since, or the pid is another's now


@lru_cache(maxsize=1)
def _host() -> str:
    return f"{socket.gethostname()}/{Path('/proc/sys/kernel/random/boot_id').read_text()[:8]}"


def _start_of(pid: int) -> int | None:
    """Return when a process began, in clock ticks since the boot; None when there is none, or only its remains.

    Not as a time of day: with each step of the clock the kernel tells another one, and the living would seem dead.
    Source: proc_pid_stat(5), fields 3 and 22.
    """
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in {b"Z", b"X"} else int(fields[18])
