"""The consoles of all servers: one reader a server, any number of viewers."""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path

from mcadmin.core.tasks import cancel
from servers.live.log_reader import LogReader
from servers.live.viewer import Frame, Viewer

logger = logging.getLogger(__name__)

RING_LINES = 20_000
RING_CHARS = 8 * 1024 * 1024
LOOK_S = 0.05
LINGER_S = 600.0  # a reader outlives its last viewer, so that a page that comes back misses nothing


class Feed:
    """The numbered lines of one server's log, the newest kept, and who looks at them."""

    def __init__(self, data: Path) -> None:
        self.epoch = secrets.token_hex(8)
        self.last = 0
        self.viewers: set[Viewer] = set()
        self.ready = asyncio.Event()
        self._reader = LogReader(data)
        self._ring: deque[str] = deque()
        self._chars = 0
        self._task = asyncio.create_task(self._run(), name=f"console of {data.parent.name}")

    @property
    def missing(self) -> bool:
        """Whether there is no log file now."""
        return self._reader.missing

    @property
    def first(self) -> int:
        """Number of the oldest line that is kept."""
        return self.last - len(self._ring) + 1

    @property
    def ended(self) -> bool:
        return self._task.done()

    def lines(self, after: int, limit: int) -> list[str]:
        """Return up to ``limit`` lines that follow number ``after``."""
        start = max(0, after + 1 - self.first)
        return list(islice(self._ring, start, start + limit))

    def tail_start(self, max_chars: int) -> int:
        """Return the number before the first of the last lines that together have at most ``max_chars``."""
        number, chars = self.last, 0
        for line in reversed(self._ring):
            chars += len(line) + 1
            if chars > max_chars:
                break
            number -= 1
        return number

    async def stop(self) -> None:
        await cancel([self._task])

    async def _run(self) -> None:
        idle_s = 0.0
        try:
            while idle_s < LINGER_S:
                lines = await asyncio.to_thread(self._reader.read)
                self._add(lines)
                self.ready.set()
                if not lines:
                    await asyncio.sleep(LOOK_S)
                idle_s = 0.0 if self.viewers else idle_s + LOOK_S
        except OSError:
            logger.exception("the log of a console cannot be read any more")
        finally:
            self.ready.set()
            self._reader.close()

    def _add(self, lines: list[str]) -> None:
        for line in lines:
            self._ring.append(line)
            self._chars += len(line) + 1
        self.last += len(lines)
        while len(self._ring) > RING_LINES or self._chars > RING_CHARS:
            self._chars -= len(self._ring.popleft()) + 1
        if lines:
            for viewer in self.viewers:
                viewer.wake()


class ConsoleHub:
    """Hands out viewers. Belongs to one loop."""

    def __init__(self, server_path: Path) -> None:
        self._server_path = server_path
        self._feeds: dict[str, Feed] = {}

    @asynccontextmanager
    async def view(
        self, server_id: str, *, filter_rcon: bool = True, after: int | None = None, epoch: str | None = None
    ) -> AsyncIterator[Viewer]:
        """Look at a server's log: from its tail, or from what was missed after line ``after`` of ``epoch``."""
        feed = self._feeds.get(server_id)
        if feed is None or feed.ended:
            feed = self._feeds[server_id] = Feed(self._server_path / server_id / "data")
        await feed.ready.wait()
        viewer = Viewer(feed, filter_rcon=filter_rcon, after=after if epoch == feed.epoch else None)
        if epoch is not None and epoch != feed.epoch:
            viewer.push({"type": "info", "message": "The console was restarted meanwhile; lines may be missing."})
        feed.viewers.add(viewer)
        try:
            yield viewer
        finally:
            feed.viewers.discard(viewer)

    def broadcast(self, server_id: str, frame: Frame, *, except_viewer: Viewer | None = None) -> None:
        """Push ``frame`` to every viewer of a server but one."""
        feed = self._feeds.get(server_id)
        for viewer in feed.viewers if feed else ():
            if viewer is not except_viewer:
                viewer.push(frame)

    async def close(self) -> None:
        """End all readers."""
        for feed in self._feeds.values():
            await feed.stop()
        self._feeds.clear()
