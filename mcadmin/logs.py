"""Where the process's own log goes: standard output and ``app.log``, a line a record, nothing forged."""

import logging
import re
import sys
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path

FILE_NAME = "app.log"

# C0, DEL, C1, and the separators that some viewers break lines at.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# A WebSocket's token may stand in its address, and servers log addresses.
_TOKEN = re.compile(r"([?&](?:token|access_token)=)[^&\s\"']+", re.IGNORECASE)

# What these say below the level is told better elsewhere: requests by the audit, 4xx by their answer.
_LEVELS = {"uvicorn.error": logging.WARNING, "django.request": logging.ERROR, "asyncio": logging.WARNING}


class OneLine(logging.Formatter):
    """One record, one line: control characters of a message are escaped, lines of a traceback are marked."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        head, *traceback = self._parts(record)
        return "\n".join([escape(head), *(f"  | {escape(line)}" for line in traceback)])

    def _parts(self, record: logging.LogRecord) -> list[str]:
        record.message = record.getMessage()
        record.asctime = self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z")
        parts = [self.formatMessage(record)]
        if record.exc_info:
            parts += self.formatException(record.exc_info).split("\n")
        return parts


def escape(text: str) -> str:
    """Return ``text`` as it may stand in a log: no control characters, no token of an address."""
    shown = _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
    return _TOKEN.sub(r"\1***", shown)


def configure(logs_dir: Path, *, keep_days: int, level: int = logging.INFO) -> None:
    """Set up the root logger; a second call changes nothing.

    ``app.log`` in ``logs_dir`` (made if missing) begins anew at midnight UTC; ``keep_days`` old ones stay.

    Raises:
        OSError: ``logs_dir`` cannot be made or written.
    """
    root = logging.getLogger()
    if any(isinstance(handler.formatter, OneLine) for handler in root.handlers):
        return
    logs_dir.mkdir(parents=True, exist_ok=True)
    file = TimedRotatingFileHandler(
        logs_dir / FILE_NAME, when="midnight", utc=True, backupCount=keep_days, encoding="utf-8", delay=False
    )
    for handler in (logging.StreamHandler(sys.stdout), file):
        handler.setFormatter(OneLine())
        root.addHandler(handler)
    root.setLevel(level)
    for name, least in _LEVELS.items():
        logging.getLogger(name).setLevel(least)
