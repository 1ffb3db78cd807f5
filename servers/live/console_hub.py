"""The consoles of all servers: one reader a server, any number of viewers."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from mcadmin.core.tasks import cancel, finish, start
from servers.live.line_ring import LineRing
from servers.live.line_source import LOOK_S, LineSource, LogFileSource
from servers.live.log_watch import LogWatch
from servers.live.viewer import Frame, Viewer

logger = logging.getLogger(__name__)

LINGER_S = 600.0  # a reader outlives its last viewer, so that a page that comes back misses nothing
BUSY_PAUSE_S = 0.01  # between two reads of a backlog: others want the interpreter too
_CATCH_UP = 8  # reads before a snapshot, at most: a flood has no end


class ConsoleReader:
    """The lines of one source, numbered, and who looks at them."""

    def __init__(self, source: LineSource, *, name: str) -> None:
        self.epoch = secrets.token_hex(8)
        self.ring = LineRing()
        self.viewers: set[Viewer] = set()
        self.expiry: asyncio.TimerHandle | None = None
        self._source = source
        self._name = name
        self._reading = asyncio.Lock()
        self._task = asyncio.create_task(self._run(), name=f"console of {name}")

    @property
    def problem(self) -> str | None:
        """Why there is no log now; None when there is one."""
        return self._source.problem

    async def snapshot(self) -> tuple[tuple[str, ...], int]:
        """Return the newest lines there are, and the number of the last of them."""
        return await finish(self._snapshot())  # a viewer that leaves must not take lines with it

    async def stop(self) -> None:
        """End the reader and its viewers."""
        await cancel([self._task])
        async with self._reading:  # a snapshot may still be under way
            await self._source.close()
        for viewer in self.viewers:
            viewer.end()

    async def _run(self) -> None:
        while True:
            try:
                async with self._reading:
                    more = await finish(self._read())
                if more:
                    await asyncio.sleep(BUSY_PAUSE_S)
                else:
                    await self._source.changed()
            except Exception:  # the loop must live: a disk that fails for a while is no reason to stay silent
                logger.exception("the console of %s cannot be read", self._name)
                await asyncio.sleep(LOOK_S)

    async def _read(self) -> bool:
        """Move what the source has into the ring; tell whether there is more."""
        batch = await self._source.read()
        self.ring.skip(batch.skipped)
        self.ring.add(batch.lines)
        if batch.lines or batch.skipped:
            for viewer in self.viewers:
                viewer.wake()
        return batch.more

    async def _snapshot(self) -> tuple[tuple[str, ...], int]:
        async with self._reading:
            for _ in range(_CATCH_UP):
                if not await self._read():
                    break
            return await self._source.tail(), self.ring.last


class ConsoleHub:
    """Hands out viewers. Belongs to one loop; begins with the first viewer."""

    def __init__(self, server_path: Path, *, linger_s: float = LINGER_S) -> None:
        self._server_path = server_path
        self._linger_s = linger_s
        self._readers: dict[str, ConsoleReader] = {}
        self._watch = LogWatch()

    @asynccontextmanager
    async def view(
        self, server_id: str, *, filter_rcon: bool = True, after: int | None = None, epoch: str | None = None
    ) -> AsyncIterator[Viewer]:
        """Look at a server's log: from its tail, or from what was missed after line ``after`` of ``epoch``.

        The caller knows that the server exists. A log that is not there yet is followed when it appears.
        """
        reader = self._reader(server_id)
        viewer = Viewer(reader, filter_rcon=filter_rcon)
        reader.viewers.add(viewer)
        try:
            await viewer.begin(after=after, epoch=epoch)
            yield viewer
        finally:
            reader.viewers.discard(viewer)
            if not reader.viewers and self._readers.get(server_id) is reader:
                loop = asyncio.get_running_loop()
                reader.expiry = loop.call_later(self._linger_s, self._expire, server_id)

    def broadcast(self, server_id: str, frame: Frame, *, except_viewer: Viewer | None = None) -> None:
        """Push ``frame`` to every viewer of a server but one."""
        reader = self._readers.get(server_id)
        for viewer in reader.viewers if reader else ():
            if viewer is not except_viewer:
                viewer.push(frame)

    async def close(self) -> None:
        """End all readers and viewers."""
        readers, self._readers = list(self._readers.values()), {}
        for reader in readers:
            if reader.expiry is not None:
                reader.expiry.cancel()
            await reader.stop()
        watch, self._watch = self._watch, LogWatch()
        await asyncio.to_thread(watch.close)

    def _reader(self, server_id: str) -> ConsoleReader:
        """Return the server's reader, started if there is none. A container's output will be a second one beside it."""
        reader = self._readers.get(server_id)
        if reader is None:
            source = LogFileSource(self._server_path / server_id / "data", self._watch)
            reader = self._readers[server_id] = ConsoleReader(source, name=server_id)
        if reader.expiry is not None:
            reader.expiry.cancel()
            reader.expiry = None
        return reader

    def _expire(self, server_id: str) -> None:
        start(self._readers.pop(server_id).stop())
