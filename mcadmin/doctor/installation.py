"""Configuration, secrets, database, Redis, clock, audit."""

import ctypes
import stat
from datetime import UTC, datetime

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import cache
from django.db import Error as DatabaseError

from mcadmin.doctor.findings import Finding, Verdict, failed, ok, warning
from web import config, migrating

_BUILT_IN = 2026  # no machine that runs this has an earlier year
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronized


async def check_config() -> list[Finding]:
    """Tell whether the settings can be used."""
    if problem := settings.MC_ADMIN_PROBLEM:
        return failed("config", problem, "Correct the settings named; `manage.py init` writes a first config.toml.")
    return ok("config", "All settings are there and well-formed.")


async def check_secrets() -> list[Finding]:
    """Tell whether files with secrets are closed to other users."""
    return await sync_to_async(_secrets)()


def _secrets() -> list[Finding]:
    files = [config.config_path(), config.env_path()]
    if not settings.MC_ADMIN_PROBLEM and (database := migrating.sqlite_file()):
        files.append(database)
    findings = []
    for path in files:
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            # The settings' own check is stricter where a container runtime puts secrets; a database only warns.
            verdict = Verdict.WARNING if path not in files[:2] else Verdict.FAILED
            findings.append(
                Finding("secrets", verdict, f"Other users can read {path}.", f"Run: chmod 600 {path}")
            )
    return findings or ok("secrets", "No other user can read the files with secrets.")


async def check_database() -> list[Finding]:
    """Tell whether the database answers and is up to date."""
    return await sync_to_async(_database)()


def _database() -> list[Finding]:
    file = migrating.sqlite_file()
    if file is not None and not file.exists():
        return warning("database", f"There is no database {file.name} yet.", "`manage.py serve` makes it.")
    try:
        missing = migrating.unapplied()
    except DatabaseError as error:
        advice = "Check database_url and that the database server runs."
        return failed("database", f"The database cannot be used: {error}", advice)
    answers = ok("database", "The database answers.")
    if missing:
        sentence = f"{len(missing)} migrations are not applied."
        return answers + warning("migrations", sentence, "`manage.py serve` applies them.")
    return answers + ok("migrations", "The database is up to date.")


async def check_redis() -> list[Finding]:
    """Tell whether Redis answers, where it is configured."""
    return await sync_to_async(_redis)()


def _redis() -> list[Finding]:
    if not settings.MC_ADMIN.redis_url:
        return ok("redis", "Not configured: one process, which needs none.")
    from redis.exceptions import RedisError  # noqa: PLC0415 - only where it is used

    try:
        cache.set("doctor", "well", 10)
        well = cache.get("doctor") == "well"
    except (RedisError, OSError) as error:
        advice = "Start it, or correct redis_url; without it nobody can sign in and no socket opens."
        return failed("redis", f"Redis does not answer: {error}", advice)
    if not well:
        return failed("redis", "Redis forgets at once what it is told.", "Look at its maxmemory and its policy.")
    return ok("redis", "Redis answers.")


async def check_clock() -> list[Finding]:
    """Tell whether tokens, schedules and the freshness of snapshots can rely on this machine's clock."""
    now = datetime.now(UTC)
    advice = "Turn time synchronisation on: timedatectl set-ntp true"
    if now.year < _BUILT_IN:
        return failed("clock", f"The clock says {now:%Y-%m-%d}, which is long ago.", advice)
    # adjtimex with an empty request only reads. Source: adjtimex(2).
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))
    if state == _TIME_ERROR:
        return warning("clock", f"The clock says {now:%H:%M:%S} UTC, but nothing keeps it right.", advice)
    return ok("clock", f"The clock says {now:%H:%M:%S} UTC and is kept right.")


async def check_audit() -> list[Finding]:
    """Tell whether audit events could not be written lately."""
    return await sync_to_async(_audit)()


def _audit() -> list[Finding]:
    from audit import recorder  # noqa: PLC0415 - needs usable settings

    if not settings.MC_ADMIN.audit.enabled:
        advice = "Set audit.enabled = true, so that it is known who did what."
        return warning("audit", "The audit log is switched off.", advice)
    try:
        failures = recorder.failures()
    except DatabaseError:  # told by the check of the database
        return []
    told = [
        Finding(
            "audit",
            Verdict.FAILED if one.lost else Verdict.WARNING,
            f"On {one.day} {one.late} events came late to the {one.place} of the audit and {one.lost} were lost "
            f"({one.problem}).",
            "Look at the free space of logs_dir and of the database; app.log says more.",
        )
        for one in failures
    ]
    return told or ok("audit", "Every audit event of the last 7 days was written.")
