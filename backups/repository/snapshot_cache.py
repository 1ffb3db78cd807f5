"""The list of snapshots, read from the repository seldom: a page of 100 rows costs one restic at most."""

import asyncio
import math
import threading
import time
from collections.abc import Awaitable, Callable

from backups.repository.change_marker import ChangeMarker
from backups.restic.snapshot import ResticSnapshot
from core.errors import AppError

MAX_AGE_S = 60.0
LOOK_S = 5.0  # at least between two looks for ids that nobody knows, whoever asks and for however many

Snapshots = tuple[ResticSnapshot, ...]


class SnapshotCache:
    """What this process last read; ``known`` and ``forget`` are safe from any thread."""

    def __init__(self, read: Callable[[], Awaitable[list[ResticSnapshot]]], *, mark: ChangeMarker) -> None:
        """``read`` asks the repository; ``mark`` tells whether another process has changed it."""
        self._ask = read
        self._mark = mark
        self._marked = 0  # as it was before what is known was read
        self._lock = threading.Lock()
        self._found: Snapshots | None = None
        self._read_at = 0.0
        self._turn = 0  # of what is known; a reading begun before a change is not kept
        self._reading: asyncio.Task[Snapshots] | None = None
        self._looked_for: dict[str, float] = {}  # ids that were not known, and when the repository was asked for them
        self._looked_at = -math.inf

    def known(self) -> Snapshots | None:
        """Return the list if it is fresh enough, without asking anybody. Blocking for as long as a stat takes."""
        marked = self._mark.version()
        with self._lock:
            is_fresh = time.monotonic() - self._read_at < MAX_AGE_S and marked == self._marked
            return self._found if is_fresh else None

    async def changed(self) -> None:
        """Read anew the next time, in all processes: we have changed the repository."""
        self.forget()
        await asyncio.to_thread(self._mark.touch)

    def forget(self) -> None:
        """Read anew the next time: somebody may have changed the repository."""
        with self._lock:
            self._found, self._turn = None, self._turn + 1
            self._reading = None

    async def read(self) -> Snapshots:
        """Return the snapshots, oldest first; callers at the same time share one restic. Raises as ResticManager."""
        asked = time.monotonic()
        if (known := await asyncio.to_thread(self.known)) is not None:
            return known
        with self._lock:
            if self._found is not None and self._read_at >= asked:  # meanwhile
                return self._found
            task = self._reading
            if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
                task = self._reading = asyncio.create_task(self._read(self._turn), name="snapshot list")
        return await asyncio.shield(task)

    async def look_for(self, snapshot_id: str, *, asked: float) -> Snapshots:
        """Return the snapshots after a look for an id that is not among them: another machine may have made it.

        The repository is asked once for an id, while what it says is fresh, and for all ids once in LOOK_S.

        Args:
            asked: when the caller began, by the monotonic clock: a list that was read since then is new enough.
        """
        with self._lock:
            if self._found is not None and self._read_at >= asked:
                return self._found
            task, now = self._reading, time.monotonic()
            self._looked_for = {one: at for one, at in self._looked_for.items() if now - at < MAX_AGE_S}
            if snapshot_id not in self._looked_for and now - self._looked_at >= LOOK_S:
                self._looked_for[snapshot_id] = self._looked_at = now
                task = self._reading = asyncio.create_task(self._read(self._turn), name="snapshot list")
        if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
            return await self.read()
        try:
            return await asyncio.shield(task)
        except AppError:  # nobody knows: the next one may ask
            with self._lock:
                self._looked_for.pop(snapshot_id, None)
            raise

    async def _read(self, turn: int) -> Snapshots:
        started, marked = time.monotonic(), await asyncio.to_thread(self._mark.version)
        found = tuple(await self._ask())
        with self._lock:
            if turn == self._turn:
                self._found, self._read_at, self._marked = found, started, marked
        return found
