"""The operator's ``database_url``: a SQLite file or a PostgreSQL database, nothing else."""

from pathlib import Path
from typing import Any

import dj_database_url

_SQLITE = ("sqlite:///", "sqlite+aiosqlite:///")
_POSTGRES = ("postgres://", "postgresql://")
# Measured on the earlier version: without IMMEDIATE and WAL most concurrent writers got "database is locked".
_SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
# For a host that has gone from the network; else it is waited for for minutes. What the address says goes first.
_POSTGRES_OPTIONS = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # ms
}


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


def settings_of(url: str) -> dict[str, Any]:
    """Return ``url`` as an entry of Django's DATABASES."""
    found: dict[str, Any] = dict(dj_database_url.parse(for_django(url)))
    if is_sqlite(url):
        found["OPTIONS"] = dict(_SQLITE_OPTIONS)
    else:
        found["OPTIONS"] = {**_POSTGRES_OPTIONS, **found.get("OPTIONS", {})}
    return found


def for_django(url: str) -> str:
    """Return ``url`` as Django's parser wants it; a SQLite path becomes absolute."""
    path = sqlite_path(url)
    return url if path is None else f"sqlite:///{Path(path).resolve()}"
