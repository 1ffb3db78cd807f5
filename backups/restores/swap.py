"""Swap restored trees in, and swap them back where somebody started a game on the present ones meanwhile.

Nobody but the engine can keep a container from being started, by ``docker start`` or Compose, between our last question
and the swap; and a start is no single moment: the mounts are made first, and a renamed folder stays mounted. So the
engine is asked again after the swap, which waits for a start under way, and the kernel tells which tree a container
sees. One that sees what was swapped out gets it back before the old tree is put away: it never runs on another one
than lies under the server's name.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from backups.restores import staging
from backups.restores.plan import Plan
from core.errors import AppError, Conflict
from servers.docker.container import Container
from servers.docker.seen_places import began_at_s, has_open, lies_around, mounted_places

Writers = Callable[[], Awaitable[list[Container]]]


class ServerStillRuns(Conflict):
    """Files under a running game must not be exchanged."""

    code = "server_running"


async def swap(server_path: Path, plan: Plan, *, targets: Iterable[Path], writers: Writers) -> list[str]:
    """Put the staged trees in place, and return warnings; shield it from cancellation.

    Args:
        server_path: where the plan is.
        plan: whole, see ``staging.complete``.
        targets: what is swapped, absolute; empty where nothing was there before, so that nobody can see it.
        writers: asks the engine who writes there now.

    Raises:
        ServerStillRuns: a game was started meanwhile, and what it has lies, or lies again, in its place.
        EngineUnreachable: nobody knows; nothing was changed.
    """
    swapped_out = list(targets)
    if found := await writers():
        raise _started_meanwhile(one.name for one in found)
    await asyncio.to_thread(staging.swap, server_path, plan)
    swapped_at_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    if not swapped_out:
        return []
    try:
        found = await writers()
    except AppError as error:
        return [f"Whether a game was started while the files were exchanged is not known: {error} Restart it if so."]
    sees = {one.name: await asyncio.to_thread(_sees_old, one, plan, swapped_out, swapped_at_s) for one in found}
    if below := [name for name, is_old in sees.items() if is_old]:
        await asyncio.to_thread(staging.swap_back, server_path, plan)
        raise _started_meanwhile(below)
    return [
        f"{name} was started while the files were exchanged, and MC Admin cannot see which of them it has: restart it."
        for name, is_old in sees.items()
        if is_old is None
    ]


def _started_meanwhile(names: Iterable[str]) -> ServerStillRuns:
    return ServerStillRuns(
        f"{' and '.join(names)} was started while the restore was about to exchange its files, so nothing was changed. "
        "Stop it first (operation `stop` or `down`), then restore."
    )


def _sees_old(container: Container, plan: Plan, swapped_out: list[Path], swapped_at_s: float) -> bool | None:
    """Tell whether a container has, or may have opened, what was swapped out; None where it cannot be seen."""
    if container.is_restarting:  # the next run is mounted anew
        return False
    places = mounted_places(container)
    if places is None:
        return None
    if any(plan.operation in str(one.root) for one in places):
        return True
    # What is swapped inside of a mounted folder is seen by its name: so it counts who was there first.
    sources = [mount.source for mount in container.mounts if mount.source]
    is_inside = any(lies_around(source, target) for source in sources for target in swapped_out)
    began_s = began_at_s(container)
    if not is_inside or began_s is None or began_s > swapped_at_s:
        return False
    return not has_open(container, swapped_out)  # one that began before may have opened its files since
