"""Keep a game from writing its world while it is copied, and know how sure that is.

``save-off`` → ``save-all flush`` → the game's confirmation → the copy → ``save-on`` in every case. The fact that
saving is off is written down first and removed last, so that a guard can mend what a killed process left.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from backups import facts
from backups.coverage import Missing
from backups.facts import Fact
from backups.game import Game, GameLog, is_unknown, says_off, says_on, says_saved
from backups.restic.labels import Saved
from mcadmin.core.errors import AppError, CommandFailed, Conflict, Unavailable
from mcadmin.core.tasks import cancel, finish
from servers.docker.container import Container, State
from servers.minecraft.instance import MCInstance, ServerNotFound, ServerNotRunning
from servers.minecraft.rcon import RconUnavailable
from servers.records import in_database

logger = logging.getLogger(__name__)

COMMAND_S = 10.0
SAVE_ON_TRIES = 3
LOOK_S = 0.2
ENDED_LOOK_S = 0.5
ANSWER_AFTER_LINE_S = 1.0  # the log was faster than the answer, which is the surer sign
GUARD_WAIT_S = 35.0
MAX_NAMED = 5
NOT_WOKEN = "its game is asleep (autopause) and did not wake, so it cannot confirm that its world is written"


class GuardBusy(Conflict):
    """Saving is just being turned on after an earlier backup."""

    code = "busy"


@dataclass(slots=True)
class Quiet:
    """One server while it is copied.

    Attributes:
        saved: how consistent a copy made now is.
        missing: where the game writes and the copy does not reach; then it is PARTIAL, whatever else is true.
        reason: why it is no better; empty when it is FLUSHED or STOPPED.
    """

    server_id: str
    saved: Saved
    reason: str = ""
    missing: list[Missing] = field(default_factory=list)


@asynccontextmanager
async def quiet(
    instances: Sequence[MCInstance], *, operation_id: uuid.UUID, timeout_s: float,
    not_held: Callable[[str, Exception], None],
) -> AsyncIterator[list["Bracket"]]:  # fmt: skip
    """Keep servers from writing inside the block, all together; saving is on again behind it, whatever happened.

    Args:
        not_held: is given the id of each server that could not be held still, and the reason; when it does not
            raise, the block begins without that server.
    """
    stacks = [AsyncExitStack() for _ in instances]
    ways = [_quiet_one(instance, operation_id=operation_id, timeout_s=timeout_s) for instance in instances]
    try:
        entered = await asyncio.gather(
            *(stack.enter_async_context(way) for stack, way in zip(stacks, ways, strict=True)), return_exceptions=True
        )
        for instance, one in zip(instances, entered, strict=True):
            if isinstance(one, Exception):
                not_held(instance.name, one)
            elif isinstance(one, BaseException):
                raise one
        yield [one for one in entered if isinstance(one, Bracket)]
    finally:
        await finish(_leave(stacks))


async def _leave(stacks: list[AsyncExitStack]) -> None:
    """End all brackets, and each of them whatever happens to another; a fact that stays is left to the guard."""
    for left in await asyncio.gather(*(stack.aclose() for stack in stacks), return_exceptions=True):
        if isinstance(left, BaseException):
            logger.error("a server could not be let go after its copy; the guard goes on trying", exc_info=left)


@asynccontextmanager
async def _quiet_one(
    instance: MCInstance, *, operation_id: uuid.UUID, timeout_s: float
) -> AsyncIterator["Bracket"]:
    try:
        container = await instance.get_container()
    except (Unavailable, CommandFailed) as error:
        bracket = Bracket(instance, None, operation_id=operation_id)
        bracket.now = Quiet(instance.name, Saved.LIVE, f"nobody knows whether it runs: {error}")
        yield bracket
        return
    bracket = Bracket(instance, container, operation_id=operation_id)
    await bracket.look_for_others()
    if container is not None and container.is_restarting and bracket.now.saved.is_consistent:
        bracket.now = Quiet(instance.name, Saved.LIVE, "its game ends and is started again all the time")
    if container is not None and container.state is State.PAUSED:  # it answers nothing: nobody waits for that
        why = "its container is paused, so its game cannot confirm that the world is written"
        bracket.now = Quiet(instance.name, Saved.LIVE, why)
        yield bracket
        return
    if container is None or not container.is_running:
        yield bracket
        return
    async with Game(instance) as game:
        try:
            await bracket.begin(game, timeout_s=timeout_s)
            yield bracket
        finally:
            await finish(bracket.end(game))


class Bracket:
    """What happens around the copy of one server."""

    def __init__(self, instance: MCInstance, container: Container | None, *, operation_id: uuid.UUID) -> None:
        self.now = Quiet(instance.name, Saved.STOPPED)
        self.saving_is_left_off = False
        self.claims_too_much = False  # set by who could not lower what a snapshot claims: the guard goes on trying
        self._instance = instance
        self._container = container
        self._operation_id = operation_id
        self._log = GameLog(instance)
        self._fact: Fact | None = None
        self._others: list[str] = []
        self._woke_it = False

    def remarks(self) -> list[str]:
        """Say what else a user should know of this copy, whatever its level is."""
        name, found = self.now.server_id, []
        if self._woke_it:
            found.append(f"The game of {name} was asleep (autopause): the backup has woken it.")
        if self.saving_is_left_off:
            found.append(f"Saving is still off on {name}; MC Admin goes on turning it on.")
        return found

    async def begin(self, game: Game, *, timeout_s: float) -> None:
        """Turn saving off and wait until everything is written; a game that sleeps is woken by that."""
        assert self._container is not None  # noqa: S101 - it runs: see ``quiet``
        await self._log.begin()
        was_asleep = await self._instance.is_asleep(self._container)
        if not await self._save_off(game, by_cli=not was_asleep):
            if was_asleep:
                self.now.reason = NOT_WOKEN
            return
        self._woke_it = was_asleep
        try:
            if await self._flush(game, timeout_s=timeout_s):
                self.now.saved = Saved.FLUSHED
                self._lower_for_others()
                return
            reason = f"the game did not confirm within {timeout_s:g} s that its world is written"
        except RconUnavailable as error:
            reason = str(error)
        self.now.saved, self.now.reason = Saved.UNCONFIRMED, reason

    async def look_for_others(self) -> None:
        """Find out who writes in the server's folder besides its own game: then no copy of it is sure to be whole."""
        own = [self._container] if self._container is not None else []
        try:
            self._others = [one.name for one in await self._instance.other_writers(own)]
        except (Unavailable, CommandFailed) as error:
            self.now = Quiet(self._instance.name, Saved.LIVE, f"nobody knows who writes there: {error}")
            return
        self._lower_for_others()

    def _lower_for_others(self) -> None:
        if self._others:
            names = ", ".join(self._others[:MAX_NAMED])
            self.now.saved, self.now.reason = Saved.LIVE, f"the container {names} writes in its folder as well"

    async def judge(self) -> Quiet:
        """Look, after the copy, whether it was undisturbed: the same container, and nobody turned saving on."""
        before = self.now
        if not before.saved.is_consistent:
            return before
        try:
            after = await self._instance.get_container()
            others = await self._instance.other_writers([after] if after is not None else [])
        except AppError as error:
            self.now = Quiet(before.server_id, Saved.UNCONFIRMED, f"nobody knows what it did meanwhile: {error}")
            return self.now
        if others:
            self.now = Quiet(before.server_id, Saved.LIVE, f"the container {others[0].name} began to write there")
        elif before.saved is Saved.STOPPED:
            if after is not None and (after.is_running or after.is_restarting):
                self.now = Quiet(before.server_id, Saved.UNCONFIRMED, "it was started while it was copied")
        elif self._fact is not None and not self._fact.is_of(after):
            self.now = Quiet(before.server_id, Saved.UNCONFIRMED, "it stopped while it was copied")
        elif await self._log.says_saving_is_on():
            self.now = Quiet(before.server_id, Saved.UNCONFIRMED, "somebody turned saving on while it was copied")
        return self.now

    async def end(self, game: Game) -> None:
        """Turn saving on and remove the fact; one that stays is left to the guard."""
        await self._log.close()
        if self._fact is None:
            return
        for attempt in range(SAVE_ON_TRIES):
            if attempt:
                await asyncio.sleep(1)
            if (await turn_saving_on(self._instance, self._fact, game)).is_on:
                settle = facts.leave_claim if self.claims_too_much else facts.clear
                await in_database(settle, self._instance.name, self._operation_id)
                return
        self.saving_is_left_off = True
        logger.warning("saving is still off on %s; the guard goes on trying", self._instance.name)

    async def _save_off(self, game: Game, *, by_cli: bool) -> bool:
        assert self._container is not None  # noqa: S101 - as in ``begin``
        await self._store_fact(self._container)
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
        self.now.saved, self.now.reason = Saved.LIVE, f"saving could not be turned off: {reason}"
        return False

    async def _forget_fact(self) -> None:
        """Remove the fact: saving was never off."""
        self._fact = None
        await in_database(facts.clear, self._instance.name, self._operation_id)

    async def _store_fact(self, container: Container) -> None:
        name, loop = self._instance.name, asyncio.get_running_loop()
        last = loop.time() + GUARD_WAIT_S
        while not await in_database(facts.store, name, self._operation_id, container):
            if loop.time() > last:
                raise GuardBusy(f"Saving is just being turned on again on {name}. Try again in half a minute.")
            await asyncio.sleep(0.5)
        found = await in_database(facts.read_all)
        self._fact = next(fact for fact in found if fact.server_id == name)

    async def _has_ended(self) -> bool:
        try:
            return self._fact is not None and not self._fact.is_of(await self._instance.get_container())
        except Unavailable:
            return False

    async def _flush(self, game: Game, *, timeout_s: float) -> bool:
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


async def turn_saving_on(instance: MCInstance, fact: Fact, game: Game) -> Turned:
    """Turn saving on where the container of ``fact`` still runs."""
    try:
        if await _is_gone(instance, fact):
            return Turned(is_on=True)  # a game begins with saving on
        answer = await game.command("save-on", timeout_s=COMMAND_S)
    except AppError as error:
        logger.info("saving of %s could not be turned on: %s", instance.name, error)
        return Turned(is_on=False)
    # A game that does not know this command does not know save-off either: saving was never off.
    is_on = says_on(answer) or is_unknown(answer)
    return Turned(is_on=is_on, answer="" if is_on else answer or "nothing")


async def _is_gone(instance: MCInstance, fact: Fact) -> bool:
    """Tell whether the game of ``fact`` has ended; no where the engine cannot tell: an open connection may do."""
    try:
        return not fact.is_of(await instance.get_container())
    except ServerNotFound:
        return True
    except Unavailable:
        return False
