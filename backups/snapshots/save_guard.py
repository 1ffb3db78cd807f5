"""Turn saving on where a backup that has ended, in whatever way, left it off."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Collection

from backups.snapshots import saving_off
from backups.snapshots.game_connection import GameConnection
from backups.snapshots.held_game import turn_saving_on
from backups.snapshots.saving_off import SavingOffRecord
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
Disturbed = Callable[[SavingOffRecord], Awaitable[None]]


class SaveGuard:
    """Looks at every start and every ROUND_S. Belongs to one loop; two of them do no harm."""

    def __init__(self, manager: DockerMCManager, *, running: Running, disturbed: Disturbed) -> None:
        """Wire it.

        Args:
            manager: of the servers.
            running: returns the operations that hold a lease now; it may use the database.
            disturbed: is told of a record whose container ended before its operation did.
        """
        self._manager = manager
        self._running = running
        self._disturbed = disturbed
        self._rounds = Periodic("save guard", self.run_once, ROUND_S)
        # What a game answers again and again, and how often it did.
        self._foreign: dict[SavingOffRecord, tuple[str, int]] = {}

    def start(self) -> None:
        """Begin the rounds; the first one is at once."""
        self._rounds.start()

    async def stop(self) -> None:
        """End the rounds."""
        await self._rounds.stop()

    async def run_once(self) -> None:
        """Look once at every server whose saving is off."""
        found = await in_database(saving_off.read_all)
        if not found:
            return
        running = await in_database(self._running)
        left = [record for record in found if record.operation_id not in running]
        for record, failed in zip(
            left, await asyncio.gather(*map(self._mend, left), return_exceptions=True), strict=True
        ):
            if isinstance(failed, Exception):  # one server's trouble is not the others'
                logger.error("what a backup of %s left could not be mended yet", record.server_id, exc_info=failed)

    async def _mend(self, record: SavingOffRecord) -> None:
        if not await in_database(saving_off.take_guard, record):
            return
        try:
            instance = self._manager.get_instance(record.server_id).game(record.service)
            async with asyncio.timeout(saving_off.GUARD_LIFE.total_seconds() - 5), GameConnection(instance) as game:
                if not record.is_of(await _container(instance)):
                    await self._disturbed(record)
                elif not await self._is_on(instance, record, game):
                    return
            await in_database(saving_off.clear, record)
            self._foreign.pop(record, None)
            logger.warning("saving of %s was left off by a backup and is on again", record.server_id)
        except (TimeoutError, AppError) as error:
            logger.warning("what a backup of %s left could not be mended yet: %s", record.server_id, error)
        finally:
            await in_database(saving_off.leave_guard, record)

    async def _is_on(self, instance: MCInstance, record: SavingOffRecord, game: GameConnection) -> bool:
        """Turn saving on, but not for ever where the game gives the same foreign answer again and again."""
        answer, times = self._foreign.get(record, ("", 0))
        if times >= MAX_FOREIGN:
            return False
        turned = await turn_saving_on(instance, record, game)
        if not turned.answer:
            return turned.is_on
        times = times + 1 if turned.answer == answer else 1
        self._foreign[record] = (turned.answer, times)
        if times == MAX_FOREIGN:
            logger.error(
                "%s answered save-on %d times with %r: it is asked no more. Look whether it saves by itself.",
                record.server_id, times, turned.answer[:100],
            )
        return False


async def _container(instance: MCInstance) -> Container | None:
    try:
        return await instance.get_container()
    except ServerNotFound:  # it was removed, and what ran in its folder with it
        return None
