"""Who is online, sampled in the background: often while somebody looks, seldom else."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from core.errors import AppError
from core.periodic import Periodic
from core.tasks import cancel
from servers.minecraft.players import PlayerList, read_players
from servers.minecraft.server_ping import ServerPing

logger = logging.getLogger(__name__)

LOOK_S = 1.0  # for who is due
WATCHED_S, UNWATCHED_S = 5.0, 60.0
LOOKING_FOR = 15.0  # a look counts this many seconds
SAMPLE_TIMEOUT_S = 15.0  # more than a command and its connection may take by themselves

Ask = Callable[[str], Awaitable[str]]
Ping = Callable[[str], Awaitable[ServerPing]]
KnownNames = Callable[[str], Collection[str]]


@dataclass(frozen=True, slots=True)
class PlayersSample:
    """Names of those online and the server's maximum, as told at ``sampled_at``.

    ``motd`` and ``latency_ms`` are those of a server-list ping; None when it was not answered. ``count`` exceeds the
    names where only a ping was answered.
    """

    online: tuple[str, ...] = ()
    maximum: int | None = None
    sampled_at: datetime | None = None
    motd: str | None = None
    latency_ms: float | None = None
    count: int = 0


class PlayerSampler:
    """Asks every healthy server for its players. Belongs to one loop; ``read`` is safe from any thread."""

    def __init__(
        self,
        ask: Ask,
        ping: Ping,
        healthy: Callable[[], list[str]],
        *,
        is_asleep: Callable[[str], bool] = lambda _: False,
        known_names: KnownNames = lambda _: (),
    ) -> None:
        """Wire it.

        Args:
            ask: runs ``list`` on a server.
            ping: pings it.
            healthy: names the servers that can be asked; called in a thread, as are the next two.
            is_asleep: tells of a game that a question would wake: nobody is on it, and it is not asked.
            known_names: returns the names of players who have been on a server.
        """
        self._ask = ask
        self._is_asleep = is_asleep
        self._known_names = known_names
        self._ping = ping
        self._healthy = healthy
        self._samples: dict[str, PlayersSample] = {}
        self._looked_at: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._rounds = Periodic("players", self._round, LOOK_S)
        self._asking: dict[str, asyncio.Task[None]] = {}

    def read(self, server_id: str, *, now: float) -> PlayersSample:
        """Return the last sample, empty before the first; ``now`` is the monotonic time of this look."""
        self._looked_at[server_id] = now
        return self._samples.get(server_id, PlayersSample())

    def peek(self, server_id: str) -> PlayersSample | None:
        """Return the last sample, None before the first; this is no look, so nothing is asked more often."""
        return self._samples.get(server_id)

    def start(self) -> None:
        self._rounds.start()

    async def stop(self) -> None:
        await self._rounds.stop()
        await cancel(list(self._asking.values()))

    def wake(self) -> None:
        """Look at once who has turned healthy or gone; call it on the loop."""
        self._rounds.wake()

    async def _round(self) -> None:
        now = asyncio.get_running_loop().time()
        healthy = await asyncio.to_thread(self._healthy)
        for memory in (self._samples, self._due, self._looked_at):
            for gone in set(memory) - set(healthy):
                memory.pop(gone, None)
        for name in healthy:  # each by itself: a game that hangs holds up no other
            if name not in self._asking and now >= self._due_at(name, now):
                self._due[name] = now
                task = self._asking[name] = asyncio.create_task(self._ask_one(name), name=f"players of {name}")
                task.add_done_callback(partial(self._asked, name))

    def _asked(self, name: str, task: asyncio.Task[None]) -> None:
        del task
        self._asking.pop(name, None)

    async def _ask_one(self, name: str) -> None:
        try:
            async with asyncio.timeout(SAMPLE_TIMEOUT_S):
                await self._sample(name)
        except TimeoutError:
            logger.info("%s does not tell its players within %g s", name, SAMPLE_TIMEOUT_S)
        except Exception:  # the next look at it is due all the same
            logger.exception("sampling the players of %s failed", name)

    def _due_at(self, name: str, now: float) -> float:
        last = self._due.get(name)
        if last is None:
            return now
        looked = now - self._looked_at.get(name, -LOOKING_FOR) < LOOKING_FOR
        return last + (WATCHED_S if looked else UNWATCHED_S)

    async def _sample(self, name: str) -> None:
        if await asyncio.to_thread(self._is_asleep, name):
            before = self._samples.get(name, PlayersSample())
            self._samples[name] = replace(before, online=(), count=0, latency_ms=None, sampled_at=datetime.now(UTC))
            return
        players, pinged = await asyncio.gather(self._listed(name), self._pinged(name))
        count = len(players.online) if players else 0
        if players is None and pinged is not None:  # it tells fewer names, or none
            players, count = PlayerList(list(pinged.names), pinged.maximum), pinged.online
        if players is None or name not in self._due:  # or it has ended meanwhile
            return
        self._samples[name] = PlayersSample(
            tuple(players.online),
            players.maximum,
            datetime.now(UTC),
            pinged.motd if pinged else None,
            pinged.latency_ms if pinged else None,
            count,
        )

    async def _listed(self, name: str) -> PlayerList | None:
        try:
            return await read_players(await self._ask(name), partial(self._known_names, name))
        except AppError as error:
            logger.info("%s does not list its players: %s", name, error)
            return None

    async def _pinged(self, name: str) -> ServerPing | None:
        try:
            return await self._ping(name)
        except AppError as error:
            logger.info("%s is not pinged: %s", name, error)
            return None
