"""The audit log as a file: one JSON object a line, a new file each day (UTC)."""

import json
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.daily_file import DailyFile

# What JSON leaves as it is and a terminal or an editor obeys: DEL, C1, line separators, changes of direction.
_CONTROL = re.compile("[\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Fields that every line has; of the others only those that say something.
_ALWAYS = {"user_agent", "user_id", "client_ip", "status_code", "processing_time_ms"}


class LogFile:
    """The file of the settings of now; one for the process, safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: DailyFile | None = None

    def append(self, events: Sequence[dict[str, Any]], *, path: Path, keep_days: int) -> None:
        """Write one line for each event to ``path``: all of them or, on an error, none.

        Raises:
            OSError: the disk is full, the folder is gone or not ours.
        """
        data = "".join(f"{to_line(_written(values))}\n" for values in events).encode("utf-8")
        with self._lock:
            if self._file is None or self._file.path != path:
                self._close()
                self._file = DailyFile(path, keep_days=keep_days)
            self._file.append(data)

    def close(self) -> None:
        """Close the file; a later line opens it again."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


def _written(values: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in values.items() if name in _ALWAYS or value not in (None, {}, "")}
    return told | {"timestamp": values["timestamp"].isoformat()}


def to_line(values: Any) -> str:
    """Return ``values`` as JSON on one line in which no character can pass for another line."""
    text = json.dumps(values, ensure_ascii=False, default=str)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
