"""Notice a restic that gets nowhere, and end it in time: a game may be held still while it runs.

Progress is what its status lines count, or bytes that its process has read or written: with a slow uplink the counts
stand for minutes while packs are sent, and before the first count an index is fetched.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil

from backups.restic.lines import parse_line
from core.errors import TimedOut
from core.tasks import cancel

_COUNTS = ("files_done", "total_files", "bytes_done", "total_bytes")
_MOVED_BYTES = 64 * 1024  # more than attempts to reach a host that is away take in the time
_LOOKS = 20  # within the time to the warning


class CopyStalled(TimedOut):
    """restic made no progress, and was ended."""

    code = "copy_stalled"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a restic may stand still.

    Attributes:
        warn_s: seconds without progress until ``warn`` gets a sentence.
        end_s: seconds without progress until it is ended.
        obstacles: returns what it may wait for, goes on after "In the way may be"; called in a thread, once it waits.
    """

    warn_s: float
    end_s: float
    obstacles: Callable[[], str]
    warn: Callable[[str], None]


class Watch:
    """Follows one run of restic."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._pid: int | None = None
        self._counts: tuple[Any, ...] = ()
        self._has_counted = False
        self._heard_bytes = 0
        self._moved_bytes = 0

    def begin(self, pid: int) -> None:
        """Take up its process; without one, the counts alone tell."""
        self._pid = pid

    def read(self, line: str) -> None:
        """Take one line that it printed; complaints about a host that is away are no progress."""
        self._heard_bytes += len(line.encode()) + 1
        said = parse_line(line)
        counts = tuple(said.get(name) for name in _COUNTS)
        if said.get("message_type") == "status" and counts != self._counts:
            self._counts, self._has_counted = counts, True

    async def over(self, work: Coroutine[Any, Any, str]) -> str:
        """Await ``work``, which is that run.

        Raises:
            CopyStalled: it made no progress for too long; it is ended.
        """
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        moved_at, has_warned = loop.time(), False
        try:
            while True:
                await asyncio.wait({task}, timeout=self._patience.warn_s / _LOOKS)
                if task.done():
                    return await task
                if await asyncio.to_thread(self._has_moved):
                    moved_at, has_warned = loop.time(), False
                still_s = loop.time() - moved_at
                if still_s >= self._patience.end_s:
                    raise CopyStalled(await self._words(still_s, "and was ended"))
                if still_s >= self._patience.warn_s and not has_warned:
                    has_warned = True
                    self._patience.warn(await self._words(still_s))
        finally:
            await cancel([task])

    def _has_moved(self) -> bool:
        """Tell whether there was progress since it was last told. Blocking."""
        moved = self._moved_so_far() - self._heard_bytes
        has_moved = self._has_counted or moved - self._moved_bytes >= _MOVED_BYTES
        if has_moved:
            self._has_counted, self._moved_bytes = False, moved
        return has_moved

    def _moved_so_far(self) -> int:
        if self._pid is None:
            return 0
        try:
            io = psutil.Process(self._pid).io_counters()
        except (psutil.Error, OSError):  # it has ended, or does not let us look
            return 0
        return int(io.read_chars + io.write_chars)

    async def _words(self, still_s: float, end: str = "so far") -> str:
        why = await asyncio.to_thread(self._why)
        return f"restic made no progress for {still_s:.0f} s {end}. {why}"

    def _why(self) -> str:
        with suppress(psutil.Error):
            if self._pid is not None and psutil.Process(self._pid).status() == psutil.STATUS_STOPPED:
                return "Its process is stopped (SIGSTOP)."
        return f"In the way may be {self._patience.obstacles()}."
