"""One game held still while its files are copied, and how sure that is.

``save-off`` → ``save-all flush`` → the game's confirmation → the copy → ``save-on`` in every case. The record that
saving is off is written down first and removed last, so that a guard can mend what a killed process left.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from backups.restic.labels import Saved
from backups.snapshots import saving_off
from backups.snapshots.game_connection import GameConnection, GameLog, is_unknown, says_off, says_on, says_saved
from backups.snapshots.saving_off import SavingOffRecord
from core.errors import AppError, Conflict, Unavailable
from core.tasks import cancel, run_detached
from servers.docker.container import Container, State
from servers.minecraft.compose.derivations import Edition, edition_of
from servers.minecraft.instance import MCInstance, ServerNotFound, ServerNotRunning
from servers.minecraft.rcon.client import RconUnavailable
from servers.records.operation_rows import in_database

logger = logging.getLogger(__name__)

COMMAND_S = 10.0
SAVE_ON_TRIES = 3
LOOK_S = 0.2
ENDED_LOOK_S = 0.5
ANSWER_AFTER_LINE_S = 1.0  # the log was faster than the answer, which is the surer sign
GUARD_WAIT_S = 35.0
RESTARTS = "its game ends and is started again all the time"
PAUSED = "its container is paused, so its game cannot confirm that the world is written"
NOT_WOKEN = "its game is asleep (autopause) and did not wake, so it cannot confirm that its world is written"


NO_COMMANDS = {
    Edition.BEDROCK: "it is of the Bedrock edition, which takes no save commands: stop it for a whole copy",
    Edition.PROXY: "it is a proxy, which has no world to save: its files were copied while it ran",
}


class GuardBusy(Conflict):
    """Saving is just being turned on after an earlier backup."""

    code = "busy"


class HeldGame:
    """One game around the copy of its server.

    Attributes:
        name: for sentences: the server's, with the game's own where the server has several.
        service: the game's, "" where the server has no other.
        container: the one that was there at the beginning.
        saved: how consistent a copy made now is, as far as this game goes.
        reason: why it is no better; empty when it is FLUSHED or STOPPED.
    """

    def __init__(self, instance: MCInstance, container: Container | None, *, operation_id: uuid.UUID) -> None:
        self.service = instance.service
        self.name = f"{instance.service} of {instance.name}" if instance.service else instance.name
        self.container = container
        self.saved, self.reason = Saved.STOPPED, ""
        self.saving_is_left_off = False
        self.woke_it = False
        self.claims_too_much = False  # set by who could not lower what a snapshot claims: the guard goes on trying
        self._instance = instance
        self._operation_id = operation_id
        self._log = GameLog(instance)
        self._record: SavingOffRecord | None = None

    @asynccontextmanager
    async def held(self, *, timeout_s: float) -> AsyncIterator[None]:
        """Keep the game from writing inside the block; saving is on again behind it, whatever happened."""
        container = self.container
        if container is not None and container.is_restarting:
            self.saved, self.reason = Saved.LIVE, RESTARTS
        if container is not None and container.state is State.PAUSED:  # it answers nothing: nobody waits for that
            self.saved, self.reason = Saved.LIVE, PAUSED
            yield
            return
        if container is None or not container.is_running:
            yield
            return
        if self._takes_no_save_commands(container):
            yield
            return
        async with GameConnection(self._instance) as game:
            try:
                await self._begin(container, game, timeout_s=timeout_s)
                yield
            finally:
                await run_detached(self._end(game))

    def _takes_no_save_commands(self, container: Container) -> bool:
        """Tell whether nothing can be asked of it; then say so."""
        edition = edition_of(container.image, container.environment)
        if edition is not Edition.JAVA:
            self.saved, self.reason = Saved.LIVE, NO_COMMANDS[edition]
        return edition is not Edition.JAVA

    async def find_container(self) -> Container | None:
        """Ask the engine for the game's container as it is now."""
        return await self._instance.get_container()

    async def disturbance(self, after: Container | None) -> str:
        """Say what happened to the game during the copy, "" for nothing; ``after``: its container now."""
        if self.saved is Saved.STOPPED:
            return _what_came_between(self.container, after)
        if self._record is not None and not self._record.is_of(after):
            return "it stopped while it was copied"
        return "somebody turned saving on while it was copied" if await self._log.says_saving_is_on() else ""

    async def _begin(self, container: Container, game: GameConnection, *, timeout_s: float) -> None:
        """Turn saving off and wait until everything is written; a game that sleeps is woken by that."""
        await self._log.begin()
        was_asleep = await self._instance.is_asleep(container)
        if not await self._save_off(container, game, by_cli=not was_asleep):
            if was_asleep:
                self.reason = NOT_WOKEN
            return
        self.woke_it = was_asleep
        try:
            if await self._flush(game, timeout_s=timeout_s):
                self.saved = Saved.FLUSHED
                return
            reason = f"the game did not confirm within {timeout_s:g} s that its world is written"
        except RconUnavailable as error:
            reason = str(error)
        self.saved, self.reason = Saved.UNCONFIRMED, reason

    async def _end(self, game: GameConnection) -> None:
        """Turn saving on and remove the record; one that stays is left to the guard."""
        await self._log.close()
        if self._record is None:
            return
        for attempt in range(SAVE_ON_TRIES):
            if attempt:
                await asyncio.sleep(1)
            if (await turn_saving_on(self._instance, self._record, game)).is_on:
                await in_database(saving_off.leave_claim if self.claims_too_much else saving_off.clear, self._record)
                return
        self.saving_is_left_off = True
        logger.warning("saving is still off on %s; the guard goes on trying", self.name)

    async def _save_off(self, container: Container, game: GameConnection, *, by_cli: bool) -> bool:
        await self._store_fact(container)
        reason = ""
        try:
            answer = await game.command("save-off", timeout_s=COMMAND_S, by_cli=by_cli)
            if says_off(answer):
                return True
            reason = f"it answered save-off with: {answer[:100]}"
            if is_unknown(answer):
                await self._forget_fact()
        except (RconUnavailable, ServerNotRunning) as error:
            await self._forget_fact()
            reason = str(error)
        except AppError as error:
            reason = str(error)
        self.saved, self.reason = Saved.LIVE, f"saving could not be turned off: {reason}"
        return False

    async def _forget_fact(self) -> None:
        """Remove the record: saving was never off."""
        if self._record is not None:
            await in_database(saving_off.clear, self._record)
        self._record = None

    async def _store_fact(self, container: Container) -> None:
        key, loop = (self._instance.name, self.service), asyncio.get_running_loop()
        last = loop.time() + GUARD_WAIT_S
        while (stored := await in_database(saving_off.store, key, self._operation_id, container)) is None:
            if loop.time() > last:
                raise GuardBusy(f"Saving is just being turned on again on {self.name}. Try again in half a minute.")
            await asyncio.sleep(0.5)
        self._record = stored

    async def _has_ended(self) -> bool:
        try:
            return self._record is not None and not self._record.is_of(await self._instance.get_container())
        except Unavailable:
            return False

    async def _flush(self, game: GameConnection, *, timeout_s: float) -> bool:
        """Ask for the flush and wait for its confirmation: the answer, or a line of the log."""
        asked = asyncio.create_task(game.command("save-all flush", timeout_s=timeout_s), name="save-all flush")
        try:
            async with asyncio.timeout(timeout_s):
                while not _is_saved(asked):
                    if await self._log.says_saved():
                        await asyncio.wait({asked}, timeout=ANSWER_AFTER_LINE_S)
                        return True
                    if asked.done():  # the answer was none, or the connection broke: did the game end?
                        if await self._has_ended():
                            raise RconUnavailable("the game ended before it had written its world")
                        await asyncio.sleep(ENDED_LOOK_S)
                    else:
                        await asyncio.wait({asked}, timeout=LOOK_S)
                return True
        except TimeoutError:
            return False
        finally:
            await cancel([asked])


