"""What every command that stays does before it begins: log, bring the database up to date."""

import asyncio
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from django.conf import settings
from django.core.management.base import CommandError
from django.db import Error as DatabaseError

from core.errors import AppError
from mcadmin import logs
from servers import wiring
from servers.docker.engine import DockerManager
from web import migrating, process_role

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


@contextmanager
def one_place() -> Iterator[None]:
    """Be one of the processes that share the database; a SQLite file has one anyway.

    Raises:
        CommandError: others run on another machine, at another engine or over another ``server_path``.
    """
    if migrating.sqlite_file() is not None:
        yield
        return
    import psycopg  # noqa: PLC0415 - only where it is used

    from mcadmin.serving import one_place  # noqa: PLC0415 - so it is here

    place = one_place.this_place(settings.MC_ADMIN.server_path, engine=asyncio.run(_engine_id()))
    name = f"{process_role.current()} {os.getpid()} on {place.host}"
    database = dict(settings.DATABASES["default"])
    with ExitStack() as closing:
        try:
            membership = closing.enter_context(
                one_place.held(database, place=place, name=name, engine_now=_engine_now)
            )
        except one_place.OtherPlace as error:
            raise CommandError(str(error)) from None
        except (psycopg.Error, DatabaseError) as error:
            raise CommandError(f"database_url: the database cannot be used: {error}") from None
        yield
    if membership.refusal:
        raise CommandError(membership.refusal)


async def _engine_id() -> str:
    try:
        return (await DockerManager(wiring.cli()).version()).engine_id
    except AppError:  # the panel starts without an engine, too
        return ""


def _engine_now() -> str:
    version = wiring.live().monitoring.versions.engine
    return version.engine_id if version else ""


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
