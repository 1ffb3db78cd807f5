"""Failures a caller can anticipate, by kind. They know nothing of HTTP.

A kind tells what the caller can do about it; the leaf classes live beside what raises them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar


class AppError(Exception):
    """An anticipated failure; ``str(error)`` is safe to show to the user and says what to do."""

    code = "error"
    extra: Mapping[str, Any] = MappingProxyType({})  # further facts for a program, JSON
    named_server = ""  # whom the words name, beside the one that was asked about
    words_without_name = ""  # for who must not learn of it, or of the place
    place_of = ""  # the server whose compose file has the place of this machine that the words name


AppErrorT = TypeVar("AppErrorT", bound=AppError)


def naming(error: AppErrorT, server_id: str, *, otherwise: str) -> AppErrorT:
    """Note that the words of ``error`` name another server, and what is said ``otherwise``; return the error."""
    error.named_server, error.words_without_name = server_id, otherwise
    return error


class InvalidRequest(AppError):
    """The request can never succeed as it stands."""

    code = "invalid"

    def __init__(self, message: str, *, errors: dict[str, list[str]] | None = None) -> None:
        """``errors`` names each broken rule under the field it belongs to."""
        super().__init__(message)
        self.errors = errors or {}


class Forbidden(AppError):
    """The caller is known and may not do this."""

    code = "forbidden"


class NotFound(AppError):
    """The thing named does not exist."""

    code = "not_found"


class Gone(NotFound):
    """The thing named was there once and never will be again."""

    code = "gone"


class Conflict(AppError):
    """The present state forbids it; it may succeed later."""

    code = "conflict"


class PreconditionFailed(AppError):
    """The thing has changed since the caller last saw it."""

    code = "precondition_failed"


class TooLarge(AppError):
    """What was sent, or asked for, exceeds a limit."""

    code = "too_large"


class NotText(AppError):
    """The file is not text that could be edited."""

    code = "not_text"


class DiskFull(AppError):
    """There is no room to write."""

    code = "disk_full"


class Unsupported(AppError):
    """A tool on this host is too old for it."""

    code = "unsupported"


class CommandFailed(AppError):
    """Docker, restic or the game ran and said no."""

    code = "command_failed"


class Unavailable(AppError):
    """The engine, the repository or another part we need cannot be reached."""

    code = "unavailable"


class TimedOut(AppError):
    """The other side did not answer in the time allowed."""

    code = "timed_out"
