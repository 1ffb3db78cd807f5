"""Every socket route."""

from typing import Any

from channels.routing import URLRouter
from django.urls import re_path

from accounts.routing import websocket_urlpatterns as accounts_patterns
from servers.routing import websocket_urlpatterns as servers_patterns

websocket_urlpatterns = [*accounts_patterns, *servers_patterns]


async def nowhere(scope: Any, receive: Any, send: Any) -> None:
    """Refuse the handshake at an address that is no socket's: 404, or 403 by a server that can say no other."""
    await receive()
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.http.response.start", "status": 404, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b""})


sockets = URLRouter([*websocket_urlpatterns, re_path(r"", nowhere)])  # type: ignore[arg-type]  # the stubs know views alone
