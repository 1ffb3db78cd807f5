"""The audit log as a file: one JSON object a line, a new file each midnight UTC."""

import json
import logging
import re
import sys
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from typing import Any

# What JSON leaves as it is and a terminal or an editor obeys: DEL, C1, line separators, changes of direction.
_CONTROL = re.compile("[\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class LogFile:
    """Appends to ``path``, made at the first line; ``keep_days`` older files stay."""

    def __init__(self, path: Path, *, keep_days: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._handler = _Handler(path, when="midnight", utc=True, backupCount=keep_days, encoding="utf-8", delay=True)

    def append(self, values: dict[str, Any]) -> None:
        """Write one line; safe from any thread.

        Raises:
            OSError: the disk is full, the folder is gone or not ours.
        """
        self._handler.handle(logging.LogRecord("audit", logging.INFO, "", 0, to_line(values), None, None))

    def close(self) -> None:
        """Close the file; a later line opens it again."""
        self._handler.close()


class _Handler(TimedRotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's name and signature
        error = sys.exc_info()[1]
        if error is not None:
            raise error  # the recorder counts failures; logging would print and forget


def to_line(values: dict[str, Any]) -> str:
    """Return ``values`` as JSON on one line in which no character can pass for another line."""
    text = json.dumps(values, ensure_ascii=False, default=str)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
