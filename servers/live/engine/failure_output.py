"""What failing containers said last: the reason that an exit code does not tell."""

import asyncio
import logging
import re

from core.errors import AppError
from core.tasks import cancel
from servers.docker.cli import DockerCli
from servers.docker.container import Container, State
from servers.live.engine.engine_state import EngineSnapshot
from servers.minecraft import status_reason
from servers.minecraft.compose import java
from servers.minecraft.log_lines import plain_text
from servers.minecraft.status_reason import Detail

logger = logging.getLogger(__name__)

ARGV = ("logs", "--tail", "60")  # a stack trace, and what the image says after it
MAX_CHARACTERS = 300
TIMEOUT_S = 10.0
AT_ONCE = 4  # a host that runs out of memory ends many at once, and has none to spare for as many processes
_FRAME = re.compile(r"^(?:\s+at |\s*\.\.\. \d+ more|\s*$)")  # of a stack trace: the line above says what it was

End = tuple[str, object]  # container and when it ended


class FailureOutput:
    """Asks ``docker logs`` once for each failed end. Belongs to one loop; ``of`` is safe from any thread."""

    def __init__(self, cli: DockerCli) -> None:
        self._cli = cli
        self._words: dict[End, Detail] = {}
        self._asked: set[End] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_ONCE)

    def last_line(self, container: Container) -> Detail | None:
        """Return why the container's process failed: a cause that is known, else its last line."""
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
                argv = (*ARGV, *_of_this_run(container), "--", container.id)
                said = [plain_text(line) async for line in self._cli.lines(*argv, with_stderr=True)]
        except (AppError, TimeoutError) as error:
            logger.info("what %s said last is unknown: %s", container.name, error)
            return
        lines = [line.strip() for line in said if not _FRAME.match(line)]
        if lines and end in self._asked:
            self._words[end] = _known_cause(said) or status_reason.it_said(lines[-1][:MAX_CHARACTERS])


def _known_cause(said: list[str]) -> Detail | None:
    """Return the cause that a line names, the last one that does: what follows it seldom tells anything."""
    found = next(filter(None, map(java.too_old, reversed(said))), None)
    return None if found is None else status_reason.java_too_old(found)


def _of_this_run(container: Container) -> list[str]:
    """Return what keeps the lines of earlier runs out: their cause may be mended."""
    return ["--since", f"{container.started_at:%Y-%m-%dT%H:%M:%S.%fZ}"] if container.started_at else []


def _end(container: Container) -> End:
    return (container.id, container.finished_at)


def _has_failed(container: Container) -> bool:
    """Tell whether its process ended by itself, and not well; 130, 137 and 143 are the codes of being told to."""
    has_ended = container.state in {State.EXITED, State.DEAD, State.RESTARTING}
    return has_ended and container.exit_code not in {None, 0, 130, 137, 143}
