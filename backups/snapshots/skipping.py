"""Servers that a snapshot of everything leaves out: one server's trouble must not keep the others from being saved."""

import logging
from collections.abc import Collection, Mapping

from core.errors import AppError, Conflict, TimedOut
from servers.operations.progress import Progress

logger = logging.getLogger(__name__)


class FlushNotConfirmed(TimedOut):
    """A consistent snapshot was wanted and could not be made."""

    code = "flush_not_confirmed"


class NoServerCouldBeSaved(Conflict):
    """Everything was to be saved, and each server is busy or in trouble."""

    code = "no_server_could_be_saved"


class Skipped:
    """The servers left out of one snapshot, and why; each is a warning of the operation.

    Attributes:
        reasons: a sentence that names the server, by the server's id.
    """

    def __init__(self, reasons: Mapping[str, str], progress: Progress) -> None:
        self.reasons: dict[str, str] = {}
        self._progress = progress
        self._only_unflushed = True
        for server_id, why in reasons.items():
            self._note(server_id, why)

    def __contains__(self, server_id: str) -> bool:
        return server_id in self.reasons

    def add(self, server_id: str, error: Exception) -> None:
        """Leave a server out because of ``error``."""
        why = str(error)
        if not isinstance(error, AppError):
            logger.error("%s could not be saved with the others", server_id, exc_info=error)
            why = f"MC Admin failed at it ({type(error).__name__}). Its log says more."
        self._only_unflushed &= isinstance(error, FlushNotConfirmed)
        self._note(server_id, why if why.startswith(server_id) else f"{server_id}: {why}")

    def _note(self, server_id: str, why: str) -> None:
        self.reasons[server_id] = why
        self._progress.warn(f"Left out: {why}")

    def require_one_kept(self, names: Collection[str]) -> None:
        """Raise unless a server of ``names`` is left, or there was none from the beginning.

        Raises:
            FlushNotConfirmed: each of ``names`` was left out for this reason.
            NoServerCouldBeSaved: for any other reason.
        """
        if not self.reasons or any(name not in self for name in names):
            return
        told = f"No server could be saved. {' '.join(self.reasons.values())}"
        raise FlushNotConfirmed(told) if names and self._only_unflushed else NoServerCouldBeSaved(told)
