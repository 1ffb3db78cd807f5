"""What is wrong with the panel's own database, from the words of its driver: no fault of ours, and it passes."""

from django.db import OperationalError

from core.errors import AppError, DiskFull, Unavailable


class DatabaseFull(DiskFull):
    """Its disk has no room left."""

    code = "database_full"


class DatabaseUnavailable(Unavailable):
    """It is busy, read-only, or not to be reached."""

    code = "database_unavailable"


# From SQLite, then from PostgreSQL; in lower case.
_MEANINGS: tuple[tuple[tuple[str, ...], type[AppError], str], ...] = (
    (
        ("disk is full", "no space left on device"),
        DatabaseFull,
        "There is no room left on the disk of the panel's database, so nothing can be recorded. Free some space.",
    ),
    (
        ("database is locked", "database table is locked"),
        DatabaseUnavailable,
        "The panel's database is busy with something long. Try again in a moment.",
    ),
    (
        ("readonly database",),
        DatabaseUnavailable,
        "The panel's database is read-only. Check how its disk is mounted, and the owner of the file and its folder.",
    ),
    (
        (
            "unable to open database file", "disk i/o error", "connection refused", "connection failed",
            "connection timeout", "server closed the connection", "terminating connection", "is shutting down",
            "is starting up", "too many clients", "connection is lost", "failed to resolve host",
            "could not receive data", "could not send data",
        ),
        DatabaseUnavailable,
        "The panel's database cannot be reached. Check that it runs and that its disk is there.",
    ),
)


def explain(error: OperationalError) -> AppError | None:
    """Return the error that tells a user what is wrong; None for what we do not know."""
    text = str(error).lower()
    for signs, kind, sentence in _MEANINGS:
        if any(sign in text for sign in signs):
            return kind(sentence)
    return None
