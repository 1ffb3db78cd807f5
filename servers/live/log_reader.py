"""A growing log file, read whole line by whole line, whatever happens to it meanwhile."""

import os
from pathlib import Path

from mcadmin.core.errors import AppError
from mcadmin.core.paths import Root
from servers.minecraft.log_lines import MAX_LINE_CHARS, clean_line

LOG = "logs/latest.log"
TAIL_BYTES = 1024 * 1024
CHUNK_BYTES = 1024 * 1024
MAX_PARTIAL_BYTES = 4 * MAX_LINE_CHARS  # a line without an end is given out, cut, when it is longer than any shown


class LogReader:
    """Reads ``data/logs/latest.log`` of one server. Blocking: every call belongs in a thread.

    The first read begins at most TAIL_BYTES before the end, at a line's start; later ones go on from
    there, over rotation by rename (the rest of the old file first), truncation and re-creation.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._fd: int | None = None
        self._identity = (0, 0)
        self._position = 0
        self._partial = b""
        self._first = True
        self.missing = True

    def read(self) -> list[str]:
        """Return the lines that have come since the last call, at most a chunk's worth; empty when there are none."""
        current = self._stat()
        self.missing = current is None
        if self._fd is not None:
            lines = self._more()
            if lines or current is None or (current.st_dev, current.st_ino) == self._identity:
                return lines
            self.close()  # rotated: the old file is read to its end
        if current is None:
            self._first = False  # what appears later is read from its start
            return []
        self._open()
        return self._more() if self._fd is not None else []

    def close(self) -> None:
        """Let the file go."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _stat(self) -> os.stat_result | None:
        try:
            with Root(self._data) as root:
                return root.stat(LOG)
        except AppError:  # no data directory yet, or a link that leads out of it
            return None

    def _open(self) -> None:
        try:
            with Root(self._data) as root:
                self._fd = root.open_file(LOG)
        except AppError:  # gone again, or no regular file
            return
        found = os.fstat(self._fd)
        self._identity = (found.st_dev, found.st_ino)
        self._position, self._partial = 0, b""
        if self._first and found.st_size > TAIL_BYTES:
            self._position = found.st_size - TAIL_BYTES
            self._skip_line()
        self._first = False

    def _skip_line(self) -> None:
        block = os.pread(self._fd or 0, CHUNK_BYTES, self._position)
        self._position += block.find(b"\n") + 1

    def _more(self) -> list[str]:
        fd = self._fd
        if fd is None:
            return []
        if os.fstat(fd).st_size < self._position:  # truncated: it begins anew
            self._position, self._partial = 0, b""
        block = os.pread(fd, CHUNK_BYTES, self._position)
        self._position += len(block)
        *whole, self._partial = (self._partial + block).split(b"\n")
        if len(self._partial) > MAX_PARTIAL_BYTES:
            whole.append(self._partial)
            self._partial = b""
        return [clean_line(line.decode(errors="replace").rstrip("\r")) for line in whole]
