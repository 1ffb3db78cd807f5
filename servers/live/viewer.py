"""One viewer of a console: its own place in the log, its own filter, its own pace."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Protocol

from servers.minecraft.log_lines import is_rcon_noise

Frame = dict[str, Any]

TAIL_CHARS = 1024 * 1024
LINES_A_FRAME = 2_000
GATHER_S = 0.02  # lines come in bursts: one frame carries them
MAX_PUSHED = 1_000


class LineSource(Protocol):
    """Numbered lines, the newest kept: a log file, and later a container's output."""

    epoch: str
    last: int

    @property
    def first(self) -> int: ...
    @property
    def missing(self) -> bool: ...
    def lines(self, after: int, limit: int) -> list[str]: ...
    def tail_start(self, max_chars: int) -> int: ...


class Viewer:
    """Iterate it for frames.

    It reads from the source's ring at its own pace: who is too slow finds lines gone, is told how many,
    and holds up nobody.
    """

    def __init__(self, source: LineSource, *, filter_rcon: bool, after: int | None) -> None:
        self.filter_rcon = filter_rcon
        self._source = source
        self._pushed: deque[Frame] = deque(maxlen=MAX_PUSHED)
        self._woken = asyncio.Event()
        self._woken.set()
        self._whole = after is None
        self._seen = source.tail_start(TAIL_CHARS) if after is None else min(after, source.last)

    def wake(self) -> None:
        """Look again: there are new lines."""
        self._woken.set()

    def push(self, frame: Frame) -> None:
        """Send ``frame`` after the lines that are there now."""
        self._pushed.append(frame)
        self._woken.set()

    async def refresh(self) -> Frame:
        """Return the tail of the log anew, with the present filter; what it contains is not sent again."""
        if self._source.missing:
            return {"type": "info", "message": "There is no log file yet: the server has not been started."}
        start = self._source.tail_start(TAIL_CHARS)
        content = self._content(self._source.lines(start, self._source.last - start))
        self._seen = self._source.last
        return {
            "type": "logs_refreshed",
            "content": content,
            "seq": self._source.last,
            "epoch": self._source.epoch,
        }

    async def __aiter__(self) -> AsyncIterator[Frame]:
        while True:
            await self._woken.wait()
            self._woken.clear()
            for frame in self._lines():
                yield frame
            while self._pushed:
                yield self._pushed.popleft()
            await asyncio.sleep(GATHER_S)

    def _lines(self) -> list[Frame]:
        source = self._source
        frames: list[Frame] = []
        gone = source.first - 1 - self._seen
        if gone > 0:
            message = f"{gone} lines are gone: this connection was too slow or away for too long."
            frames.append({"type": "info", "message": message})
            self._seen += gone
        limit = source.last - self._seen if self._whole else LINES_A_FRAME
        self._whole = False
        lines = source.lines(self._seen, limit)
        self._seen += len(lines)
        if content := self._content(lines):
            frames.append({"type": "log", "content": content, "seq": self._seen, "epoch": source.epoch})
        if self._seen < source.last:
            self._woken.set()
        return frames

    def _content(self, lines: list[str]) -> str:
        kept = [line for line in lines if not (self.filter_rcon and is_rcon_noise(line))]
        return "".join(f"{line}\n" for line in kept)
