"""What every command that stays does before it begins: log, bring the database up to date."""

import resource
from collections.abc import Callable

from django.conf import settings
from django.core.management.base import CommandError
from django.db import Error as DatabaseError

from mcadmin import logs
from web import migrating

DESCRIPTORS = 65_536  # far more than all connections and files together; the usual soft limit of 1,024 is not


def start_logging() -> None:
    """Open app.log.

    Raises:
        CommandError: logs_dir cannot be written.
    """
    config = settings.MC_ADMIN
    try:
        logs.configure(config.logs_dir, keep_days=config.log_keep_days, secrets=config.secrets())
    except OSError as error:
        raise CommandError(f"logs_dir: {config.logs_dir} cannot be written: {error.strerror}.") from None


def migrate(say: Callable[[str], object]) -> None:
    """Bring the database up to date; ``say`` where the copy of the old one is.

    Raises:
        CommandError: the database cannot be used.
    """
    try:
        copy = migrating.migrate()
    except DatabaseError as error:
        raise CommandError(f"database_url: the database cannot be used: {error}") from None
    if copy is not None:
        say(f"The database was brought up to date; as it was before: {copy}")


def raise_descriptor_limit() -> int:
    """Allow this process as many open files as its hard limit does, up to DESCRIPTORS; return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def refuse_what_cannot_be_shared() -> None:
    """Make sure that several processes can work together.

    Raises:
        CommandError: the database or the cache belongs to one process alone.
    """
    missing = []
    if migrating.sqlite_file() is not None:
        missing.append('database_url = "postgres://…"')
    if not settings.MC_ADMIN.redis_url:
        missing.append('redis_url = "redis://…"')
    if missing:
        wanted = " and ".join(missing)
        raise CommandError(f"Several processes need a database and a cache that they share; set {wanted}.")
