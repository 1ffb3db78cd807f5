"""The rendered form of each server's compose project, made in the background: a read never waits for Compose."""

import asyncio
import logging
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

from core.errors import AppError
from core.tasks import cancel
from servers.minecraft.compose.rendering import Rendering
from servers.minecraft.manager import DockerMCManager

logger = logging.getLogger(__name__)

AT_ONCE = 2
AGAIN_S = 0.25  # between two looks at the files of one server
LAST_AGAIN_S = 60.0  # where Compose is missing, or the files never stand still
_NOTHING = Rendering()


class RenderedFiles:
    """Belongs to one loop; ``get`` is safe from any thread, and starts no process there."""

    def __init__(self, manager: DockerMCManager) -> None:
        self._manager = manager
        self._root = str(Path(manager.server_path))
        self._known: dict[str, Rendering] = {}
        self._not_before: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._queue: deque[str] = deque()
        self._queued: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def get(self, server_id: str) -> Rendering:
        """Return the last rendering, an empty one before the first; what has changed is rendered anew soon.

        Blocking for as long as some stat calls take.
        """
        known = self._known.get(server_id, _NOTHING)
        if self._loop is not None and not known.is_current(f"{self._root}/{server_id}"):
            self._want(server_id)
        return known

    def forget(self, server_id: str) -> None:
        """Drop what is known of a server that is gone."""
        for memory in (self._known, self._not_before, self._failures):
            memory.pop(server_id, None)

    def start(self) -> None:
        """Begin to render what is asked for, and what was before."""
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        self._queue.clear()
        self._queued.clear()
        self._tasks = [asyncio.create_task(self._run(), name="rendered compose files") for _ in range(AT_ONCE)]

    async def stop(self) -> None:
        """End it; what is known stays."""
        self._loop = None
        await cancel(self._tasks)

    async def refresh(self, server_id: str) -> Rendering:
        """Render a server's files as they are now, if that is not known; raises as ``render_server`` does."""
        self._known[server_id] = rendering = await self._manager.get_instance(server_id).render()
        return rendering

    def _want(self, server_id: str) -> None:
        loop = self._loop
        if loop is None or server_id in self._queued or time.monotonic() < self._not_before.get(server_id, 0):
            return
        self._queued.add(server_id)
        self._queue.append(server_id)
        with suppress(RuntimeError):  # the loop has ended meanwhile, and nobody renders any more
            loop.call_soon_threadsafe(self._wake.set)

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            if not self._queue:
                self._wake.clear()
                continue
            server_id = self._queue.popleft()
            failed = await self._failed(server_id)
            count = self._failures[server_id] = min(self._failures.get(server_id, 0) + 1, 10) if failed else 0
            self._not_before[server_id] = time.monotonic() + min(AGAIN_S * 2**count, LAST_AGAIN_S)
            self._queued.discard(server_id)  # only now: one rendering of a server at a time

    async def _failed(self, server_id: str) -> bool:
        try:
            await self.refresh(server_id)
        except AppError as error:
            logger.info("the compose files of %s are not rendered: %s", server_id, error)
            return True
        except Exception:  # the loop must live
            logger.exception("rendering the compose files of %s failed", server_id)
            return True
        return False
