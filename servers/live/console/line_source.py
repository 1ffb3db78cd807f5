"""Where a console's lines come from, and the server's log file as the first such source."""

import asyncio
from contextlib import suppress
from typing import Protocol

from core.tasks import run_detached
from servers.live.console.log_reader import Batch, LogReader, OpenData
from servers.live.console.log_watch import LogWatch, Watches

LOOK_S = 1.0  # between looks when no event comes
BATCH_S = 0.04  # lines that come closer together travel together
_BUSY_LOOKS = 25  # looks in a row that found lines, or none: about a second


class LineSource(Protocol):
    """Lines in the order they were written, each given once by ``read``. Belongs to one loop and one reader task."""

    @property
    def problem(self) -> str | None:
        """Why there are no lines now, as a sentence; None when there is a log."""

    async def read(self) -> Batch:
        """Return what has come since the last call, without waiting for more."""

    async def changed(self) -> None:
        """Return when another ``read`` may find lines: soon, and at the latest after about a second."""

    async def tail(self) -> tuple[str, ...] | None:
        """Return the newest lines that ``read`` has given, enough to begin with; None: those kept of them will do."""

    async def close(self) -> None:
        """Let everything go; nothing is read after it."""


class LogFileSource:
    """``logs/latest.log`` of one server's game, woken by the kernel."""

    def __init__(self, open_data: OpenData, watch: LogWatch) -> None:
        """``open_data`` as in ``LogReader``."""
        self._open_data = open_data
        self._reader = LogReader(open_data)
        self._watch = watch
        self._watches: Watches = []
        self._watched: object = None  # the places the watches are on
        self._watching = asyncio.Lock()
        self._closed = False
        self._woken = asyncio.Event()
        self._streak = 0  # looks in a row with lines; below 0: quiet looks that are left before we watch again

    @property
    def problem(self) -> str | None:
        return self._reader.problem

    async def read(self) -> Batch:
        self._woken.clear()
        batch = await asyncio.to_thread(self._reader.read)
        self._count(found=bool(batch.lines or batch.skipped))
        return batch

    async def changed(self) -> None:
        # Two ways to learn of new lines, and the log decides between them. A quiet log is watched: the kernel wakes us,
        # and LOOK_S is only there for file systems that tell nothing. A busy one is looked at every BATCH_S, without a
        # watch. `_streak` counts looks with lines up to "busy"; from there it takes as many quiet looks to go back, so
        # that a log with pauses does not set up a watch in each of them. A watch that has just been set up says nothing
        # of what was written before it, hence the look without a wait.
        await asyncio.sleep(BATCH_S)
        # A busy log is looked at all the time: an event for each line would only cost (measured: a fifth of a core).
        wanted = None if self._is_busy else self._reader.places
        if wanted != self._watched:
            # To its end even if we are cancelled: no watch is left behind.
            await run_detached(self._watch_places(wanted))
        elif wanted is not None:  # not just watched anew: what came before that woke nobody
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._woken.wait()

    async def tail(self) -> tuple[str, ...]:
        return await asyncio.to_thread(self._reader.tail)

    async def close(self) -> None:
        self._closed = True
        await self._watch_places(None)
        await asyncio.to_thread(self._reader.close)

    @property
    def _is_busy(self) -> bool:
        return self._streak >= _BUSY_LOOKS or self._streak < 0

    def _count(self, *, found: bool) -> None:
        if found:
            self._streak = _BUSY_LOOKS if self._is_busy else self._streak + 1
        elif self._is_busy:
            self._streak = -_BUSY_LOOKS if self._streak > 0 else self._streak + 1
        else:
            self._streak = 0

    async def _watch_places(self, places: object) -> None:
        """Move the watches to the directories that now have the names; None ends them."""
        async with self._watching:
            old, self._watches, self._watched = self._watches, [], places
            if old:
                await asyncio.to_thread(self._watch.unwatch, old)
            if places is not None and not self._closed:
                loop = asyncio.get_running_loop()
                self._watches = await asyncio.to_thread(self._watch.watch, self._open_data, self._woken.set, loop=loop)
