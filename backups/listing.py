"""The list of snapshots, read from the repository seldom: a page of 100 rows costs one restic at most."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

from backups.restic.snapshot import ResticSnapshot

MAX_AGE_S = 60.0

Snapshots = tuple[ResticSnapshot, ...]


class SnapshotList:
    """What this process last read; ``known`` and ``forget`` are safe from any thread."""

    def __init__(self, read: Callable[[], Awaitable[list[ResticSnapshot]]]) -> None:
        """``read`` asks the repository."""
        self._ask = read
        self._lock = threading.Lock()
        self._found: Snapshots | None = None
        self._read_at = 0.0
        self._turn = 0  # of what is known; a reading begun before a change is not kept
        self._reading: asyncio.Task[Snapshots] | None = None

    def known(self) -> Snapshots | None:
        """Return the list if it is fresh enough, without asking anybody."""
        with self._lock:
            is_fresh = self._found is not None and time.monotonic() - self._read_at < MAX_AGE_S
            return self._found if is_fresh else None

    def forget(self) -> None:
        """Read anew the next time: we have changed the repository."""
        with self._lock:
            self._found, self._turn = None, self._turn + 1
            self._reading = None

    async def read(self) -> Snapshots:
        """Return the snapshots, oldest first; callers at the same time share one restic. Raises as ResticManager."""
        if (known := self.known()) is not None:
            return known
        with self._lock:
            task = self._reading
            if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
                task = self._reading = asyncio.create_task(self._read(self._turn), name="snapshot list")
        return await asyncio.shield(task)

    async def _read(self, turn: int) -> Snapshots:
        started = time.monotonic()
        found = tuple(await self._ask())
        with self._lock:
            if turn == self._turn:
                self._found, self._read_at = found, started
        return found
