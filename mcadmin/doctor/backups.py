"""restic, its repository, and how old each server's last good snapshot is."""

import asyncio
import os

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import Error as DatabaseError

from core import confinement, process, programs
from core.errors import AppError
from mcadmin.doctor.engine import VERSION_TIMEOUT_S
from mcadmin.doctor.findings import Finding, Verdict, failed, ok, warning
from web import config


async def check_restic() -> list[Finding]:
    """Tell whether restic is there and new enough for every feature."""
    wanted = None if settings.MC_ADMIN_PROBLEM else settings.MC_ADMIN.restic
    advice = "Install 0.17 or newer with: setup/restic.sh"
    try:
        text = await process.run(program(wanted), "version", timeout_s=VERSION_TIMEOUT_S)
    except AppError as error:
        verdict = Verdict.FAILED if wanted else Verdict.WARNING
        return [Finding("restic", verdict, f"Backups cannot be made: {error}", advice)]
    number = text.split()[1] if len(text.split()) > 1 else "?"
    parts = [int(part) for part in number.split(".")[:2] if part.isdigit()]
    if parts < [0, 17]:
        return warning("restic", f"restic {number} is old: a restore cannot be previewed.", advice)
    return ok("restic", f"restic {number} is there.")


async def check_confinement() -> list[Finding]:
    """Tell whether restic can be kept from following a game's links, and whether that takes its rights away."""
    wanted = None if settings.MC_ADMIN_PROBLEM else settings.MC_ADMIN.restic
    try:
        means = await confinement.available()
    except AppError as error:
        return failed("confinement", f"Whether restic can be confined is not known: {error}", "No backup is made so.")
    if not means:
        advice = "Use Linux 5.13 or newer with Landlock switched on (`lsm=` on the kernel's command line)."
        return warning("confinement", confinement.NOT_CONFINED, advice)
    if os.geteuid() and await asyncio.to_thread(_has_own_rights, program(wanted)):
        sentence = "restic's file has capabilities of its own, which a confined program does not get."
        advice = "Give them to the panel instead: AmbientCapabilities=CAP_DAC_READ_SEARCH in its unit."
        return warning("confinement", sentence, advice)
    return ok("confinement", f"restic reaches nothing but the files that it is for ({', '.join(sorted(means))}).")


def _has_own_rights(path: str) -> bool:
    try:
        return "security.capability" in os.listxattr(path)
    except OSError:
        return False


async def check_repository() -> list[Finding]:
    """Tell whether the repository can be read with the password."""
    from backups import wiring  # noqa: PLC0415 - needs usable settings
    from backups.repository import embedded  # noqa: PLC0415

    if not wiring.is_configured():
        sentence = "No snapshot repository is configured."
        return warning("repository", sentence, "Fill in the section [restic] of config.toml.")
    if await asyncio.to_thread(embedded.is_planned, wiring.section()):
        sentence = "The backup repository of this installation is not made yet."
        return warning("repository", sentence, "Install restic (setup/restic.sh) and run: manage.py snapshot init")
    try:
        snapshots = await wiring.repository().list_snapshots()
    except AppError as error:
        return failed("repository", str(error), "Until then no snapshot is made, and none comes back.")
    return ok("repository", f"The repository answers and holds {len(snapshots)} snapshots.")


async def check_placement() -> list[Finding]:
    """Tell whether the repository lies in a server, or on the servers' own disk."""
    from backups import wiring  # noqa: PLC0415 - needs usable settings
    from backups.repository import placement  # noqa: PLC0415
    from servers import wiring as servers  # noqa: PLC0415

    if not wiring.is_configured():
        return []
    folders = [settings.MC_ADMIN.server_path / name for name in await servers.manager().get_all_server_names()]
    try:
        await asyncio.to_thread(placement.require_outside, folders, wiring.section())
    except placement.RepositoryInServer as error:
        return failed("repository's place", str(error), "Until then no snapshot of that server is made.")
    if await asyncio.to_thread(placement.danger, wiring.section(), settings.MC_ADMIN.server_path):
        return warning("repository's disk", placement.SAME_DISK, placement.ADVICE)
    return ok("repository's disk", "The repository does not lie on the servers' own disk, as far as can be seen.")


async def check_age() -> list[Finding]:
    """Tell which servers have no recent snapshot to be relied on."""
    from backups import wiring  # noqa: PLC0415 - needs usable settings
    from backups.snapshots import health  # noqa: PLC0415
    from servers import wiring as servers  # noqa: PLC0415

    if not wiring.is_configured():
        return []
    try:
        snapshots = await wiring.repository().list_snapshots()
        names = await servers.manager().get_all_server_names()
        found = await sync_to_async(health.read_health)(names, snapshots)
    except (AppError, DatabaseError):  # told by the checks of the repository and of the database
        return []
    late = [
        Finding("backup age", Verdict.WARNING, f"{one.server_id}: {_age(one.age_seconds)}", "Make one, or a schedule.")
        for one in found
        if one.age_seconds is None or one.age_seconds > health.LATE.total_seconds()
    ]
    late += [
        Finding("backup age", Verdict.WARNING, sentence, "") for one in found for sentence in one.warnings
    ]
    return late or ok("backup age", f"{len(found)} servers, each with a good and recent snapshot.")


def _age(age_seconds: float | None) -> str:
    if age_seconds is None:
        return "there is no good snapshot of it."
    return f"its last good snapshot is {age_seconds / 3600:.0f} hours old."


def program(wanted: config.ResticSettings | None) -> str:
    """Return restic's path: the settings', else where it is found."""
    if wanted is not None and wanted.binary is not None:
        return str(wanted.binary)
    return programs.find("restic") or "restic"
