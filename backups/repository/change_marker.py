"""What tells the processes of one machine that the repository has changed."""

import os
import time
from contextlib import suppress
from pathlib import Path


class ChangeMarker:
    """A file whose time is another one after each change, by whatever process, commands among them. Blocking.

    Where it cannot be written, other processes know the list as it was for a while longer; nothing else is lost.
    """

    def __init__(self, file: Path) -> None:
        """Make the folder of ``file`` when it is needed and missing, not now."""
        self._file = file

    def version(self) -> int:
        """Return what is another number after each ``set``."""
        try:
            return self._file.stat().st_mtime_ns
        except OSError:
            return 0

    def touch(self) -> None:
        """Let everybody read anew."""
        now = time.time_ns()
        with suppress(OSError):
            try:
                os.utime(self._file, ns=(now, now))
            except (FileNotFoundError, PermissionError):  # none yet, or that of a command run by somebody else
                self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file.unlink(missing_ok=True)
                self._file.touch(mode=0o600)
