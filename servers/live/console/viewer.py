"""One viewer of a console: its own place in the lines, its own filter, its own pace."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Protocol

from servers.live.console.line_ring import LineRing, join_lines

Frame = dict[str, Any]

MAX_PUSHED = 256  # frames that wait for one viewer …
MAX_PUSHED_BYTES = 16 * 1024 * 1024  # … and their characters: one command's answer has at most half of that


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
        self.feed = feed
        self._sent = feed.ring.last  # number of the last line that this viewer has, or is known to lack
        self._noted = 0  # number of the last note it was told
        self._pushed: deque[tuple[int, Frame]] = deque()  # each behind the line of that number
        self._pushed_bytes = 0
        self._dropped = 0
        self._woken = asyncio.Event()
        self.is_ended = False

    async def look(
        self, feed: Feed, *, after: int | None = None, epoch: str | None = None, greeting: Frame | None = None
    ) -> None:
        """Look at ``feed`` from now on: behind line ``after`` if that is of its ``epoch``, else from its tail.

        What waits for this viewer is sent before, then ``greeting``, then the tail. Lines of another feed that
        it has not got yet are dropped. A tail without lines is left out where there is no greeting, and an ``info``
        says why there are none.
        """
        resumes = epoch == feed.epoch and after is not None and 0 <= after <= feed.ring.last
        tail = None if resumes else await feed.snapshot()
        self.feed = feed
        self._pushed = deque((0, frame) for _, frame in self._pushed)
        if greeting is not None:
            self._put(0, greeting)
        notes = feed.ring.notes
        if tail is None:
            self._sent = after or 0
            self._noted = max((note.number for note in notes if note.seq < self._sent), default=0)
        else:
            if epoch is not None:
                self._put(0, _info("The console was started anew: lines may be missing before what follows."))
            lines, self._sent = tail
            self._noted = notes[-1].number if notes else 0
            content = join_lines(lines, filter_rcon=self.filter_rcon)
            if content or greeting is not None:
                self._put(0, {"type": "log", "content": content, "seq": self._sent, "epoch": feed.epoch})
            if not lines and feed.problem is not None:  # silence would look like a game that says nothing
                self._put(0, _info(feed.problem))
        self._woken.set()

    async def refresh(self) -> None:
        """Send the tail of the log anew, with the present filter; an ``info`` says why nothing more comes now."""
        if self.is_ended:
            return
        feed = self.feed
        lines, seq = await feed.snapshot()
        if feed is not self.feed:  # it looks at another meanwhile, and has its tail
            return
        if (problem := feed.problem) is not None and not lines:
            self.push(_info(problem))
            return
        content = join_lines(lines, filter_rcon=self.filter_rcon)
        waiting = [one for one in self._pushed if one[1]["type"] != "logs_refreshed"]  # the newest counts
        self._pushed = deque(one for one in waiting if one[0] <= seq)
        self._put(seq, {"type": "logs_refreshed", "content": content, "seq": seq, "epoch": feed.epoch})
        self._pushed.extend(one for one in waiting if one[0] > seq)
        self._sent = seq  # it replaces what was sent: lines behind it come (again) behind it
        if problem is not None:
            self.push(_info(problem))
        self._woken.set()

    def push(self, frame: Frame) -> None:
        """Send ``frame`` behind the lines that are there now."""
        self._put(self.feed.ring.last, frame)
        self._woken.set()

    def wake(self) -> None:
        """Look again: there are new lines."""
        self._woken.set()

    def end(self) -> None:
        """End the iteration after what is waiting now."""
        self.is_ended = True
        self._woken.set()

    async def __aiter__(self) -> AsyncIterator[Frame]:
        while True:
            self._woken.clear()
            while (frame := self._next()) is not None:
                yield frame
            if self.is_ended:
                return
            await self._woken.wait()

    def _put(self, behind: int, frame: Frame) -> None:
        """Let ``frame`` wait; where too much waits the oldest goes."""
        self._pushed.append((behind, frame))
        self._pushed_bytes = sum(map(_weight, self._pushed))
        while len(self._pushed) > MAX_PUSHED or (len(self._pushed) > 1 and self._pushed_bytes > MAX_PUSHED_BYTES):
            self._pushed_bytes -= _weight(self._pushed.popleft())
            self._dropped += 1

    def _next(self) -> Frame | None:
        """Take the next frame: lines up to the place of the first pushed frame, then that."""
        # Three streams come out as one, in the order in which things happened. Lines and notes ("the server was
        # restarted") lie in the ring that all viewers share, each with a number; this viewer knows how far it has sent
        # lines (`_sent`) and notes (`_noted`). Pushed frames (answers to commands, errors) are its own; each was pushed
        # when the ring stood at some line, and must come after that line and before the next. So a stretch of lines
        # ends at the first of: the place of the next pushed frame, the place of the next note, the end of the ring.
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            return _info(f"{dropped} messages are gone: this connection is too slow.")
        until = self._pushed[0][0] if self._pushed else self.feed.ring.last
        while True:
            note = next((one for one in self.feed.ring.notes if one.number > self._noted), None)
            end = until if note is None else min(until, note.seq)
            if self._sent < end:
                if (frame := self._take(end)) is not None:
                    return frame
            elif note is not None and note.seq <= self._sent:
                self._noted = note.number
                return _info(note.text)
            else:
                break
        return self._pushed.popleft()[1] if self._pushed else None

    def _take(self, until: int) -> Frame | None:
        """Go on by a stretch of lines and return what the filter leaves of it."""
        ring, epoch = self.feed.ring, self.feed.epoch
        gone = min(ring.first - 1, until) - self._sent
        if gone > 0:
            self._sent += gone
            message = f"{gone} lines are gone: this connection was too slow, or away for too long."
            return {"type": "info", "message": message, "lost": gone, "seq": self._sent, "epoch": epoch}
        self._sent, content = ring.take(self._sent, until, filter_rcon=self.filter_rcon)
        return {"type": "log", "content": content, "seq": self._sent, "epoch": epoch} if content else None


def _info(message: str) -> Frame:
    return {"type": "info", "message": message}


def _weight(pushed: tuple[int, Frame]) -> int:
    return sum(len(value) for value in pushed[1].values() if isinstance(value, str))
