"""Console sockets for tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from channels.layers import InMemoryChannelLayer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from redis.exceptions import ConnectionError as RedisGone

from servers import wiring
from servers.routing import websocket_urlpatterns
from servers.tests.conftest import compose_text

DONE = '[12:00:00] [Server thread/INFO]: Done (1.2s)! For help, type "help"\n'
NOISE = "[12:00:01] [RCON Listener #1/INFO]: Thread RCON Client /127.0.0.1 started\n"


@asynccontextmanager
async def opened(
    path: str, *, subprotocols: list[str] | None = None, peer: str = "192.0.2.1"
) -> AsyncIterator[WebsocketCommunicator]:
    socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), path, subprotocols=subprotocols)
    socket.scope["client"] = [peer, 4711]
    accepted, _ = await socket.connect(timeout=5)
    assert accepted
    try:
        yield socket
    finally:
        await socket.disconnect()
        await wiring.live().console.close()


async def run(server: str, server_path: Path) -> None:
    """Start the server, with a command port at which nobody is: another test's game may be at the usual one."""
    (server_path / server / "compose.yaml").write_text(compose_text(server, rcon_port=1))
    await wiring.manager().get_instance(server).project.up()
    await wiring.live().engine.refresh()


async def receive(socket: WebsocketCommunicator) -> dict[str, Any]:
    found: dict[str, Any] = await socket.receive_json_from(timeout=5)
    return found


class MortalLayer(InMemoryChannelLayer):  # type: ignore[misc]  # Channels has no types
    """A channel layer that is there until ``gone``, as one on Redis is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.gone = asyncio.Event()

    async def receive(self, channel: str) -> Any:
        ways = [asyncio.ensure_future(super().receive(channel)), asyncio.ensure_future(self.gone.wait())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            self._check()
            return ways[0].result()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def group_add(self, group: str, channel: str) -> None:
        self._check()
        await super().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        self._check()
        await super().group_discard(group, channel)

    async def group_send(self, group: str, message: Any) -> None:
        self._check()
        await super().group_send(group, message)

    def _check(self) -> None:
        if self.gone.is_set():
            raise RedisGone("Error 111 connecting to redis")
