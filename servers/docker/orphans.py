"""Compose commands that outlived the panel: killed, it cannot end them, and they must not meet the next one."""

import asyncio
from pathlib import Path

import psutil

from core.locks import Busy

PATIENCE_S = 180.0  # as long as a game may take to end
LOOK_S = 0.2
_OURS = frozenset({"--project-directory", "--project-name", "--ansi"})  # as ComposeManager says on each call
_CHANGING = frozenset({"up", "down", "start", "stop", "restart", "kill", "pull"})


async def wait_for_orphans(directory: Path, *, patience_s: float = PATIENCE_S) -> None:
    """Wait until no Compose command of an earlier process works on ``directory``.

    Raises:
        Busy: one still does after ``patience_s``.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + patience_s
    while (pid := await asyncio.to_thread(find_orphan, directory)) is not None:
        if loop.time() > end:
            raise Busy(
                f"Docker Compose (process {pid}) still works on {directory.name} for an operation whose panel ended. "
                "Wait for it, or end it."
            )
        await asyncio.sleep(LOOK_S)


def find_orphan(directory: Path) -> int | None:
    """Return the process of a Compose command that changes the project in ``directory``, or None.

    Whoever holds the server's lease calls this before its own command, so that any there is belongs to nobody.
    """
    wanted = str(directory)
    for one in psutil.process_iter(["cmdline"]):
        argv = one.info["cmdline"] or []
        if wanted in argv and _OURS.issubset(argv) and not _CHANGING.isdisjoint(argv):
            return int(one.pid)
    return None
