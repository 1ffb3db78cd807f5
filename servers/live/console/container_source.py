"""A container's own output as the lines of a console: across restarts, crash loops and re-creation."""

import asyncio
import logging
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, suppress

from core.errors import AppError
from core.process import ProgramFailed
from core.tasks import cancel
from servers.docker.cli import DockerCli
from servers.docker.container import Container
from servers.live.console.line_source import BATCH_S, LOOK_S
from servers.live.console.log_reader import Batch
from servers.minecraft.log_lines import clean_line

logger = logging.getLogger(__name__)

FIRST_LINES = 5_000  # of a container that ran before anybody looked
WAITING_LINES = 5_000  # read ahead of the viewers; beyond, docker waits
AGAIN_S = 2.0  # between looks when the engine announces nothing
QUIET_S, FIRST_WORD_S = 0.1, 1.5  # when what was there at the start counts as read
NO_CONTAINER = "There is no container yet: the server has not been started."

_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:\d\d)) ?")
_PIECE = 16_000  # the engine keeps longer lines in pieces, each with a stamp of its own


class ContainerSource:
    """Follows ``docker logs`` of the server's container, whichever that is now. Belongs to one loop.

    Each line is given once: the next look begins at the stamp of the last line, and passes over those
    that were given with the same one. Nothing is raised: ``problem`` says why there are no lines.
    """

    def __init__(self, cli: DockerCli, current: Callable[[], Container | None], *, name: str) -> None:
        """Begin to follow; ``current`` tells the container as last seen, and may block for a moment."""
        self.problem: str | None = NO_CONTAINER
        self._cli = cli
        self._current = current
        self._name = name
        self._waiting: deque[str] = deque()
        self._printed, self._room, self._looked = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._settled = asyncio.Event()
        self._container_id: str | None = None
        self._told: object = None  # the state of the container whose output is read to its end
        self._stamp, self._with_stamp = "", 0
        self._task = asyncio.create_task(self._run(), name=f"output of {name}")

    def look(self) -> None:
        """Look again which container there is: the engine's state has changed."""
        self._looked.set()

    async def read(self) -> Batch:
        await self._settle()
        self._printed.clear()
        lines = tuple(self._waiting)
        self._waiting.clear()
        self._room.set()
        return Batch(lines)

    async def changed(self) -> None:
        await asyncio.sleep(BATCH_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await self._printed.wait()

    async def tail(self) -> None:
        return None

    async def close(self) -> None:
        await cancel([self._task])

    async def _settle(self) -> None:
        """At first, wait until what the container has printed already is read, or is long in coming."""
        if self._settled.is_set():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_WORD_S):
                await self._printed.wait()
        count = -1
        while count != len(self._waiting) < WAITING_LINES and not self._settled.is_set():
            count = len(self._waiting)
            await asyncio.sleep(QUIET_S)
        self._settled.set()

    async def _run(self) -> None:
        while True:
            self._looked.clear()
            try:
                await self._follow()
            except AppError as error:
                self.problem = str(error)
            except Exception:  # the loop must live: a console that stays silent misleads
                logger.exception("the output of %s cannot be read", self._name)
            self._printed.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S):
                    await self._looked.wait()

    async def _follow(self) -> None:
        """Read the present container's output until it ends; nothing if that was done."""
        container = await asyncio.to_thread(self._current)
        if container is None:
            self.problem = NO_CONTAINER
            return
        state = (container.id, container.started_at, container.finished_at)
        if not container.is_running and state == self._told:
            return
        self.problem = None
        argv = self._argv(container)
        try:
            async with aclosing(self._cli.lines(*argv, with_stderr=True)) as lines:  # type: ignore[type-var]
                await self._take(lines)
        except ProgramFailed:  # its words are the problem already; removed between two looks
            self.problem = self.problem or NO_CONTAINER
            return
        if not container.is_running:
            if container.error and self._told != state:
                self._give(f"The engine could not start the container: {container.error}")
            self._told = state

    def _argv(self, container: Container) -> list[str]:
        """Ask for what was not given yet: of a new container all, of the first one the newest lines."""
        since = []
        if container.id != self._container_id:
            if self._container_id is None:
                since = ["--tail", str(FIRST_LINES)]
            self._container_id, self._stamp, self._with_stamp = container.id, "", 0
        elif self._stamp:
            since = ["--since", self._stamp]
        follow = ["--follow"] if container.is_running else []  # of one never started it would wait for ever
        return ["logs", *follow, "--timestamps", *since, "--", container.id]

    async def _take(self, lines: AsyncIterator[str]) -> None:
        passed_over, again = self._with_stamp, self._stamp
        async for line in lines:
            found = _STAMP.match(line)
            if found is None:  # docker's own words, such as why there is nothing to read
                self.problem = clean_line(line)
                continue
            self.problem = None  # whatever docker said before, there are lines
            stamp, text = found[1], line[found.end() :]
            if stamp == again and passed_over:
                passed_over -= 1
                continue
            self._with_stamp = self._with_stamp + 1 if stamp == self._stamp else 1
            self._stamp = stamp
            self._give(_STAMP.sub("", text) if len(text) > _PIECE else text)
            while len(self._waiting) >= WAITING_LINES:
                self._room.clear()
                await self._room.wait()

    def _give(self, line: str) -> None:
        self._waiting.extend(clean_line(part) for part in line.split("\n"))
        self._printed.set()
