"""A server's directory, held open so that another one that takes its name is told apart."""

from pathlib import Path
from threading import Lock

from core.errors import AppError
from core.paths import Root
from servers.docker.folders import open_server


class DirectoryHandle:
    """What the name led to at the first look. Blocking; safe from any thread.

    The descriptor keeps the directory's number from being given to the next one, which happens at once on ext4.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._held: Root | None = None
        self._ended = False
        self._lock = Lock()

    def was_replaced(self) -> bool:
        """Tell whether the name leads to another directory now; one that is gone has not been replaced yet."""
        with self._lock:
            try:
                now = open_server(self._directory)
            except AppError:
                return False
            if self._ended or self._held is not None:
                with now:
                    return self._held is not None and not _is_one(now, self._held)
            self._held = now
            return False

    def close(self) -> None:
        """Let the directory go."""
        with self._lock:
            self._ended = True
            if self._held is not None:
                self._held.close()
                self._held = None


def _is_one(left: Root, right: Root) -> bool:
    one, other = left.stat(""), right.stat("")
    return one is not None and other is not None and (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
