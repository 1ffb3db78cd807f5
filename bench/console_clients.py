"""Viewers of one console that check what they get: every line once and in order, or its loss announced."""

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.log_writer import NUMBER, STAMP

SAMPLED = 10  # the latency of each tenth line is kept


@dataclass
class Client:
    """One viewer. ``has`` is the number of the last line that it has, or was told that it lacks."""

    url: str
    name: str
    pause_s: float = 0.0  # between two frames: a slow viewer
    leaves: bool = False  # disconnects at random, and resumes
    numbered: bool = True  # lines carry their numbers
    sampled: int = SAMPLED
    ssl: SSLContext | None = None  # for a wss: address
    has: int = 0
    got: int = 0
    lost: int = 0
    resumed: int = 0
    faults: list[str] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)
    epoch: str = ""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def watch(self) -> None:
        """Stay connected until cancelled."""
        while True:
            place = f"&after={self.has}&epoch={self.epoch}" if self.epoch else ""
            try:
                async with connect(f"{self.url}{place}", max_size=None, compression=None, ssl=self.ssl) as socket:
                    self.ready.set()
                    if self.leaves and self.epoch:
                        await self._for_a_while(socket)
                    else:
                        await self._read(socket, until_epoch=self.leaves)
            except ConnectionClosed as error:
                if not self.pause_s:  # a slow one also answers pings late: it comes back and resumes
                    self.faults.append(f"closed: {error}")
            self.resumed += 1
            if self.leaves:
                await asyncio.sleep(random.uniform(0.05, 2.0))  # noqa: S311 - a test's own chance

    async def reach(self, number: int) -> None:
        """Wait until it has, or was told that it lacks, line ``number``."""
        while self.has < number:
            self._moved.clear()
            await self._moved.wait()

    async def _for_a_while(self, socket: ClientConnection) -> None:
        try:
            async with asyncio.timeout(random.uniform(0.2, 3.0)):  # noqa: S311 - as above
                await self._read(socket)
        except TimeoutError:
            return

    async def _read(self, socket: ClientConnection, *, until_epoch: bool = False) -> None:
        async for text in socket:
            self.take(json.loads(text), time.monotonic())
            if self.pause_s:
                await asyncio.sleep(self.pause_s)
            if until_epoch and self.epoch:
                return

    def take(self, frame: dict[str, Any], now: float) -> None:
        """Check one frame."""
        if frame["type"] == "log":
            self.epoch = frame["epoch"]
            lines = frame["content"].splitlines()
            self.got += len(lines)
            if self.numbered:
                self._check(lines, now)
            else:
                self.has += len(lines)
        elif "lost" in frame:
            self.has += frame["lost"]
            self.lost += frame["lost"]
        self._moved.set()
        if "seq" in frame and frame["seq"] != self.has:
            self.faults.append(f"seq {frame['seq']} behind line {self.has}")
            self.has = frame["seq"]

    def _check(self, lines: list[str], now: float) -> None:
        for line in lines:
            number = int(line[NUMBER])
            if number != self.has + 1:
                self.faults.append(f"line {number} after {self.has}")
            self.has = number
            if number % self.sampled == 0:
                self.latencies_s.append(now - float(line[STAMP]))


async def stay_deaf(url: str) -> None:
    """Open a console and read nothing at all."""
    async with connect(url, max_size=None, max_queue=1, compression=None, ping_interval=None) as socket:
        socket.transport.pause_reading()
        await asyncio.Event().wait()
