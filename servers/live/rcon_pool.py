"""One kept RCON connection a server, its commands in line."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable

from servers.minecraft.rcon import COMMAND_TIMEOUT_S, RconAddress, RconConnection, RconUnavailable


class RconPool:
    """Belongs to one loop."""

    def __init__(self) -> None:
        self._connections: dict[str, RconConnection] = {}
        self._lines: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def command(
        self,
        server_id: str,
        command: str,
        *,
        address: Callable[[], Awaitable[RconAddress]],
        timeout_s: float = COMMAND_TIMEOUT_S,
    ) -> str:
        """Run one command over the kept connection, made anew where it is missing or dead.

        A command is sent again only when it is sure that the game has not taken it.

        Args:
            address: asked only when a connection must be made.

        Raises:
            RconUnavailable, RconTimedOut, RconBroken.
        """
        async with self._lines[server_id]:
            kept = self._connections.get(server_id)
            if kept is not None:
                try:
                    return await kept.command(command, timeout_s=timeout_s)
                except RconUnavailable:
                    pass  # it had ended before; nothing was sent
            fresh = await RconConnection.connect(await address())
            self._connections[server_id] = fresh
            return await fresh.command(command, timeout_s=timeout_s)

    async def drop(self, server_id: str) -> None:
        """Close the connection of a server that has stopped."""
        connection = self._connections.pop(server_id, None)
        if connection is not None:
            await connection.close()

    async def close(self) -> None:
        """Close all connections."""
        for server_id in list(self._connections):
            await self.drop(server_id)
