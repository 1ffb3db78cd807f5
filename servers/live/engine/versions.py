"""Which engine and Compose there are: asked when the engine comes (back), never by a request."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from core.errors import AppError
from core.tasks import cancel
from servers.docker.cli import DockerCli
from servers.docker.engine import DockerManager, EngineVersion
from servers.live.engine.engine_state import EngineSnapshot

logger = logging.getLogger(__name__)

COMPOSE_TIMEOUT_S = 15.0
AGAIN_S, LAST_AGAIN_S = 5.0, 300.0  # after a question that was not answered, while the engine is there


class Versions:
    """Belongs to one loop; ``engine`` and ``compose`` may be read from any thread, None until known."""

    def __init__(self, cli: DockerCli) -> None:
        self.engine: EngineVersion | None = None
        self.compose: str | None = None
        self._cli = cli
        self._reachable = False
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._run(), name="versions")]

    async def stop(self) -> None:
        await cancel(self._tasks)

    def engine_changed(self, snapshot: EngineSnapshot) -> None:
        """Ask anew when the engine has come: it may be another one. Call it on the loop."""
        if snapshot.reachable and not self._reachable:
            self._wake.set()
        self._reachable = snapshot.reachable

    async def _run(self) -> None:
        wait_s: float | None = None
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
                    wait_s = None
            self._wake.clear()
            told = [await self._ask(one) for one in (self._ask_engine, self._ask_compose)]
            wait_s = None if all(told) or not self._reachable else min((wait_s or AGAIN_S / 2) * 2, LAST_AGAIN_S)

    async def _ask(self, question: Callable[[], Awaitable[None]]) -> bool:
        try:
            await question()
        except AppError as error:
            logger.info("a version is not known: %s", error)
        except Exception:  # the loop must live
            logger.exception("asking for a version failed")
        else:
            return True
        return False

    async def _ask_engine(self) -> None:
        self.engine = await DockerManager(self._cli).version()

    async def _ask_compose(self) -> None:
        self.compose = await self._cli.compose_version(timeout_s=COMPOSE_TIMEOUT_S)
