"""The newest lines of one console, numbered without a gap: what all viewers of it read from, each at its own pace."""

from collections.abc import Sequence

from servers.minecraft.log_lines import is_filtered

RING_LINES = 20_000
RING_BYTES = 8 * 1024 * 1024
_MAX_CACHED = 8


class LineRing:
    """Numbered lines, the newest kept. Numbers begin at 1; a line keeps its number whatever is filtered."""

    def __init__(self, *, max_lines: int = RING_LINES, max_bytes: int = RING_BYTES) -> None:
        self.last = 0
        self._max_lines = max_lines
        self._max_bytes = max_bytes
        self._lines: list[str] = []
        self._bytes = 0
        self._cached: dict[tuple[int, int, bool], str] = {}

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

    def text(self, after: int, upto: int, *, filter_rcon: bool) -> str:
        """Return the lines ``after + 1`` to ``upto``, an end of line after each; empty when the filter leaves none.

        The lines must be kept. Viewers side by side ask for the same stretch: it is put together once.
        """
        key = (after, upto, filter_rcon)
        if (text := self._cached.get(key)) is None:
            start = after + 1 - self.first
            text = join_lines(self._lines[start : start + upto - after], filter_rcon=filter_rcon)
            if len(self._cached) >= _MAX_CACHED:
                self._cached.clear()
            self._cached[key] = text
        return text


def join_lines(lines: Sequence[str], *, filter_rcon: bool) -> str:
    """Return the lines as one text, an end of line after each, without noise and blank lines if ``filter_rcon``."""
    kept = [line for line in lines if not is_filtered(line)] if filter_rcon else lines
    return "\n".join([*kept, ""]) if kept else ""


def _size(line: str) -> int:
    return 1 + (len(line) if line.isascii() else len(line.encode()))
