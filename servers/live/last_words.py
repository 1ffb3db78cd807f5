"""What failing containers said last: the reason that an exit code does not tell."""

import asyncio
import logging
import re

from mcadmin.core.errors import AppError
from mcadmin.core.tasks import cancel
from servers.docker.cli import DockerCli
from servers.docker.container import Container, State
from servers.live.engine_state import EngineSnapshot
from servers.minecraft.log_lines import plain_text

logger = logging.getLogger(__name__)

ARGV = ("logs", "--tail", "20", "--")
MAX_CHARACTERS = 300
TIMEOUT_S = 10.0
AT_ONCE = 4  # a host that runs out of memory ends many at once, and has none to spare for as many processes
_FRAME = re.compile(r"^(?:\s+at |\s*\.\.\. \d+ more|\s*$)")  # of a stack trace: the line above says what it was

End = tuple[str, object]  # container and when it ended


class LastWords:
    """Asks ``docker logs`` once for each failed end. Belongs to one loop; ``of`` is safe from any thread."""

    def __init__(self, cli: DockerCli) -> None:
        self._cli = cli
        self._words: dict[End, str] = {}
        self._asked: set[End] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_ONCE)

    def of(self, container: Container) -> str | None:
        """Return the last line that the container's process printed before it failed, without colours."""
        return self._words.get(_end(container)) if _has_failed(container) else None

    def listen(self, snapshot: EngineSnapshot) -> None:
        """Ask about the ends that are new in ``snapshot``; call it on the loop."""
        failed = {_end(one): one for one in snapshot.containers.values() if _has_failed(one)}
        self._asked &= set(failed)
        self._words = {end: words for end, words in self._words.items() if end in failed}
        for end in set(failed) - self._asked:
            self._asked.add(end)
            task = asyncio.create_task(self._ask(end, failed[end]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        await cancel(self._tasks)

    async def _ask(self, end: End, container: Container) -> None:
        async with self._places:
            if end in self._asked:  # else it has started again meanwhile
                await self._hear(end, container)

    async def _hear(self, end: End, container: Container) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                said = [plain_text(line) async for line in self._cli.lines(*ARGV, container.id, with_stderr=True)]
        except (AppError, TimeoutError) as error:
            logger.info("what %s said last is unknown: %s", container.name, error)
            return
        lines = [line.strip() for line in said if not _FRAME.match(line)]
        if lines and end in self._asked:
            self._words[end] = lines[-1][:MAX_CHARACTERS]


def _end(container: Container) -> End:
    return (container.id, container.finished_at)


def _has_failed(container: Container) -> bool:
    """Tell whether its process ended by itself, and not well; 130, 137 and 143 are the codes of being told to."""
    has_ended = container.state in {State.EXITED, State.DEAD, State.RESTARTING}
    return has_ended and container.exit_code not in {None, 0, 130, 137, 143}
