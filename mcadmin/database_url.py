"""The operator's ``database_url``: a SQLite file or a PostgreSQL database, nothing else."""

from pathlib import Path

import dj_database_url

_SQLITE = ("sqlite:///", "sqlite+aiosqlite:///")
_POSTGRES = ("postgres://", "postgresql://")


def checked(url: str) -> str:
    """Return ``url`` when it can be used.

    Raises:
        ValueError: it names no database that we work with; the message does not repeat the address, which may hold
            a password.
    """
    if (file := sqlite_path(url)) is not None:
        if Path(file).name in {"", ":memory:"}:
            # Every thread would have an empty one of its own, and all would be gone at the end.
            raise ValueError("names no file: write for example sqlite:///./db.sqlite3")
        return url
    if not url.startswith(_POSTGRES):
        raise ValueError("must be sqlite:///FILE or postgres://USER:PASSWORD@HOST/NAME")
    try:
        name = dj_database_url.parse(url)["NAME"]
    except ValueError:
        raise ValueError(
            "is not a well-formed address; write %-codes for special characters in the password, for example %40 for @"
        ) from None
    if not name:
        raise ValueError("names no database: postgres://USER:PASSWORD@HOST/NAME")
    return url


def is_sqlite(url: str) -> bool:
    """Tell whether ``url`` names a SQLite file."""
    return sqlite_path(url) is not None


def sqlite_path(url: str) -> str | None:
    """Return the path in ``url`` as it stands there; None when it is no SQLite address."""
    prefix = next((prefix for prefix in _SQLITE if url.startswith(prefix)), None)
    return None if prefix is None else url.removeprefix(prefix).partition("?")[0]


def for_django(url: str) -> str:
    """Return ``url`` as Django's parser wants it; a SQLite path becomes absolute."""
    path = sqlite_path(url)
    return url if path is None else f"sqlite:///{Path(path).resolve()}"
