"""What running operations print, for those who watch them now. Lives in this process only."""

import asyncio
import uuid
from collections import deque

MAX_CHARS = 64 * 1024
_outputs: dict[uuid.UUID, "Output"] = {}


class Output:
    """The lines of one running operation; the oldest go when there are too many."""

    def __init__(self, operation_id: uuid.UUID) -> None:
        self._id = operation_id
        self._lines: deque[str] = deque()
        self._chars = 0
        self._dropped = 0
        self._changed = asyncio.Event()
        self.closed = False
        _outputs[operation_id] = self

    def add(self, line: str) -> None:
        """Append one line; call it on the loop."""
        self._lines.append(line)
        self._chars += len(line) + 1
        while self._chars > MAX_CHARS and len(self._lines) > 1:
            self._chars -= len(self._lines.popleft()) + 1
            self._dropped += 1
        self._tell()

    def text(self) -> str:
        """Return what is kept, one string."""
        return "\n".join(self._lines)

    def close(self) -> None:
        """Let the watchers go: the operation has ended and its record is written."""
        self.closed = True
        _outputs.pop(self._id, None)
        self._tell()

    async def after(self, seen: int) -> tuple[int, list[str]]:
        """Wait for lines past number ``seen``; return the new number and those still kept, none when closed."""
        while not self.closed and self._dropped + len(self._lines) <= seen:
            await self._changed.wait()
        total = self._dropped + len(self._lines)
        fresh = min(total - seen, len(self._lines))
        return total, list(self._lines)[len(self._lines) - fresh :] if fresh > 0 else []

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def running(operation_id: uuid.UUID) -> Output | None:
    """Return the output of an operation that runs in this process."""
    return _outputs.get(operation_id)
