"""Which engine and Compose there are: asked when the engine comes (back), never by a request."""

import logging
import math
from collections.abc import Awaitable, Callable

from core.errors import AppError
from core.periodic import Periodic
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
        self._pause_s = math.inf
        self._questions = Periodic("versions", self._turn, first_s=math.inf)

    def start(self) -> None:
        self._questions.start()

    async def stop(self) -> None:
        await self._questions.stop()

    def engine_changed(self, snapshot: EngineSnapshot) -> None:
        """Ask anew when the engine has come: it may be another one. Call it on the loop."""
        if snapshot.reachable and not self._reachable:
            self._pause_s = math.inf
            self._questions.wake()
        self._reachable = snapshot.reachable

    async def _turn(self) -> float:
        """Ask; while the engine is there and does not answer, again after pauses that double."""
        told = [await self._ask(one) for one in (self._ask_engine, self._ask_compose)]
        if all(told) or not self._reachable:
            self._pause_s = math.inf
        else:
            self._pause_s = AGAIN_S if math.isinf(self._pause_s) else min(self._pause_s * 2, LAST_AGAIN_S)
        return self._pause_s

    async def _ask(self, question: Callable[[], Awaitable[None]]) -> bool:
        try:
            await question()
        except AppError as error:
            logger.info("a version is not known: %s", error)
        except Exception:  # the other question is asked all the same
            logger.exception("asking for a version failed")
        else:
            return True
        return False

    async def _ask_engine(self) -> None:
        self.engine = await DockerManager(self._cli).version()

    async def _ask_compose(self) -> None:
        self.compose = await self._cli.compose_version(timeout_s=COMPOSE_TIMEOUT_S)
