"""A growing log file, read whole line by whole line, whatever happens to it meanwhile."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import AppError
from core.paths import FileMissing, Root
from servers.minecraft.log_lines import MAX_LINE_BYTES, clean_line

LOGS, LOG = "logs", "logs/latest.log"
TAIL_BYTES = 1024 * 1024
CHUNK_BYTES = 512 * 1024
BACKLOG_BYTES = 32 * 1024 * 1024  # further behind than this we count lines instead of reading them …
CAUGHT_UP_BYTES = 8 * 1024 * 1024  # … until we are this close: no more is kept for anybody anyway
_SKIP_BYTES = 16 * 1024 * 1024  # counted in one step
EMPTIED = "The log file was emptied. Lines written just before that may be missing."
_MARK_BYTES = 1024  # what we read last, and what the file begins with, is compared before we go on

Identity = tuple[int, int]  # device and inode
OpenData = Callable[[], Root]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one read gave: ``skipped`` lines that were only counted, then ``lines``; ``more`` is there already.

    ``note`` is to be told behind the lines.
    """

    lines: tuple[str, ...] = ()
    skipped: int = 0
    more: bool = False
    note: str | None = None


class LogReader:
    """Reads ``logs/latest.log`` of a game. Blocking: every call belongs in a thread; calls exclude each other.

    The first read begins at most TAIL_BYTES before the end, at a line's start; later ones go on from
    there: over rotation by rename (the rest of the old file first), truncation, rewriting and re-creation.
    A line without an end is given when its file is over. Nothing is raised for a file that cannot be
    opened: ``problem`` says why.
    """

    def __init__(self, open_data: OpenData) -> None:
        """``open_data`` holds the folder with the game's files, which may be another one each time."""
        self.problem: str | None = "The log has not been looked for yet."
        self.places: tuple[Identity | None, Identity | None] = (None, None)  # of data and data/logs: a watch is due
        self._open_data = open_data
        self._lock = threading.Lock()
        self._file: _OpenLog | None = None
        self._is_first = True
        self._ended = False

    def read(self) -> Batch:
        """Return what has come since the last call, a bounded part at a time."""
        with self._lock:
            if self._ended:
                return Batch()
            # The name is looked at before the old file is read: what was written before a rotation is there then.
            current = self._look()
            if self._file is None:
                return self._begin(current)
            batch = self._file.read()
            if batch.more or current is None or current == self._file.identity:
                return batch
            rest = self._file.finish()
            self._let_go()  # the next call opens the new one
            return Batch((*batch.lines, *rest), batch.skipped, more=True)

    def tail(self) -> tuple[str, ...]:
        """Return the last whole lines of the present file that ``read`` has given, TAIL_BYTES of them."""
        with self._lock:
            return self._file.tail() if self._file is not None and self.problem is None else ()

    def close(self) -> None:
        """Let the file go, once no read is under way; later reads give nothing."""
        with self._lock:
            self._ended = True
            self._let_go()

    def _look(self) -> Identity | None:
        """Find out what the name leads to now, and in which directories it lies."""
        self.places = (None, None)
        try:
            with self._open_data() as root:
                self.places = (_identity(root.stat(".")), _identity(root.stat(LOGS)))
                found = _identity(root.stat(LOG))
        except FileMissing:
            found = None
        except AppError as error:  # a link that leads out, no permission
            self.problem = str(error)
            return None
        self.problem = None if found else "There is no log file yet: the server has not been started."
        return found

    def _begin(self, current: Identity | None) -> Batch:
        """Open what is there: its tail if it was there from the first, else the whole of it."""
        is_first, self._is_first = self._is_first, False
        if current is None:
            return Batch()
        try:
            with self._open_data() as root:
                self._file = _OpenLog(root.open_file(LOG))
        except AppError as error:  # gone again, or no regular file
            self.problem = str(error)
            return Batch()
        if is_first:
            self._file.to_tail()
        return self._file.read()

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class _OpenLog:
    """One log file held open, and how far it has been read."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.identity = _identity(os.fstat(fd))
        self._position = 0
        self._line_start = 0  # behind the last line's end that we passed
        self._partial = b""
        self._mark = b""
        self._head = os.pread(fd, _MARK_BYTES, 0)

    def read(self) -> Batch:
        if self._is_rewritten():
            lines = self.finish()
            self._rewind()
            return Batch(lines, more=True, note=EMPTIED)
        behind = os.fstat(self._fd).st_size - self._position
        if behind > BACKLOG_BYTES:
            return Batch(skipped=self._skip(behind - CAUGHT_UP_BYTES), more=True)
        block = os.pread(self._fd, CHUNK_BYTES, self._position)
        return Batch(self._take(block), more=len(block) == CHUNK_BYTES)

    def finish(self) -> tuple[str, ...]:
        """Return the last line if it has no end: none will come."""
        partial, self._partial = self._partial, b""
        return tuple(_lines(partial)) if partial else ()

    def tail(self) -> tuple[str, ...]:
        start = max(0, self._line_start - TAIL_BYTES - 1)
        block = _pread(self._fd, self._line_start - start, start)
        if start:  # one byte early: if it ends a line, the next one is whole
            block = block[block.find(b"\n") + 1 :]
        return tuple(_lines(block.removesuffix(b"\n"))) if block else ()

    def to_tail(self) -> None:
        """Go to the first line that begins in the last TAIL_BYTES."""
        start = os.fstat(self._fd).st_size - TAIL_BYTES - 1
        if start > 0:
            self._advance(_pread(self._fd, TAIL_BYTES + 1, start), start, whole=True)

    def close(self) -> None:
        os.close(self._fd)

    def _rewind(self) -> None:
        self._position = self._line_start = 0
        self._partial = self._mark = b""
        self._head = os.pread(self._fd, _MARK_BYTES, 0)

    def _is_rewritten(self) -> bool:
        """Tell whether what we read is no longer there: truncated, or truncated and written anew.

        The end alone does not tell: lines can be of one length, and end alike.
        """
        head = os.pread(self._fd, _MARK_BYTES, 0)
        if not head.startswith(self._head):
            return True
        self._head = head
        mark = os.pread(self._fd, len(self._mark), self._position - len(self._mark))
        return mark != self._mark or os.fstat(self._fd).st_size < self._position

    def _take(self, block: bytes) -> tuple[str, ...]:
        start, self._position = self._position, self._position + len(block)
        self._mark = (self._mark + block)[-_MARK_BYTES:]
        end = block.rfind(b"\n")
        if end < 0:
            self._partial = (self._partial + block)[: MAX_LINE_BYTES + 1]  # one more, so that the cut is marked
            return ()
        self._line_start = start + end + 1
        whole, self._partial = self._partial + block[:end], block[end + 1 :][: MAX_LINE_BYTES + 1]
        return tuple(_lines(whole))

    def _skip(self, size: int) -> int:
        """Count the lines of the next ``size`` bytes, or as many as one step may take, up to a line's end."""
        end, lines = self._position + min(size, _SKIP_BYTES), 0
        while self._position < end:  # block by block: what is only counted needs no memory
            block = os.pread(self._fd, min(CHUNK_BYTES, end - self._position), self._position)
            if not block:
                break
            lines += self._advance(block, self._position, whole=False)
        return lines

    def _advance(self, block: bytes, start: int, *, whole: bool) -> int:
        """Go past the first (``whole``) or the last line's end in ``block``, which begins at ``start``."""
        end = (block.find(b"\n") if whole else block.rfind(b"\n")) + 1 or len(block)
        self._position = self._line_start = start + end
        self._partial, self._mark = b"", block[max(0, end - _MARK_BYTES) : end]
        return block.count(b"\n", 0, end)


def _lines(raw: bytes) -> list[str]:
    """Decode whole lines; a byte that is no UTF-8 becomes U+FFFD, the holes of a truncated file nothing."""
    text = raw.replace(b"\0", b"").decode(errors="replace")
    return [clean_line(line) for line in text.split("\n")]


def _pread(fd: int, size: int, offset: int) -> bytes:
    """Read ``size`` bytes, fewer only at the file's end."""
    blocks: list[bytes] = []
    while size and (block := os.pread(fd, size, offset)):
        blocks.append(block)
        size, offset = size - len(block), offset + len(block)
    return b"".join(blocks)


def _identity(found: os.stat_result | None) -> Identity | None:
    return (found.st_dev, found.st_ino) if found else None