def _what_came_between(before: Container | None, after: Container | None) -> str:
    """Say what happened to a game that did not run before the copy, "" for nothing; it may have ended again."""
    if after is None:
        return "its container was removed while it was copied, and may have run before that" if before else ""
    is_same = before is not None and (before.id, before.started_at) == (after.id, after.started_at)
    has_run = after.is_running or after.is_restarting or (after.started_at is not None and not is_same)
    return "it was started while it was copied" if has_run else ""


def _is_saved(asked: asyncio.Task[str]) -> bool:
    """Tell whether the answer is here and confirms; raises RconUnavailable when the command was never sent."""
    if not asked.done():
        return False
    error = asked.exception()
    if isinstance(error, RconUnavailable | ServerNotRunning):
        raise RconUnavailable(str(error)) from error
    if error is not None and not isinstance(error, AppError):
        raise error
    return error is None and says_saved(asked.result())


@dataclass(frozen=True, slots=True)
class Turned:
    """Whether saving is on now, or nothing runs; ``answer``: what the game said instead, if it was heard."""

    is_on: bool
    answer: str = ""


async def turn_saving_on(instance: MCInstance, record: SavingOffRecord, game: GameConnection) -> Turned:
    """Turn saving on where the container of ``record`` still runs."""
    try:
        if await _is_gone(instance, record):
            return Turned(is_on=True)  # a game begins with saving on
        answer = await game.command("save-on", timeout_s=COMMAND_S)
    except AppError as error:
        logger.info("saving of %s could not be turned on: %s", instance.name, error)
        return Turned(is_on=False)
    # A game that does not know this command does not know save-off either: saving was never off.
    is_on = says_on(answer) or is_unknown(answer)
    return Turned(is_on=is_on, answer="" if is_on else answer or "nothing")


async def _is_gone(instance: MCInstance, record: SavingOffRecord) -> bool:
    """Tell whether the game of ``record`` has ended; no where the engine cannot tell: an open connection may do."""
    try:
        return not record.is_of(await instance.get_container())
    except ServerNotFound:
        return True
    except Unavailable:
        return False
