"""What can be wrong with an installation: one check a function, each with a sentence and advice."""

import os
import shutil
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import Error as DatabaseError

from mcadmin import config, migrating
from mcadmin.core import process
from mcadmin.core.errors import AppError
from mcadmin.core.paths import disk_space

LITTLE_SPACE_BYTES = 2 * 1024**3
NO_SPACE_BYTES = 200 * 1024**2
_VERSION_TIMEOUT_S = 15.0


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; ``advice`` is empty when there is nothing to do."""

    name: str
    verdict: Verdict
    sentence: str
    advice: str = ""


Check = Callable[[], Awaitable[list[Finding]]]


async def examine() -> list[Finding]:
    """Run every check; those that need settings are left out when the settings cannot be used."""
    usable = not settings.MC_ADMIN_PROBLEM
    findings: list[Finding] = []
    for check, needs_settings in CHECKS:
        if usable or not needs_settings:
            findings += await check()
    return findings


async def check_config() -> list[Finding]:
    """Tell whether the settings can be used."""
    if problem := settings.MC_ADMIN_PROBLEM:
        advice = "Correct the settings named; `python manage.py init` writes a first config.toml."
        return [Finding("config", Verdict.FAILED, problem, advice)]
    return [Finding("config", Verdict.OK, "All settings are there and well-formed.")]


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
    return findings or [Finding("secrets", Verdict.OK, "No other user can read the files with secrets.")]


async def check_database() -> list[Finding]:
    """Tell whether the database answers and is up to date."""
    return await sync_to_async(_database)()


def _database() -> list[Finding]:
    file = migrating.sqlite_file()
    if file is not None and not file.is_file():
        sentence = f"There is no database {file.name} yet."
        return [Finding("database", Verdict.WARNING, sentence, "`python manage.py serve` makes it.")]
    try:
        missing = migrating.unapplied()
    except DatabaseError as error:
        advice = "Check database_url and that the database server runs."
        return [Finding("database", Verdict.FAILED, f"The database cannot be used: {error}", advice)]
    answers = Finding("database", Verdict.OK, "The database answers.")
    if missing:
        sentence = f"{len(missing)} migrations are not applied."
        return [answers, Finding("migrations", Verdict.WARNING, sentence, "`python manage.py serve` applies them.")]
    return [answers, Finding("migrations", Verdict.OK, "The database is up to date.")]


async def check_audit() -> list[Finding]:
    """Tell whether audit events could not be written lately."""
    return await sync_to_async(_audit)()


def _audit() -> list[Finding]:
    from audit import recorder  # noqa: PLC0415 - needs usable settings

    if not settings.MC_ADMIN.audit.enabled:
        advice = "Set audit.enabled = true, so that it is known who did what."
        return [Finding("audit", Verdict.WARNING, "The audit log is switched off.", advice)]
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
    return told or [Finding("audit", Verdict.OK, "Every audit event of the last 7 days was written.")]


async def check_docker() -> list[Finding]:
    """Tell whether the engine answers, and which cgroup version its host has."""
    from servers import wiring  # noqa: PLC0415 - only needed here, and needs usable settings
    from servers.docker.engine import DockerManager  # noqa: PLC0415

    try:
        version = await DockerManager(wiring.cli()).version()
    except AppError as error:
        advice = "Install and start it with: setup/engine.sh. Without it, files, backups and history still work."
        return [Finding("docker", Verdict.FAILED, str(error), advice)]
    return [
        Finding("docker", Verdict.OK, f"Docker Engine {version.engine} answers."),
        Finding("cgroup", Verdict.OK, f"Containers are counted by cgroup v{version.cgroup}."),
    ]


async def check_compose() -> list[Finding]:
    """Tell whether Compose is there, and is version 2 or newer."""
    from servers.docker.cli import find_program  # noqa: PLC0415 - as above

    own = settings.MC_ADMIN.docker.compose_binary or find_program("docker-compose")
    argv = [str(own)] if own else [str(settings.MC_ADMIN.docker.binary or "docker"), "compose"]
    advice = "Install it with: setup/compose.sh"
    try:
        text = (await process.run(*argv, "version", "--short", timeout_s=_VERSION_TIMEOUT_S)).strip()
    except AppError as error:
        return [Finding("compose", Verdict.FAILED, str(error), advice)]
    if text.removeprefix("v").startswith(("0.", "1.")):
        return [Finding("compose", Verdict.FAILED, f"Compose {text} is too old; version 2 is needed.", advice)]
    return [Finding("compose", Verdict.OK, f"Compose {text} answers.")]


async def check_server_path() -> list[Finding]:
    """Tell whether servers can be kept where the settings say, and how much room is left."""
    return await sync_to_async(_server_path)()


def _server_path() -> list[Finding]:
    path = settings.MC_ADMIN.server_path
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        advice = f"Give this user the directory: chown $(id -u) {path}"
        return [Finding("server_path", Verdict.FAILED, f"{path} cannot be written.", advice)]
    _, free = disk_space(path)
    shown = f"{free / 1024**3:.1f} GiB are free on the disk of the servers."
    verdict = Verdict.OK
    if free < LITTLE_SPACE_BYTES:
        verdict = Verdict.FAILED if free < NO_SPACE_BYTES else Verdict.WARNING
    return [
        Finding("server_path", Verdict.OK, f"Servers live in {path}."),
        Finding("free space", verdict, shown, "" if verdict is Verdict.OK else "Free some, or move server_path."),
    ]


async def check_servers() -> list[Finding]:
    """Tell which servers' compose files cannot be used."""
    from servers import wiring  # noqa: PLC0415 - as above

    infos: list[Any] = list(await wiring.manager().get_all_server_info())
    bad = [
        Finding("server", Verdict.WARNING, f"{info.id}: {info.problem}", "Correct its compose file.")
        for info in infos
        if info.problem
    ]
    return bad or [Finding("server", Verdict.OK, f"{len(infos)} servers, all with a usable compose file.")]


