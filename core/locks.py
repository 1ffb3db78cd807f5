"""One holder at a time, across tasks, threads, loops and processes."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import Conflict


class Busy(Conflict):
    """Someone else is changing the same thing."""

    code = "busy"


@contextmanager
def exclusive(path: Path, *, message: str) -> Iterator[None]:
    """Hold the lock file ``path``, or raise Busy with ``message`` at once; the kernel frees it if we die."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(message) from None
        yield
