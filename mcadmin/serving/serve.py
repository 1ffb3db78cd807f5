"""The production server: Uvicorn on one socket, with signals of our own and a clean end."""

import asyncio
import contextlib
import errno
import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

import uvicorn

from core.connections import Connections
from mcadmin.serving.http_protocol import LimitedHttp, LimitedSocket

PORT_TRIES = 20
QUEUE = 2048  # connections that the kernel holds for us until they are accepted
ACCEPTED_AT_ONCE = 64  # in one turn of the loop: whatever else is ready waits for all of them
_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
GRACE_S = 10  # for answers under way when the process is told to end
PING_S = 10.0
DEAF_MS = 120_000  # after this the kernel ends a connection whose client takes nothing of what is sent
# Consumers refuse more than 32 KiB with a sentence; the server refuses only what is beyond any use.
MAX_FRAME_BYTES = 32 * 1024 + 1024


class Server(uvicorn.Server):
    """Uvicorn that ends on SIGTERM and SIGINT by returning, and tells when it answers.

    Its own handling raises the signal anew after the shutdown, which skips everything that
    comes after ``serve()`` and makes an orderly end look like a crash.
    """

    def __init__(self, config: uvicorn.Config, *, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # asyncio has one figure for two things: how many it accepts in one turn, and the kernel's queue, which it sets
        # as it begins to serve and never again.
        for listener in sockets or []:
            listener.listen(QUEUE)
        if self.started:
            self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take both signals for the time of serving and give them back silently."""
        wanted = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, self.handle_exit) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address; port 0 takes a free one.

    Raises:
        OSError: the port is taken, the host is none of this machine's, or it needs root.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A close waits for what was sent before it; Uvicorn has no other end for a client that reads nothing.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAF_MS)  # what it accepts inherits it
        listener.bind(address)
        # Now and not when the application is up: two processes may bind one port, only one may listen.
        listener.listen(QUEUE)
    except BaseException:
        listener.close()
        raise
    return listener


def bind_all(host: str, port: int) -> list[socket.socket]:
    """Return sockets bound to the address; ``localhost`` means both loopback addresses, as far as there are both.

    On one of them alone, a game could take the panel's port on the other, where browsers look for it, too.

    Raises:
        OSError: as ``bind``.
    """
    if host != "localhost":
        return [bind(host, port)]
    for tries_left in reversed(range(PORT_TRIES)):
        first = bind("127.0.0.1", port)
        try:
            return [first, bind("::1", first.getsockname()[1])]
        except OSError as error:
            if error.errno in _NO_IPV6:
                return [first]
            first.close()
            if port or not tries_left:  # a free port was wanted, and somebody has it on ::1
                raise
    raise AssertionError("unreachable")


def serve(
    application: str, listeners: list[socket.socket], *, connections: Connections, on_ready: Callable[[], None]
) -> None:
    """Serve ``application`` (``module:name``) until SIGTERM or SIGINT, then end it in order."""
    asyncio.run(make_server(application, connections=connections, on_ready=on_ready).serve(sockets=listeners))


def make_server(
    application: str | Callable[..., Any], *, connections: Connections, on_ready: Callable[[], None]
) -> Server:
    """Return a server of an ASGI application, or of one that is named as ``module:name``."""
    config = uvicorn.Config(
        application,
        lifespan="on",
        backlog=ACCEPTED_AT_ONCE,  # by asyncio's reading; the queue that the word means is ours to keep
        http=cast("type[asyncio.Protocol]", partial(LimitedHttp, connections=connections)),
        ws=cast("type[asyncio.Protocol]", partial(LimitedSocket, connections=connections)),
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        ws_max_size=MAX_FRAME_BYTES,
        ws_per_message_deflate=False,  # each console line would be compressed once for every viewer
        log_config=None,
        access_log=False,
        proxy_headers=False,  # trusted_proxies of the settings decide, not the server
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    return Server(config, on_ready=on_ready)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach ``host``."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
