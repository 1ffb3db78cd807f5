"""What running operations say, for those who watch them now. Lives in this process only."""

import asyncio
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.one_line import escape
from core.redaction import without_login

MAX_CHARS = 64 * 1024
MAX_LINE_CHARS = 4096
MAX_WARNINGS = 100
_all: dict[uuid.UUID, "Progress"] = {}


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of its bytes a step has done; None: not known. ``eta_seconds``: until the step is done, a guess."""

    bytes_done: int | None = None
    bytes_total: int | None = None
    eta_seconds: int | None = None


NO_AMOUNT = Amount()


@dataclass(frozen=True, slots=True)
class News:
    """What a watcher has not seen yet. ``seen`` goes into the next call of ``Progress.after``.

    Attributes:
        lines: new lines of output that are still kept.
        percent, stage: how far it is; None when that has not changed.
        amount: how much of its bytes, where that is known.
    """

    seen: tuple[int, int]
    lines: list[str]
    percent: float | None = None
    stage: str | None = None
    amount: Amount = NO_AMOUNT


class Progress:
    """How one running operation tells what it does. Belongs to the loop that runs the operation.

    What it is told may hold what a game or its plugins wrote: no control character of that is kept, nor who signs in
    at an address.
    """

    def __init__(self, operation_id: uuid.UUID, *, no_return: Callable[[], Awaitable[None]]) -> None:
        self.warnings: list[str] = []
        self.done_percent: float | None = None
        self.stage = ""
        self.amount = NO_AMOUNT
        self.closed = False
        self.operation_id = operation_id
        self._no_return = no_return
        self._lines: deque[str] = deque()
        self._chars = 0
        self._dropped = 0
        self._steps = 0
        self._changed = asyncio.Event()
        _all[operation_id] = self

    def line(self, text: str) -> None:
        """Append one line of output; the oldest go when there are too many."""
        kept = _kept(text)[:MAX_LINE_CHARS]
        self._lines.append(kept)
        self._chars += len(kept) + 1
        while self._chars > MAX_CHARS and len(self._lines) > 1:
            self._chars -= len(self._lines.popleft()) + 1
            self._dropped += 1
        self._notify()

    def percent(self, done: float, message: str = "", *, amount: Amount = NO_AMOUNT) -> None:
        """Tell how much is done, 0 to 100, what is being done, and how many bytes of it."""
        step = (round(min(max(done, 0.0), 100.0), 1), _kept(message), amount)
        if step != (self.done_percent, self.stage, self.amount):
            self.done_percent, self.stage, self.amount = step
            self._steps += 1
            self._notify()

    def warn(self, text: str) -> None:
        """Keep a sentence that the user should read though the operation succeeds."""
        text = _kept(text)
        if text not in self.warnings and len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(text)
        self.line(text)

    async def point_of_no_return(self) -> None:
        """From here on the operation cannot be cancelled.

        Raises:
            asyncio.CancelledError: it was cancelled a moment before.
        """
        await self._no_return()

    def text(self) -> str:
        """Return the output that is kept, one string."""
        return "\n".join(self._lines)

    def close(self) -> None:
        """Let the watchers go: the operation has ended and its record is written."""
        self.closed = True
        _all.pop(self.operation_id, None)
        self._notify()

    async def after(self, seen: tuple[int, int] = (0, 0)) -> News:
        """Wait for news past ``seen``; without any when the operation has ended."""
        while not self.closed and (self._dropped + len(self._lines), self._steps) == seen:
            await self._changed.wait()
        total = self._dropped + len(self._lines)
        fresh = min(total - seen[0], len(self._lines))
        lines = list(self._lines)[len(self._lines) - fresh :] if fresh > 0 else []
        if self._steps == seen[1]:
            return News((total, self._steps), lines)
        return News((total, self._steps), lines, self.done_percent, self.stage, self.amount)

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _kept(text: str) -> str:
    return escape(without_login(text))


def running(operation_id: uuid.UUID) -> Progress | None:
    """Return the progress of an operation that runs in this process."""
    return _all.get(operation_id)
