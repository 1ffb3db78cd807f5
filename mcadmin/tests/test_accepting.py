"""A burst of connections: accepted a portion at a time, and others are served in between."""

import asyncio
import itertools
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from core.connections import OF_ONE_ADDRESS, Connections
from mcadmin.serving import serve

MANY = OF_ONE_ADDRESS - 6
HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
_UNACKED_AT = 24  # in the kernel's struct tcp_info: of a listener how many wait to be accepted, and how many may


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with serve.bind("127.0.0.1", 0) as bound:
        yield bound


def queue_of(listener: socket.socket) -> tuple[int, int]:
    """Return how many connections the kernel holds for us, and how many it would hold."""
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    waiting, at_most = struct.unpack_from("II", info, _UNACKED_AT)
    return waiting, at_most


class Burst:
    """A server with one connection to it, on which a request comes together with ``many`` new connections."""

    def __init__(self, listener: socket.socket, *, many: int) -> None:
        self.listener, self.many = listener, many
        self.waited = [many]  # to be accepted, turn by turn of the loop
        self.waited_at_request = 0
        self.queue_when_ready = self.queue_afterwards = 0
        self.held = Connections()

    async def run(self) -> None:
        ready = asyncio.Event()
        server = serve.make_server(self, connections=self.held, on_ready=ready.set)
        serving = asyncio.create_task(server.serve(sockets=[self.listener]))
        await ready.wait()
        self.queue_when_ready = queue_of(self.listener)[1]
        with ExitStack() as clients:
            first = clients.enter_context(self._connect())
            while not len(self.held):
                await asyncio.sleep(0)
            first.sendall(HEAD)
            for _ in range(self.many):  # in one turn of the loop, so none of them is accepted meanwhile
                clients.enter_context(self._connect())
            while self.waited[-1]:
                await asyncio.sleep(0)
                self.waited.append(queue_of(self.listener)[0])
            while len(self.held) < 1 + self.many:
                await asyncio.sleep(0)
            self.queue_afterwards = queue_of(self.listener)[1]
        server.should_exit = True
        await serving

    def _connect(self) -> socket.socket:
        return socket.create_connection(self.listener.getsockname(), timeout=5)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for what in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{what}.complete"})
            return
        self.waited_at_request = queue_of(self.listener)[0]
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


def test_a_burst_is_accepted_over_several_turns_and_others_are_served_in_between(listener: socket.socket) -> None:
    burst = Burst(listener, many=MANY)

    asyncio.run(burst.run())

    portions = [before - after for before, after in itertools.pairwise(burst.waited)]
    assert max(portions) <= serve.ACCEPTED_AT_ONCE + 1  # Python takes one more from some version on
    assert sum(portions) == MANY
    assert burst.waited_at_request > 0


def test_the_kernel_holds_as_many_for_us_as_before(listener: socket.socket) -> None:
    burst = Burst(listener, many=1)
    most = min(serve.QUEUE, int(Path("/proc/sys/net/core/somaxconn").read_text()))
    assert queue_of(listener) == (0, most)

    asyncio.run(burst.run())

    assert (burst.queue_when_ready, burst.queue_afterwards) == (most, most)
