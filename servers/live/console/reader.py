"""One console: the lines of one source, numbered, and who looks at them."""

import asyncio
import logging
import secrets

from core.tasks import cancel, run_detached
from servers.live.console.line_ring import LineRing
from servers.live.console.line_source import LOOK_S, LineSource
from servers.live.console.log_reader import TAIL_BYTES
from servers.live.console.viewer import Viewer
from servers.live.directory_identity import DirectoryHandle

logger = logging.getLogger(__name__)

BUSY_PAUSE_S = 0.01  # between two reads of a backlog: others want the interpreter too
_CATCH_UP = 8  # reads before a snapshot, at most: a flood has no end


class ConsoleReader:
    """Moves lines from ``source`` into a ring and wakes the viewers. Belongs to one loop; begins at once."""

    def __init__(self, source: LineSource, *, name: str, home: DirectoryHandle) -> None:
        """``home`` is the directory of the server whose lines these are; the reader closes it."""
        self.epoch = secrets.token_hex(8)
        self.ring = LineRing()
        self.viewers: set[Viewer] = set()
        self.expiry: asyncio.TimerHandle | None = None
        self.source = source
        self.home = home
        self._name = name
        self._reading = asyncio.Lock()
        self._task = asyncio.create_task(self._run(), name=f"console of {name}")

    @property
    def problem(self) -> str | None:
        """Why there is no log now; None when there is one."""
        return self.source.problem

    def join(self, viewer: Viewer) -> None:
        """Wake ``viewer`` for new lines from now on, and stay as long as it does."""
        self.viewers.add(viewer)
        if self.expiry is not None:
            self.expiry.cancel()
            self.expiry = None

    async def snapshot(self) -> tuple[tuple[str, ...], int]:
        """Return the newest lines there are, and the number of the last of them."""
        return await run_detached(self._snapshot())  # a viewer that leaves must not take lines with it

    async def stop(self) -> None:
        """End the reader and its viewers."""
        if self.expiry is not None:
            self.expiry.cancel()
        for viewer in self.viewers:
            viewer.end()
        await cancel([self._task])
        async with self._reading:  # a snapshot may still be under way
            await self.source.close()
        await asyncio.to_thread(self.home.close)
        for viewer in self.viewers:  # of those that came meanwhile
            viewer.end()

    async def _run(self) -> None:
        await asyncio.to_thread(self.home.was_replaced)  # it is held from now on
        while True:
            try:
                async with self._reading:
                    more = await run_detached(self._read())
                if more:
                    await asyncio.sleep(BUSY_PAUSE_S)
                else:
                    await self.source.changed()
            except Exception:  # the loop must live: a disk that fails for a while is no reason to stay silent
                logger.exception("the console of %s cannot be read", self._name)
                await asyncio.sleep(LOOK_S)

    async def _read(self) -> bool:
        """Move what the source has into the ring; tell whether there is more."""
        batch = await self.source.read()
        self.ring.skip(batch.skipped)
        self.ring.add(batch.lines)
        if batch.note is not None:
            self.ring.note(batch.note)
        if batch.lines or batch.skipped or batch.note is not None:
            for viewer in self.viewers:
                viewer.wake()
        return batch.more

    async def _snapshot(self) -> tuple[tuple[str, ...], int]:
        async with self._reading:
            for _ in range(_CATCH_UP):
                if not await self._read():
                    break
            lines = await self.source.tail()
            return self.ring.tail(TAIL_BYTES) if lines is None else lines, self.ring.last
