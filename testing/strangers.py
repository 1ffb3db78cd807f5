"""Many strangers at a real panel at once, and what they cost it."""

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

OPEN_TIMEOUT_S = 60


@dataclass
class Seen:
    """What became of a crowd.

    Attributes:
        first: their first frames by type.
        closed: those closed by the server, by code.
        held_s: how long those stayed that were refused.
    """

    first: Counter[str] = field(default_factory=Counter)
    closed: Counter[int] = field(default_factory=Counter)
    held_s: list[float] = field(default_factory=list)

    def held(self, *, at_least_s: float = 4.0) -> int:
        """How many were held before they were closed."""
        return sum(one >= at_least_s for one in self.held_s)


async def crowd(url: str, path: str, *, addresses: list[str], stay_s: float) -> Seen:
    """Connect once from each of ``addresses`` (of this machine) at the same time, stay, count."""
    seen = Seen()
    async with asyncio.TaskGroup() as group:
        for address in addresses:
            group.create_task(_stranger(url, path, address, stay_s, seen))
    return seen


async def _stranger(url: str, path: str, address: str, stay_s: float, seen: Seen) -> None:
    async with connect(
        f"{url.replace('http', 'ws')}/api{path}", local_addr=(address, 0), open_timeout=OPEN_TIMEOUT_S, close_timeout=5
    ) as socket:
        began = time.monotonic()
        try:
            seen.first[json.loads(await socket.recv())["type"]] += 1
            await _read_on(socket, until=began + stay_s)
        except ConnectionClosed as closed:
            seen.closed[closed.rcvd.code if closed.rcvd else 0] += 1
            seen.held_s.append(time.monotonic() - began)


async def _read_on(socket: ClientConnection, *, until: float) -> None:
    while (left := until - time.monotonic()) > 0:
        try:
            await asyncio.wait_for(socket.recv(), left)
        except TimeoutError:
            return


def loopbacks(count: int) -> list[str]:
    """``count`` different addresses that all are this machine."""
    return [f"127.0.{number // 250 + 1}.{number % 250 + 1}" for number in range(count)]


async def echo_times(url: str, *, token: str, path: str, times: int) -> list[float]:
    """Seconds that a signed-in viewer waits for each of ``times`` answers, while others do what they do."""
    taken = []
    async with connect(f"{url.replace('http', 'ws')}/api{path}?token={token}", open_timeout=OPEN_TIMEOUT_S) as socket:
        for _ in range(times):
            began = time.monotonic()
            await socket.send(json.dumps({"type": "set_filter", "filter_rcon": True}))
            frame: dict[str, Any] = {}
            while frame.get("type") != "filter_updated":
                frame = json.loads(await asyncio.wait_for(socket.recv(), 30))
            taken.append(time.monotonic() - began)
            await asyncio.sleep(0.05)
    return taken
