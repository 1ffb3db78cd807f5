"""Viewers of the soak: they stay for as long as it lasts, come back after every loss, and keep what they were shown."""

import asyncio
import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

AGAIN_S = 0.5  # between a lost connection and the next attempt
NUMBERED = re.compile(r"\]: flood \d+$")  # each also carries its second: no two lines of a server are alike

Link = tuple[int, str]  # which connection of a viewer, and the epoch of its lines


@dataclass
class Socket:
    """One socket that is opened again whenever it ends."""

    path: str
    url: Callable[[], str]  # of the panel as it runs now
    leaves_s: float = 0.0  # leaves by itself after about so long
    links: int = 0
    refused: int = 0  # attempts while there was no panel
    closes: Counter[str] = field(default_factory=Counter)

    async def watch(self) -> None:
        """Stay connected until cancelled."""
        while True:
            try:
                async with connect(f"{self.url()}{self.path}{self.place()}", max_size=None, compression=None) as socket:
                    self.links += 1
                    await self._stay(socket)
            except (OSError, WebSocketException, TimeoutError):
                self.refused += 1
            await asyncio.sleep(AGAIN_S)

    def place(self) -> str:
        """Return what of the query says where to go on."""
        return ""

    def take(self, frame: dict[str, Any]) -> None:
        """Keep one frame."""
        raise NotImplementedError

    async def _stay(self, socket: ClientConnection) -> None:
        limit = random.uniform(0.5, 1.5) * self.leaves_s if self.leaves_s else None  # noqa: S311 - a test's own chance
        try:
            async with asyncio.timeout(limit):
                async for text in socket:
                    self.take(json.loads(text))
            self.closes[str(socket.close_code)] += 1
        except TimeoutError:
            self.closes["left"] += 1
        except WebSocketException:
            self.closes[str(socket.close_code)] += 1


@dataclass
class ConsoleViewer(Socket):
    """Keeps each numbered line, with the connection and the epoch that it came in."""

    server_id: str = ""
    shown: list[tuple[Link, str]] = field(default_factory=list)
    announced: int = 0  # lines that it was told to be lost
    seq: int = 0
    epoch: str = ""

    def place(self) -> str:
        return f"&after={self.seq}&epoch={self.epoch}" if self.epoch else ""

    def take(self, frame: dict[str, Any]) -> None:
        self.announced += frame.get("lost", 0)
        if "seq" in frame:
            self.seq, self.epoch = frame["seq"], frame["epoch"]
        if frame["type"] == "log":
            link = (self.links, self.epoch)
            self.shown += [(link, line) for line in frame["content"].splitlines() if NUMBERED.search(line)]


@dataclass
class ListViewer(Socket):
    """Keeps the list of servers up to date by what differs."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    frames: int = 0

    def take(self, frame: dict[str, Any]) -> None:
        self.frames += 1
        if frame["type"] == "servers":
            self.items = {item["id"]: item for item in frame["servers"]}
        elif frame["type"] == "changes":
            for item in frame["changed"]:
                self.items.setdefault(item["id"], {}).update(item)
            for name in frame["removed"]:
                self.items.pop(name, None)


@dataclass
class Verdict:
    """What a console viewer missed, of the lines that its server wrote after the first that it was shown."""

    written: int = 0
    missing: int = 0  # of those, never shown
    within: int = 0  # jumped over in one connection, or between two of one epoch
    doubled: int = 0  # shown again likewise
    unknown: int = 0  # shown, but in no file
    anew: int = 0  # times that the counting began anew (another panel)

    def add(self, other: "Verdict") -> None:
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def judge(viewer: ConsoleViewer, written: list[str]) -> Verdict:
    """Hold what a viewer was shown against what the server wrote, in the order of writing."""
    index = {line: number for number, line in enumerate(written)}
    verdict, seen, last, epoch = Verdict(), set(), -1, ""
    for (_, its_epoch), line in viewer.shown:
        number = index.get(line)
        if number is None:
            verdict.unknown += 1
            continue
        if its_epoch != epoch:
            verdict.anew += bool(epoch)
        elif number <= last:
            verdict.doubled += 1
        else:
            verdict.within += number - last - 1
        seen.add(number)
        last, epoch = number, its_epoch
    if seen:
        verdict.written = len(written) - min(seen)
        verdict.missing = verdict.written - len(seen)
    return verdict


def written_by(logs: Path) -> list[str]:
    """Return the numbered lines of all files of a server's ``logs``, oldest first."""
    stems = {file.name.removesuffix(".gz") for file in logs.glob("*-*.log*")}
    texts = []
    for stem in sorted(stems, key=lambda name: [int(part) for part in re.findall(r"\d+", name)]):
        plain = logs / stem  # there beside the packed one if the game was killed while it packed
        packed = Path(f"{plain}.gz")
        texts.append(plain.read_text() if plain.exists() else gzip.decompress(packed.read_bytes()).decode())
    latest = logs / "latest.log"
    texts.append(latest.read_text() if latest.exists() else "")
    return [line for text in texts for line in text.splitlines() if NUMBERED.search(line)]
