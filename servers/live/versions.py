"""Which engine and Compose there are: asked when the engine comes (back), never by a request."""

import asyncio
import logging

from mcadmin.core.errors import AppError
from mcadmin.core.tasks import cancel
from servers.docker.cli import DockerCli
from servers.docker.engine import DockerManager, EngineVersion
from servers.live.engine_state import EngineSnapshot

logger = logging.getLogger(__name__)

COMPOSE_TIMEOUT_S = 15.0


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
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                self.engine = await DockerManager(self._cli).version()
                self.compose = await self._cli.compose_version(timeout_s=COMPOSE_TIMEOUT_S)
            except AppError as error:
                logger.info("versions are not known: %s", error)
            except Exception:  # the loop must live
                logger.exception("asking for versions failed")
