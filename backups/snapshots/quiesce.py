"""Keep the games of servers from writing their worlds while they are copied, and know how sure that is.

A server's level speaks of every game in its file: each is held by itself, see ``held_game``.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from backups.restic.labels import Saved, worst
from backups.snapshots.coverage import Missing
from backups.snapshots.held_game import HeldGame
from core.errors import AppError, CommandFailed, Unavailable
from core.tasks import run_detached
from servers.docker.container import Container
from servers.minecraft.instance import MCInstance

logger = logging.getLogger(__name__)

MAX_NAMED = 5


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
) -> AsyncIterator[list["QuiesceSession"]]:
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
        yield [one for one in entered if isinstance(one, QuiesceSession)]
    finally:
        await run_detached(_leave(stacks))


async def _leave(stacks: list[AsyncExitStack]) -> None:
    """End all sessions, and each of them whatever happens to another; a record that stays is left to the guard."""
    for left in await asyncio.gather(*(stack.aclose() for stack in stacks), return_exceptions=True):
        if isinstance(left, BaseException):
            logger.error("a server could not be let go after its copy; the guard goes on trying", exc_info=left)


@asynccontextmanager
async def _quiet_one(
    instance: MCInstance, *, operation_id: uuid.UUID, timeout_s: float
) -> AsyncIterator["QuiesceSession"]:
    try:
        found = [(one, await one.get_container()) for one in await instance.list_games()]
    except (Unavailable, CommandFailed) as error:
        yield QuiesceSession(instance, [], doubt=f"nobody knows whether it runs: {error}")
        return
    games = [HeldGame(one, container, operation_id=operation_id) for one, container in found]
    session = QuiesceSession(instance, games)
    await session.look_for_others()
    stacks = [AsyncExitStack() for _ in games]
    ways = [one.held(timeout_s=timeout_s) for one in games]
    try:
        entered = await asyncio.gather(
            *(stack.enter_async_context(way) for stack, way in zip(stacks, ways, strict=True)), return_exceptions=True
        )
        for failed in filter(None, entered):
            raise failed
        session.take_levels()
        yield session
    finally:
        await run_detached(_leave(stacks))


class QuiesceSession:
    """What happens around the copy of one server, whose games are held together.

    In order: ``look_for_others`` (does anybody else write there?), the games are held (saving off, flushed, confirmed),
    ``take_levels`` (what each of them allows to claim), the copy, ``verify`` (was it undisturbed?). A level only ever
    falls: ``verify`` may take back what ``take_levels`` gave, and nothing gives it again.
    """

    def __init__(self, instance: MCInstance, games: Sequence[HeldGame], *, doubt: str = "") -> None:
        """``doubt``: why nothing is known of what writes there, as a clause."""
        self.state = Quiet(instance.name, Saved.LIVE if doubt else Saved.STOPPED, doubt)
        self._instance = instance
        self._games = games
        self._doubt = doubt
        self._began = datetime.now(UTC)

    def remarks(self) -> list[str]:
        """Say what else a user should know of this copy, whatever its level is."""
        found = []
        for one in self._games:
            if one.woke_it:
                found.append(f"The game of {one.name} was asleep (autopause): the backup has woken it.")
            if one.saving_is_left_off:
                found.append(f"Saving is still off on {one.name}; MC Admin goes on turning it on.")
        return found

    def leave_claim(self) -> None:
        """Have the guard lower what the snapshot claims: it could not be done now."""
        for one in self._games:
            one.claims_too_much = True

    async def look_for_others(self) -> None:
        """Find out who writes in the server's folder besides its own games: then no copy of it is sure to be whole."""
        try:
            others = await self._other_writers([one.container for one in self._games])
        except (Unavailable, CommandFailed) as error:
            self._doubt = f"nobody knows who writes there: {error}"
            return
        if others:
            names = ", ".join(one.name for one in others[:MAX_NAMED])
            self._doubt = f"the container {names} writes in its folder as well"

    def take_levels(self) -> None:
        """Let the server's level be the worst of its games', and LIVE at best where somebody else writes there."""
        # STOPPED says that none ran: a restore may count on it until the next start.
        levels = [one.saved for one in self._games if one.saved is not Saved.STOPPED]
        self.state.saved = worst([*levels, Saved.LIVE] if self._doubt else levels)
        of_game = next((one for one in self._games if one.saved is self.state.saved and one.reason), None)
        self.state.reason = self._of(of_game, of_game.reason) if of_game is not None else self._doubt

    async def verify(self) -> Quiet:
        """Look, after the copy, whether it was undisturbed: the same containers, and nobody turned saving on."""
        name = self.state.server_id
        if not self.state.saved.is_consistent:
            return self.state
        try:
            after = [await one.find_container() for one in self._games]
            others = await self._other_writers(after, since=self._began)
        except AppError as error:
            self.state = Quiet(name, Saved.UNCONFIRMED, f"nobody knows what it did meanwhile: {error}")
            return self.state
        if others:
            self.state = Quiet(name, Saved.LIVE, f"the container {others[0].name} wrote there meanwhile")
            return self.state
        for one, container in zip(self._games, after, strict=True):
            if why := await one.disturbance(container):
                self.state = Quiet(name, Saved.UNCONFIRMED, self._of(one, why))
                break
        return self.state

    async def _other_writers(
        self, own: Sequence[Container | None], *, since: datetime | None = None
    ) -> list[Container]:
        return await self._instance.other_writers([one for one in own if one is not None], since=since)

    @staticmethod
    def _of(game: HeldGame, clause: str) -> str:
        """Say of which game a clause is, where its server has several."""
        return f"its game `{game.service}`: {clause}" if game.service else clause
