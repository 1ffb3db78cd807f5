from typing import Any

import pytest
from channels.testing import ApplicationCommunicator

from mcadmin.routing import sockets


@pytest.mark.parametrize("path", ["/nowhere", "/api/servers/a b/console", "/api/operations/1"])
@pytest.mark.parametrize(
    ("extensions", "answer"),
    [
        ({"websocket.http.response": {}}, "websocket.http.response.start"),
        ({}, "websocket.close"),
        (None, "websocket.close"),
    ],
)
async def test_an_unknown_socket_is_refused_at_the_handshake(
    path: str, extensions: dict[str, Any] | None, answer: str
) -> None:
    stranger = ApplicationCommunicator(sockets, {"type": "websocket", "path": path, "extensions": extensions})
    await stranger.send_input({"type": "websocket.connect"})
    said = await stranger.receive_output(timeout=5)
    assert (said["type"], said.get("status", 404)) == (answer, 404)
    await stranger.wait(timeout=5)
