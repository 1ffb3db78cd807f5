"""Where the process's own log goes: standard output and ``app.log``, a line a record, nothing forged, no secret."""

import logging
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from core import request_id
from core.daily_file import DailyFile
from core.one_line import escape
from core.redaction import Redactor

FILE_NAME = "app.log"
COMPLAIN_EVERY_S = 60.0

# What these say below the level is told better elsewhere: requests by the audit, 4xx by their answer.
_LEVELS = {"uvicorn.error": logging.WARNING, "django.request": logging.ERROR, "asyncio": logging.WARNING}

# What Django refuses in a request is the sender's doing: a traceback of 70 lines each would let strangers fill the log.
_OF_THE_SENDER = "django.security."


class OneLine(logging.Formatter):
    """One record, one line with its request's id: control characters are escaped, lines of a traceback are marked."""

    def __init__(self, redact: Redactor | None = None) -> None:
        super().__init__("%(asctime)s %(levelname)-7s [%(request_id)s] %(name)s: %(message)s")
        self._redact = redact or Redactor()

    def format(self, record: logging.LogRecord) -> str:
        head, *traceback = self._parts(record)
        return "\n".join([self._safe(head), *(f"  | {self._safe(line)}" for line in traceback)])

    def _safe(self, text: str) -> str:
        return escape(self._redact(text))

    def _parts(self, record: logging.LogRecord) -> list[str]:
        record.message = record.getMessage()
        record.asctime = self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z")
        record.request_id = request_id.current()
        parts = [self.formatMessage(record)]
        if record.exc_info and not record.name.startswith(_OF_THE_SENDER):
            parts += self.formatException(record.exc_info).split("\n")
        return parts


class DailyHandler(logging.Handler):
    """Writes to a ``DailyFile``; a full disk stops no program, but is told on standard error once a minute."""

    def __init__(self, file: DailyFile) -> None:
        super().__init__()
        self._file = file
        self._complained_at = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._file.append(f"{self.format(record)}\n".encode("utf-8", "backslashreplace"))
        except OSError as error:
            if time.monotonic() - self._complained_at > COMPLAIN_EVERY_S:
                self._complained_at = time.monotonic()
                sys.stderr.write(f"MC Admin cannot write {self._file.path}: {error.strerror}\n")

    def close(self) -> None:
        self._file.close()
        super().close()


def configure(
    logs_dir: Path, *, keep_days: int, secrets: Iterable[str] = (), level: int = logging.INFO
) -> None:
    """Set up the root logger; a second call changes nothing.

    ``app.log`` in ``logs_dir`` (made if missing) begins anew each day, UTC; files of the last ``keep_days`` days
    stay. ``secrets`` never appear in it, whoever logs them.

    Raises:
        OSError: ``logs_dir`` cannot be made or written.
    """
    root = logging.getLogger()
    if any(isinstance(handler, DailyHandler) for handler in root.handlers):
        return
    file = DailyFile(logs_dir / FILE_NAME, keep_days=keep_days)
    file.append(b"")  # fails now and not at the first line
    formatter = OneLine(Redactor(secrets))
    for handler in (logging.StreamHandler(sys.stdout), DailyHandler(file)):
        handler.setFormatter(formatter)
        root.addHandler(handler)
    root.setLevel(level)
    for name, least in _LEVELS.items():
        logging.getLogger(name).setLevel(least)
