"""One kept RCON connection a server, its commands in line."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from core.errors import TimedOut
from servers.minecraft.rcon.client import COMMAND_TIMEOUT_S, CONNECT_TIMEOUT_S, RconAddress, RconConnection

LINE_TIMEOUT_S = 20.0  # behind earlier commands: two that are not answered
IDLE_S = 5.0  # a connection unused for this long is asked for a sign of life before a command is trusted to it


class RconBusy(TimedOut):
    """Earlier commands to the same game take too long; this one was not run."""

    code = "rcon_busy"


@dataclass(slots=True)
class _Line:
    """Who waits for one game."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    commands: int = 0  # waiting or under way


class RconPool:
    """Belongs to one loop."""

    def __init__(self) -> None:
        self._connections: dict[str, RconConnection] = {}
        self._used_at: dict[str, float] = {}
        self._lines: dict[str, _Line] = {}

    async def command(
        self,
        server_id: str,
        command: str,
        *,
        addresses: Callable[[], Awaitable[Sequence[RconAddress]]],
        timeout_s: float = COMMAND_TIMEOUT_S,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
    ) -> str:
        """Run one command over the kept connection, made anew where it is missing or dead.

        A command is sent once: a dead connection is found before, and what breaks after is an error.

        Args:
            addresses: asked only when a connection must be made; the first that lets us in is taken.
            timeout_s: of the game's answer; waiting in line for earlier commands has its own limit, LINE_TIMEOUT_S.
            connect_timeout_s: of making a connection.

        Raises:
            InvalidRequest: see ``validate_command``.
            RconUnavailable: no connection; the command was not run and may be tried in another way.
            RconBusy: earlier commands take too long; this one was not run.
            RconTimedOut, RconBroken: it may have run.
        """
        async with self._turn(server_id):
            connection = self._connections.get(server_id)
            if connection is not None and not await self._is_usable(server_id, connection):
                await self.drop(server_id)
                connection = None
            if connection is None:
                connection = await RconConnection.connect_any(await addresses(), timeout_s=connect_timeout_s)
                self._connections[server_id] = connection
            try:
                return await connection.command(command, timeout_s=timeout_s)
            finally:
                if self._connections.get(server_id) is connection:  # else it was dropped meanwhile
                    self._used_at[server_id] = time.monotonic()

    @property
    def kept(self) -> list[str]:
        """Ids of the servers to which a connection is kept."""
        return list(self._connections)

    async def drop(self, server_id: str) -> None:
        """Close the connection of a server that has stopped."""
        self._used_at.pop(server_id, None)
        connection = self._connections.pop(server_id, None)
        if connection is not None:
            await connection.close()
        self._forget(server_id)

    async def close(self) -> None:
        """Close all connections."""
        for server_id in list(self._connections):
            await self.drop(server_id)

    @asynccontextmanager
    async def _turn(self, server_id: str) -> AsyncIterator[None]:
        """Wait for our turn with one game."""
        line = self._lines.setdefault(server_id, _Line())
        line.commands += 1
        try:
            try:
                async with asyncio.timeout(LINE_TIMEOUT_S):
                    await line.lock.acquire()
            except TimeoutError:
                raise RconBusy(
                    f"The game of {server_id} does not answer earlier commands: this one waited {LINE_TIMEOUT_S:g} s "
                    "and was not run. Look in its log whether it hangs. Try again, or restart it."
                ) from None
            try:
                yield
            finally:
                line.lock.release()
        finally:
            line.commands -= 1
            self._forget(server_id)

    def _forget(self, server_id: str) -> None:
        """Let a line go in which nobody stands, of a server to which no connection is kept."""
        line = self._lines.get(server_id)
        if line is not None and not line.commands and server_id not in self._connections:
            del self._lines[server_id]

    async def _is_usable(self, server_id: str, connection: RconConnection) -> bool:
        """Tell whether the connection may take a command; one used just now is not asked again."""
        if time.monotonic() - self._used_at.get(server_id, 0.0) < IDLE_S:
            return not connection.has_ended
        return await connection.is_alive()
