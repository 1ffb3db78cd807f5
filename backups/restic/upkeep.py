"""Keep a repository small and sound: forget, prune, check."""

import re
from collections.abc import Callable, Sequence

from backups.restic.command import ResticCommand
from backups.restic.failures import RepositoryKeepsAll, ResticFailed
from backups.restic.snapshot import parse_snapshots
from core.errors import CommandFailed

_AT_ONCE = 200  # ids of 64 digits on one command line
_PERCENT = re.compile(r"\]\s+(\d+(?:\.\d+)?)%")
_DAMAGE = re.compile(r"(?i)^(error|pack |.*damaged|.*contains errors|.*does not match|.*unexpected file size)")
MAX_FINDINGS = 50

OnLine = Callable[[str], None]


class RepositoryDamaged(CommandFailed):
    """``restic check`` found something wrong; ``result`` holds what it said."""

    code = "repository_damaged"

    def __init__(self, message: str, findings: Sequence[str]) -> None:
        super().__init__(message)
        self.result = {"findings": list(findings)}


async def forget(restic: ResticCommand, ids: Sequence[str]) -> None:
    """Remove the snapshots of these full ids; one that is gone already is passed over.

    Raises:
        RepositoryKeepsAll: some are still there. restic 0.17 and 0.18 call that a success.
    """
    await restic.require_writable()
    for start in range(0, len(ids), _AT_ONCE):
        await restic.write("forget", "--", *ids[start : start + _AT_ONCE])
    if not ids:
        return
    wanted = set(ids)
    left = [one for one in parse_snapshots(await restic.read("snapshots", "--json")) if one.id in wanted]
    if left:
        raise RepositoryKeepsAll(
            f"{len(left)} of {len(wanted)} snapshots that should have gone are still there, such as "
            f"{left[0].short_id}: the backup repository lets nothing be deleted (append-only, or files that nobody may "
            "change?)."
        )


async def prune(restic: ResticCommand, *, on_line: OnLine) -> None:
    """Delete the data that no snapshot uses."""
    await restic.require_writable()
    await restic.write("prune", on_line=on_line)


async def check(restic: ResticCommand, *, read_data_percent: float, on_line: OnLine) -> None:
    """Check the repository's structure, and read this share of its data back.

    Raises:
        RepositoryDamaged: something is wrong with it.
    """
    await restic.require_writable()
    subset = [] if not read_data_percent else [f"--read-data-subset={read_data_percent:g}%"]
    findings: list[str] = []

    def listen(line: str) -> None:
        if _DAMAGE.match(line) and len(findings) < MAX_FINDINGS:
            findings.append(line.strip()[:300])
        on_line(line)

    try:
        await restic.write("check", *subset, on_line=listen)
    except ResticFailed:
        if not any("contains errors" in line for line in findings):
            raise
        raise RepositoryDamaged(
            "The backup repository is damaged. Make a copy of it, then follow restic's guide: "
            "https://restic.readthedocs.io/en/stable/077_troubleshooting.html",
            findings,
        ) from None


def percent_of(line: str) -> float | None:
    """Read the share done from a line of restic's text output; None when it has none."""
    found = _PERCENT.search(line)
    return float(found[1]) if found else None
