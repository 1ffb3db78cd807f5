"""A log file that begins anew each day (UTC) and that several processes may append to."""

import fcntl
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

_MODE = 0o600
_DATED = re.compile(r"\.(\d{4}-\d{2}-\d{2})(?:\.\d+)?$")


class DailyFile:
    """Appends whole lines to ``path``; the file of another day becomes ``<path>.2026-11-24``.

    Safe from any thread. Between processes the open file's own lock (``flock``) is the order: a line is never
    torn, a file never renamed under a writer, and what a full disk cut off is taken back.
    """

    def __init__(self, path: Path, *, keep_days: int, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self._keep_days = keep_days
        self._now = now
        self._lock = threading.Lock()
        self._fd: int | None = None

    def append(self, data: bytes) -> None:
        """Write all of ``data`` (whole lines), or nothing of it. The folder is made if missing.

        Raises:
            OSError: the disk is full, the folder is gone or not ours.
        """
        with self._lock, self._current() as fd:
            before = os.fstat(fd).st_size
            rest = memoryview(data)
            try:
                while rest:
                    rest = rest[os.write(fd, rest) :]
            except OSError:
                if len(rest) < len(data):
                    os.ftruncate(fd, before)
                raise

    def close(self) -> None:
        """Close the file; a later line opens it again."""
        with self._lock:
            self._close()

    @contextmanager
    def _current(self) -> Iterator[int]:
        """Yield today's file, locked against other processes."""
        while True:
            fd = self._open()
            fcntl.flock(fd, fcntl.LOCK_EX)
            try:
                if not self._is_at_path(fd):  # another process renamed it, or somebody deleted it
                    self._close_after_unlock(fd)
                    continue
                if self._is_of_another_day(fd):
                    self._rotate(fd)
                    self._close_after_unlock(fd)
                    continue
                yield fd
            finally:
                if self._fd is not None:
                    fcntl.flock(fd, fcntl.LOCK_UN)
            return

    def _open(self) -> int:
        if self._fd is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
        return self._fd

    def _close(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    def _close_after_unlock(self, fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)
        self._close()

    def _is_at_path(self, fd: int) -> bool:
        try:
            return os.path.samestat(os.fstat(fd), os.stat(self.path))
        except FileNotFoundError:
            return False

    def _is_of_another_day(self, fd: int) -> bool:
        found = os.fstat(fd)
        return found.st_size > 0 and _day(found.st_mtime) != _day(self._now())

    def _rotate(self, fd: int) -> None:
        day = _day(os.fstat(fd).st_mtime)
        target = self.path.with_name(f"{self.path.name}.{day}")
        number = 1
        while target.exists():
            target = self.path.with_name(f"{self.path.name}.{day}.{number}")
            number += 1
        os.rename(self.path, target)
        self._prune()

    def _prune(self) -> None:
        oldest = _day(self._now()) - timedelta(days=self._keep_days)
        for file in self.path.parent.glob(f"{self.path.name}.*"):
            dated = _DATED.search(file.name)
            if dated and date.fromisoformat(dated[1]) < oldest:
                file.unlink(missing_ok=True)


def _day(instant: float) -> date:
    return datetime.fromtimestamp(instant, UTC).date()
