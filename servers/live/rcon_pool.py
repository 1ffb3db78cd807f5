"""One kept RCON connection a server, its commands in line."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

from servers.minecraft.rcon import COMMAND_TIMEOUT_S, CONNECT_TIMEOUT_S, RconAddress, RconConnection

IDLE_S = 5.0  # a connection unused for this long is asked for a sign of life before a command is trusted to it


class RconPool:
    """Belongs to one loop."""

    def __init__(self) -> None:
        self._connections: dict[str, RconConnection] = {}
        self._used_at: dict[str, float] = {}
        self._lines: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

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
            timeout_s: of the game's answer; waiting in line for earlier commands is not counted.
            connect_timeout_s: of making a connection.

        Raises:
            InvalidRequest: see ``validate_command``.
            RconUnavailable: no connection; the command was not run and may be tried in another way.
            RconTimedOut, RconBroken: it may have run.
        """
        async with self._lines[server_id]:
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

    async def close(self) -> None:
        """Close all connections."""
        for server_id in list(self._connections):
            await self.drop(server_id)

    async def _is_usable(self, server_id: str, connection: RconConnection) -> bool:
        """Tell whether the connection may take a command; one used just now is not asked again."""
        if time.monotonic() - self._used_at.get(server_id, 0.0) < IDLE_S:
            return not connection.has_ended
        return await connection.is_alive()
