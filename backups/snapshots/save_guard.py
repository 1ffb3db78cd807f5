"""Turn saving on where a backup that has ended, in whatever way, left it off."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Collection

from backups.snapshots import saving_off
from backups.snapshots.game_connection import Game
from backups.snapshots.held_game import turn_saving_on
from backups.snapshots.saving_off import Fact
from core.errors import AppError
from core.periodic import Periodic
from servers.docker.container import Container
from servers.minecraft.instance import MCInstance, ServerNotFound
from servers.minecraft.manager import DockerMCManager
from servers.records.operation_rows import in_database

logger = logging.getLogger(__name__)

ROUND_S = 10.0
MAX_FOREIGN = 5  # answers to save-on in a row that say the same, and not that saving is on

Running = Callable[[], Collection[uuid.UUID]]
Disturbed = Callable[[Fact], Awaitable[None]]


class SaveGuard:
    """Looks at every start and every ROUND_S. Belongs to one loop; two of them do no harm."""

    def __init__(self, manager: DockerMCManager, *, running: Running, disturbed: Disturbed) -> None:
        """Wire it.

        Args:
            manager: of the servers.
            running: returns the operations that hold a lease now; it may use the database.
            disturbed: is told of a fact whose container ended before its operation did.
        """
        self._manager = manager
        self._running = running
        self._disturbed = disturbed
        self._rounds = Periodic("save guard", self.round, ROUND_S)
        self._foreign: dict[Fact, tuple[str, int]] = {}  # what a game answers again and again, and how often it did

    def start(self) -> None:
        """Begin the rounds; the first one is at once."""
        self._rounds.start()

    async def stop(self) -> None:
        """End the rounds."""
        await self._rounds.stop()

    async def round(self) -> None:
        """Look once at every server whose saving is off."""
        found = await in_database(saving_off.read_all)
        if not found:
            return
        running = await in_database(self._running)
        left = [fact for fact in found if fact.operation_id not in running]
        for fact, failed in zip(
            left, await asyncio.gather(*map(self._mend, left), return_exceptions=True), strict=True
        ):
            if isinstance(failed, Exception):  # one server's trouble is not the others'
                logger.error("what a backup of %s left could not be mended yet", fact.server_id, exc_info=failed)

    async def _mend(self, fact: Fact) -> None:
        if not await in_database(saving_off.take_guard, fact):
            return
        try:
            instance = self._manager.get_instance(fact.server_id).game(fact.service)
            async with asyncio.timeout(saving_off.GUARD_LIFE.total_seconds() - 5), Game(instance) as game:
                if not fact.is_of(await _container(instance)):
                    await self._disturbed(fact)
                elif not await self._is_on(instance, fact, game):
                    return
            await in_database(saving_off.clear, fact)
            self._foreign.pop(fact, None)
            logger.warning("saving of %s was left off by a backup and is on again", fact.server_id)
        except (TimeoutError, AppError) as error:
            logger.warning("what a backup of %s left could not be mended yet: %s", fact.server_id, error)
        finally:
            await in_database(saving_off.leave_guard, fact)

    async def _is_on(self, instance: MCInstance, fact: Fact, game: Game) -> bool:
        """Turn saving on, but not for ever where the game gives the same foreign answer again and again."""
        answer, times = self._foreign.get(fact, ("", 0))
        if times >= MAX_FOREIGN:
            return False
        turned = await turn_saving_on(instance, fact, game)
        if not turned.answer:
            return turned.is_on
        times = times + 1 if turned.answer == answer else 1
        self._foreign[fact] = (turned.answer, times)
        if times == MAX_FOREIGN:
            logger.error(
                "%s answered save-on %d times with %r: it is asked no more. Look whether it saves by itself.",
                fact.server_id, times, turned.answer[:100],
            )  # fmt: skip
        return False


async def _container(instance: MCInstance) -> Container | None:
    try:
        return await instance.get_container()
    except ServerNotFound:  # it was removed, and what ran in its folder with it
        return None
