"""Bring the database up to date, with a copy of a SQLite file kept from before."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

KEPT_COPIES = 3
MIGRATING_KEY = 5678_001  # of an advisory lock; any number that nobody else uses


def sqlite_file() -> Path | None:
    """Return the file behind the default database, or None when it is no SQLite file."""
    if connection.vendor != "sqlite":
        return None
    return Path(str(connection.settings_dict["NAME"]))


def unapplied() -> list[str]:
    """Return the names of the migrations that the database has not seen.

    Raises:
        django.db.Error: the database cannot be reached.
    """
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def migrate() -> Path | None:
    """Apply what is missing; copy an existing SQLite file beside itself first.

    Returns:
        The copy made, None when nothing was to be copied. The last KEPT_COPIES stay.
    """
    file = sqlite_file()
    existed = file is not None and file.is_file() and file.stat().st_size > 0
    with _alone():
        if not unapplied():
            return None
        copy = _copy(file) if file is not None and existed else None
        call_command("migrate", interactive=False, verbosity=0)
    return copy


def close_to_others(**_: object) -> None:
    """Let its owner alone read a SQLite file, which holds password hashes; called after each migration."""
    file = sqlite_file()
    if file is not None and file.is_file():
        file.chmod(0o600)


@contextmanager
def _alone() -> Iterator[None]:
    """Keep processes that start together from migrating one PostgreSQL database at once; SQLite has one process."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATING_KEY])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATING_KEY])


def _copy(file: Path) -> Path:
    """Copy by SQLite's own backup: a plain copy would miss what is still in the write-ahead log."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    copy = file.with_name(f"{file.name}.before-{stamp}")
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    for old in sorted(file.parent.glob(f"{file.name}.before-*"))[:-KEPT_COPIES]:
        old.unlink()
    return copy