async def check_restic() -> list[Finding]:
    """Tell whether restic is there and new enough for every feature."""
    wanted = None if settings.MC_ADMIN_PROBLEM else settings.MC_ADMIN.restic
    own = config_binary(wanted)
    advice = "Install 0.17 or newer with: setup/restic.sh"
    try:
        text = await process.run(own, "version", timeout_s=_VERSION_TIMEOUT_S)
    except AppError as error:
        verdict = Verdict.FAILED if wanted else Verdict.WARNING
        return [Finding("restic", verdict, f"Backups cannot be made: {error}", advice)]
    number = text.split()[1] if len(text.split()) > 1 else "?"
    parts = [int(part) for part in number.split(".")[:2] if part.isdigit()]
    if parts < [0, 17]:
        sentence = f"restic {number} is old: restoring single files in place does not work."
        return [Finding("restic", Verdict.WARNING, sentence, advice)]
    if wanted is None:
        sentence = f"restic {number} is there, but no repository is configured."
        return [Finding("restic", Verdict.WARNING, sentence, "Fill in the section [restic] of config.toml.")]
    return [Finding("restic", Verdict.OK, f"restic {number} is there.")]


def config_binary(wanted: config.ResticSettings | None) -> str:
    """Return restic's path: the settings', else the one in .tools/bin, else by PATH."""
    if wanted is not None and wanted.binary is not None:
        return str(wanted.binary)
    own = settings.BASE_DIR / ".tools" / "bin" / "restic"
    return str(own) if own.is_file() else shutil.which("restic") or "restic"


CHECKS: list[tuple[Check, bool]] = [  # and whether it needs usable settings
    (check_config, False),
    (check_secrets, False),
    (check_database, True),
    (check_audit, True),
    (check_docker, False),
    (check_compose, False),
    (check_server_path, True),
    (check_servers, True),
    (check_restic, False),
]
