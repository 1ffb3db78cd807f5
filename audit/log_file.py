"""The audit log as a file: one JSON object a line, a new file each midnight UTC."""

import json
import logging
import os
import re
import sys
import threading
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from typing import Any

# What JSON leaves as it is and a terminal or an editor obeys: DEL, C1, line separators, changes of direction.
_CONTROL = re.compile("[\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


logger = logging.getLogger(__name__)


class LogFile:
    """The file open now; one for the process, safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handler: _Handler | None = None

    def append(self, values: dict[str, Any], *, path: Path, keep_days: int) -> None:
        """Write one line to ``path``, made with its folder if missing; ``keep_days`` older files stay.

        Raises:
            OSError: the disk is full, the folder is gone or not ours.
        """
        record = logging.LogRecord("audit", logging.INFO, "", 0, to_line(values), None, None)
        with self._lock:
            self._at(path, keep_days).handle(record)

    def close(self) -> None:
        """Close the file; a later line opens it again."""
        with self._lock:
            self._close()

    def _at(self, path: Path, keep_days: int) -> "_Handler":
        if self._handler is None or self._handler.baseFilename != os.path.abspath(path):
            self._close()
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handler = _Handler(
                path, when="midnight", utc=True, backupCount=keep_days, encoding="utf-8", delay=True
            )
        return self._handler

    def _close(self) -> None:
        handler, self._handler = self._handler, None
        if handler is None:
            return
        try:
            handler.close()
        except OSError as error:  # its lines were counted as failed when they were written
            logger.error("The audit log file could not be closed: %s", error)  # noqa: TRY400 - no traceback needed


class _Handler(TimedRotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's name and signature
        error = sys.exc_info()[1]
        if error is not None:
            raise error  # the recorder counts failures; logging would print and forget


def to_line(values: dict[str, Any]) -> str:
    """Return ``values`` as JSON on one line in which no character can pass for another line."""
    text = json.dumps(values, ensure_ascii=False, default=str)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
