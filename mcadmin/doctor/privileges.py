"""Whether what a game makes of its own files gives anybody rights on this machine."""

import asyncio
import shlex
from pathlib import Path

from django.conf import settings

from core.errors import AppError
from core.paths import is_open_to_others, is_within_reach, missing_mount_options, printable, privileged
from mcadmin.doctor.findings import Finding, Verdict, ok, warning
from servers.docker.folders import DATA, open_data, open_server

MAX_ENTRIES = 300_000  # of all servers together
SHOWN = 5


async def check_privileges() -> list[Finding]:
    """Tell which servers' data hold files that run as another user, or devices."""
    found = await asyncio.to_thread(_privileged, await _directories())
    return found or ok("privileges", "No server's data hold set-user-id files or devices.")


async def check_folders() -> list[Finding]:
    """Tell which servers' folders other users of this machine can enter, and how their disk is mounted."""
    directories = await _directories()
    names = [one.name for one in await asyncio.to_thread(_list_open, directories)]
    findings = []
    if names:
        listed = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
        advice = f"Run: chmod 700 {' '.join(shlex.quote(str(one)) for one in directories if one.name in names[:SHOWN])}"
        sentence = f"Other users of this machine can enter the folders of {listed}, and run what a game puts there."
        findings = warning("folders", sentence, advice)
    missing = await asyncio.to_thread(missing_mount_options, settings.MC_ADMIN.server_path)
    if missing:
        advice = f"Better mount it with {','.join(missing)}: then no file of a game runs as root or opens a device."
        sentence = f"The servers' disk is mounted without {' and '.join(missing)}."
        findings.append(Finding("mount", Verdict.OK, sentence, advice))
    return findings or ok("folders", "Only their owner can enter the servers' folders.")


def _privileged(directories: list[Path]) -> list[Finding]:
    findings: list[Finding] = []
    left = MAX_ENTRIES
    for directory in directories:
        try:
            with open_data(directory / DATA) as root:
                names, looked = privileged(root, at_most=SHOWN, max_entries=left)
        except AppError:  # no data, or none of its own: other checks say so
            continue
        left -= looked
        if names:
            findings += _warn_of(directory, names)
        if left <= 0:
            sentence = f"Only the first {MAX_ENTRIES:,} files were looked at, up to {directory.name}."
            findings.append(Finding("privileges", Verdict.OK, sentence))
            break
    return findings


def _warn_of(directory: Path, names: list[str]) -> list[Finding]:
    listed = ", ".join(printable(name) for name in names) + (" …" if len(names) == SHOWN else "")
    data = shlex.quote(str(directory / DATA))
    return warning(
        "privileges",
        f"{directory.name} has set-user-id files or devices in its data/: {listed}. No game needs them.",
        f"Run: find {data} -xdev -type f -perm /6000 -exec chmod ug-s {{}} + -o '(' -type b -o -type c ')' -delete",
    )


def _list_open(directories: list[Path]) -> list[Path]:
    if not is_within_reach(settings.MC_ADMIN.server_path):
        return []
    return [one for one in directories if _is_open(one)]


def _is_open(directory: Path) -> bool:
    try:
        with open_server(directory) as root:
            return is_open_to_others(root)
    except AppError:  # gone, or a link: other checks say so
        return False


async def _directories() -> list[Path]:
    from servers import wiring  # noqa: PLC0415 - needs usable settings

    return [one.directory for one in await wiring.manager().get_all_instances()]
