"""Work that is done again and again on one event loop, whatever goes wrong in between."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress

from core.tasks import cancel

logger = logging.getLogger(__name__)

Work = Callable[[], Awaitable[float | None]]


class Periodic:
    """A task that does ``work`` every ``every_s``, and at once when it is woken. Belongs to one loop.

    An exception ends one turn and never the task: it is logged, and the next turn comes as usual. A figure that stood
    still because its loop had died would mislead for weeks.
    """

    def __init__(self, name: str, work: Work, every_s: float = math.inf, *, first_s: float = 0.0) -> None:
        """Wire it.

        Args:
            name: of the task, and in the log; a noun.
            work: one turn. It may return the seconds until the next one; None stands for ``every_s``.
            every_s: seconds between the end of a turn and the next one; infinite: only when it is woken.
            first_s: seconds before the first turn.
        """
        self._name = name
        self._work = work
        self._every_s = every_s
        self._first_s = first_s
        self._woken = asyncio.Event()  # a new one at each start: an event belongs to one loop
        self._task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        return self._task is not None

    def start(self) -> None:
        """Begin on the running loop."""
        self._woken = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Cancel the turn under way and wait for its end; nothing to do where it was never started."""
        task, self._task = self._task, None  # at once: who starts it meanwhile begins anew
        if task is not None:
            await cancel([task])

    def wake(self) -> None:
        """Have the next turn at once; during a turn, have another one after it. Call it on the loop."""
        self._woken.set()

    async def _run(self) -> None:
        pause_s = self._first_s
        while True:
            await self._wait(pause_s)
            self._woken.clear()
            pause_s = self._every_s
            try:
                until_next_s = await self._work()
            except Exception:
                logger.exception("%s failed; the next turn comes all the same", self._name)
            else:
                pause_s = self._every_s if until_next_s is None else until_next_s

    async def _wait(self, pause_s: float) -> None:
        if pause_s <= 0:
            await asyncio.sleep(0)  # work that awaits nothing must not keep the loop to itself
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(None if math.isinf(pause_s) else pause_s):
                await self._woken.wait()
