"""One viewer of a console: its own place in the lines, its own filter, its own pace."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Protocol

from servers.live.line_ring import LineRing, join_lines

Frame = dict[str, Any]

LINES_A_FRAME = 2_000
MAX_PUSHED = 256  # frames that wait for one viewer; a command's answer has at most megabytes, a viewer few of them


class Feed(Protocol):
    """What a viewer looks at: numbered lines and the newest of them as one text."""

    epoch: str
    ring: LineRing

    @property
    def problem(self) -> str | None: ...
    async def snapshot(self) -> tuple[tuple[str, ...], int]: ...


class Viewer:
    """Iterate it for frames, dicts ready for JSON; it ends when the console does. Belongs to one loop.

    It reads from the feed's ring at its own pace: who is too slow finds lines gone, is told how many,
    and holds up nobody. ``filter_rcon`` may be changed at any time; it counts for what is sent later.
    """

    def __init__(self, feed: Feed, *, filter_rcon: bool) -> None:
        self.filter_rcon = filter_rcon
        self._feed = feed
        self._sent = feed.ring.last  # number of the last line that this viewer has, or is known to lack
        self._pushed: deque[tuple[int, Frame]] = deque()  # each behind the line of that number
        self._dropped = 0
        self._woken = asyncio.Event()
        self._ended = False

    async def begin(self, *, after: int | None, epoch: str | None) -> None:
        """Take a place behind line ``after`` if it is of this ``epoch``, else behind the log's tail, sent first."""
        feed = self._feed
        if epoch == feed.epoch and after is not None and 0 <= after <= feed.ring.last:
            self._sent = after
            return
        if epoch is not None:
            self.push(_info("The console was started anew: lines of the meantime may be missing from what follows."))
        lines, seq = await feed.snapshot()
        if content := join_lines(lines, filter_rcon=self.filter_rcon):
            self.push({"type": "log", "content": content, "seq": seq, "epoch": feed.epoch})
        self._sent = seq

    async def refresh(self) -> Frame:
        """Return the tail of the log anew, with the present filter, or an ``info`` that says why there is none.

        Push the frame at once: nothing it contains is sent again, and all that follows comes behind it.
        """
        lines, seq = await self._feed.snapshot()
        if (problem := self._feed.problem) is not None:
            return _info(problem)
        content = join_lines(lines, filter_rcon=self.filter_rcon)
        return {"type": "logs_refreshed", "content": content, "seq": seq, "epoch": self._feed.epoch}

    def push(self, frame: Frame) -> None:
        """Send ``frame`` behind the lines that are there now; one with a ``seq`` stands for the lines up to it."""
        if len(self._pushed) >= MAX_PUSHED:
            self._pushed.popleft()
            self._dropped += 1
        seq = frame.get("seq")
        if seq is not None:
            self._sent = max(self._sent, seq)
        self._pushed.append((self._feed.ring.last if seq is None else seq, frame))
        self._woken.set()

    def wake(self) -> None:
        """Look again: there are new lines."""
        self._woken.set()

    def end(self) -> None:
        """End the iteration after what is waiting now."""
        self._ended = True
        self._woken.set()

    async def __aiter__(self) -> AsyncIterator[Frame]:
        while True:
            self._woken.clear()
            while (frame := self._next()) is not None:
                yield frame
            if self._ended:
                return
            await self._woken.wait()

    def _next(self) -> Frame | None:
        """Take the next frame: lines up to the place of the first pushed frame, then that."""
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            return _info(f"{dropped} messages are gone: this connection is too slow.")
        until = self._pushed[0][0] if self._pushed else self._feed.ring.last
        while self._sent < until:
            if (frame := self._take(until)) is not None:
                return frame
        return self._pushed.popleft()[1] if self._pushed else None

    def _take(self, until: int) -> Frame | None:
        """Go on by a stretch of lines and return what the filter leaves of it."""
        ring, epoch = self._feed.ring, self._feed.epoch
        gone = min(ring.first - 1, until) - self._sent
        if gone > 0:
            self._sent += gone
            message = f"{gone} lines are gone: this connection was too slow, or away for too long."
            return {"type": "info", "message": message, "lost": gone, "seq": self._sent, "epoch": epoch}
        after, self._sent = self._sent, min(self._sent + LINES_A_FRAME, until)
        content = ring.text(after, self._sent, filter_rcon=self.filter_rcon)
        return {"type": "log", "content": content, "seq": self._sent, "epoch": epoch} if content else None


def _info(message: str) -> Frame:
    return {"type": "info", "message": message}
