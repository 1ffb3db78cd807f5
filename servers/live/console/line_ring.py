"""The newest lines of one console, numbered without a gap: what all viewers of it read from, each at its own pace."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from servers.minecraft.log_lines import is_filtered

RING_LINES = 20_000
RING_BYTES = 8 * 1024 * 1024
STRETCH_LINES, STRETCH_BYTES = 2_000, 256 * 1024
_MAX_CACHED = 8
_MAX_NOTES = 16


class Note(NamedTuple):
    """Something to be told behind line ``seq``; ``number`` counts the notes of a ring."""

    number: int
    seq: int
    text: str


class LineRing:
    """Numbered lines, the newest kept. Numbers begin at 1; a line keeps its number whatever is filtered."""

    def __init__(self, *, max_lines: int = RING_LINES, max_bytes: int = RING_BYTES) -> None:
        self.last = 0
        self.notes: deque[Note] = deque(maxlen=_MAX_NOTES)
        self._noted = 0
        self._max_lines = max_lines
        self._max_bytes = max_bytes
        self._lines: list[str] = []
        self._bytes = 0
        self._cached: dict[tuple[int, int, bool], tuple[int, str]] = {}

    @property
    def first(self) -> int:
        """Number of the oldest line that is kept; ``last + 1`` when none is."""
        return self.last - len(self._lines) + 1

    def add(self, lines: Sequence[str]) -> None:
        """Append lines and let the oldest go that exceed the limits."""
        self._lines.extend(lines)
        self._bytes += sum(map(_size, lines))
        self.last += len(lines)
        gone = max(0, len(self._lines) - self._max_lines)
        self._bytes -= sum(map(_size, self._lines[:gone]))
        while self._bytes > self._max_bytes:
            self._bytes -= _size(self._lines[gone])
            gone += 1
        del self._lines[:gone]
        self._cached.clear()

    def skip(self, count: int) -> None:
        """Count lines that nobody will see. What was kept goes too, since numbers have no gap."""
        if count:
            self.last += count
            self._lines.clear()
            self._bytes = 0
            self._cached.clear()

    def note(self, text: str) -> None:
        """Have every viewer that comes past the present last line told ``text``."""
        self._noted += 1
        self.notes.append(Note(self._noted, self.last, text))

    def take(self, after: int, until: int, *, filter_rcon: bool) -> tuple[int, str]:
        """Return lines from ``after + 1`` on, a bounded stretch that ends at ``until`` at the latest.

        The lines must be kept. Viewers side by side ask for the same stretch: it is put together once.

        Returns:
            The number of the last line taken, and the text, an end of line after each; empty when the filter
            leaves none.
        """
        key = (after, until, filter_rcon)
        if (taken := self._cached.get(key)) is None:
            start = after + 1 - self.first
            lines = _bounded(self._lines[start : start + min(until - after, STRETCH_LINES)])
            taken = after + len(lines), join_lines(lines, filter_rcon=filter_rcon)
            if len(self._cached) >= _MAX_CACHED:
                self._cached.clear()
            self._cached[key] = taken
        return taken

    def tail(self, max_bytes: int) -> tuple[str, ...]:
        """Return the newest lines, ``max_bytes`` of them at most."""
        size, start = 0, len(self._lines)
        while start and (size := size + _size(self._lines[start - 1])) <= max_bytes:
            start -= 1
        return tuple(self._lines[start:])


def join_lines(lines: Sequence[str], *, filter_rcon: bool) -> str:
    """Return the lines as one text, an end of line after each, without noise and blank lines if ``filter_rcon``."""
    kept = [line for line in lines if not is_filtered(line)] if filter_rcon else lines
    return "\n".join([*kept, ""]) if kept else ""


def _bounded(lines: list[str]) -> list[str]:
    """Return the first lines that together have STRETCH_BYTES, one at the least."""
    size = 0
    for count, line in enumerate(lines):
        size += _size(line)
        if size > STRETCH_BYTES:
            return lines[: max(count, 1)]
    return lines


def _size(line: str) -> int:
    return 1 + (len(line) if line.isascii() else len(line.encode()))
