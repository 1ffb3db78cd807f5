"""What a running ``restic backup --json`` says, line by line."""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from backups.restic.lines import parse_line
from backups.restic.snapshot import ResticSnapshotSummary, Vanished

MAX_WARNINGS = 100
MAX_VANISHED = 10_000
_GONE = "no such file or directory"
_CLOSING_REMARK = "Warning: at least one source file could not be read"  # said after each of them was named


class BackupProgress(BaseModel):
    """How far a backup is.

    ``percent_done`` is a share from 0 to 1; the totals grow as long as restic is still looking for files.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    percent_done: float = 0.0
    total_files: int = 0
    files_done: int = 0
    total_bytes: int = 0
    bytes_done: int = 0
    seconds_elapsed: int = 0
    seconds_remaining: int | None = None


class BackupEvents:
    """Reads the lines of one backup and keeps what matters at its end.

    Attributes:
        summary: what restic said at its end; None before, or if it failed.
        vanished: what was there when restic listed its folder, and gone when it was to be read; of those past
            MAX_VANISHED each is a warning. From 0.17 restic passes over most of them without a word.
    """

    def __init__(
        self, paths: Iterable[Path], *, on_progress: Callable[[BackupProgress], None] | None = None
    ) -> None:
        self.summary: ResticSnapshotSummary | None = None
        self._parents = [f"{path.parent}/" for path in paths if path.parent != path.parent.parent]
        self._on_progress = on_progress
        self.vanished: list[Vanished] = []
        self._warnings: list[str] = []
        self._untold = 0

    @property
    def warnings(self) -> list[str]:
        """What could not be saved and what restic complained about: at most MAX_WARNINGS and a count."""
        more = [f"… and {self._untold} more"] if self._untold else []
        return self._warnings + more

    def read(self, line: str) -> None:
        """Take one line of either output; what is not JSON is a complaint."""
        said = parse_line(line)
        match said.get("message_type"):
            case "status" if self._on_progress is not None:
                self._on_progress(BackupProgress.model_validate(said))
            case "summary":
                with suppress(ValidationError):  # then there is no summary, and the manager says so
                    self.summary = ResticSnapshotSummary.model_validate(said)
            case "error":
                self._read_error(str(said.get("item", "")), _reason(said.get("error")))
            case None if not said and line.strip() and not line.startswith(_CLOSING_REMARK):
                self._warn(line.strip())

    def _read_error(self, item: str, reason: str) -> None:
        if reason.lower() == _GONE and len(self.vanished) < MAX_VANISHED:
            self.vanished.append(Vanished(path=item, sentence=f"{self._without_folders(item)}: {reason}"))
        else:
            self._warn(f"{item}: {reason}")

    def _without_folders(self, text: str) -> str:
        """Return a text without the folders above what was saved: where that is, is nothing for a user."""
        for parent in self._parents:
            text = text.replace(parent, "")
        return text

    def _warn(self, text: str) -> None:
        text = self._without_folders(text)
        if len(self._warnings) < MAX_WARNINGS:
            self._warnings.append(text)
        else:
            self._untold += 1


def _reason(error: Any) -> str:
    """Return the reason in an error message: restic 0.17 words it, earlier ones give an errno."""
    if isinstance(error, dict) and error.get("message"):
        return str(error["message"]).rpartition(": ")[2]
    if isinstance(error, dict) and isinstance(error.get("Err"), int):
        return os.strerror(error["Err"])
    return "could not be read"
