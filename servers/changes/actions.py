"""What may be asked of a server, each as a job for ``operations``."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from core.errors import Conflict
from servers import wiring
from servers.changes import compose_safety
from servers.changes.compose_safety import Acceptance
from servers.changes.port_conflicts import ports_of_others
from servers.docker.folders import ServerFolderIsALink
from servers.minecraft.instance import MCInstance
from servers.models import Operation, OperationState
from servers.operations import runner
from servers.operations.progress import Progress
from servers.operations.runner import Job
from servers.records import incarnations, operation_rows
from servers.signals import server_removed


class Action(StrEnum):
    """What may be asked of a server."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    UP = "up"
    DOWN = "down"
    REMOVE = "remove"
    KILL = "kill"
    PULL = "pull"


_DONE = {
    Action.START: "started",
    Action.STOP: "stopped",
    Action.RESTART: "restarted",
    Action.UP: "up",
    Action.DOWN: "down",
    Action.REMOVE: "removed",
    Action.KILL: "killed",
    Action.PULL: "up to date: its image was pulled",
}


# What lets a compose file run, or fetches what it names.
CHECKED = frozenset({Action.UP, Action.START, Action.RESTART, Action.PULL})


# What is possible even where the server's folder is a link that nothing follows.
ENDING = frozenset({Action.STOP, Action.DOWN, Action.KILL})


class ProjectClash(Conflict):
    """Two server directories have the same Compose project name."""

    code = "project_clash"


async def action_job(server_id: str, action: Action, *, acceptance: Acceptance, origin: str) -> Job:
    """Check what can be checked without the engine and return the job to run.

    Args:
        server_id: which server.
        action: what to do.
        acceptance: who asks, and which findings of the safety policy they accept with it.
        origin: as in ``Job``.

    Raises:
        ServerNotFound, ProjectClash.
    """
    instance = wiring.manager().get_instance(server_id)
    try:
        await instance.get_compose_file()  # raises ServerNotFound
    except ServerFolderIsALink:
        if action not in ENDING:
            raise
    await check_project(server_id)

    async def work(progress: Progress) -> dict[str, Any] | None:
        if action in CHECKED:
            await compose_safety.require_safe(server_id, acceptance=acceptance)
        if action is Action.UP:
            await _check_ports(instance, progress)
        return await _act(instance, action, progress, by=acceptance.username)

    return Job(
        kind=action.value, server_id=server_id, work=work, started_by=acceptance.username, origin=origin,
        can_cancel=action is Action.PULL,
    )


async def run(server_id: str, action: Action, *, acceptance: Acceptance, origin: str) -> Operation:
    """Carry out ``action`` to its end; raises as ``job`` and ``operations.run`` do."""
    return await runner.run(await action_job(server_id, action, acceptance=acceptance, origin=origin))


async def check_project(server_id: str) -> None:
    """Raise ProjectClash when another server's directory has the same Compose project name."""
    other = await asyncio.to_thread(wiring.live().catalog.clash, server_id)
    if other is not None:
        raise ProjectClash(
            f"{server_id!r} and {other!r} have the same Compose project name, so one would act on the other. "
            "Rename the directory of one of the two."
        )


def message(operation: Operation) -> str:
    """Say in a sentence what became of the action."""
    if operation.state == OperationState.SUCCEEDED:
        return f"{operation.server_id} is {_DONE[Action(operation.kind)]}."
    return runner.message(operation)


async def _act(
    instance: MCInstance, action: Action, progress: Progress, *, by: str
) -> dict[str, Any] | None:
    if action is Action.REMOVE:
        return await _remove(instance, progress, by=by)
    work = {
        Action.UP: instance.up,
        Action.DOWN: instance.down,
        Action.START: instance.start,
        Action.STOP: instance.stop,
        Action.RESTART: instance.restart,
        Action.KILL: instance.kill,
        Action.PULL: instance.pull,
    }
    for warning in await work[action](on_line=progress.line) or ():
        progress.warn(warning)
    return None


async def _remove(instance: MCInstance, progress: Progress, *, by: str) -> dict[str, Any]:
    removed_as = f"{instance.name}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    await instance.remove(removed_as=removed_as)
    await operation_rows.in_database(incarnations.note_removed, instance.name, removed_as=removed_as, by=by)
    for _, sentence in await operation_rows.in_database(server_removed.send, sender=None, server_id=instance.name):
        if sentence:
            progress.warn(sentence)
    return {"removed_as": removed_as}


async def _check_ports(instance: MCInstance, progress: Progress) -> None:
    """Warn of ports that another server's file publishes, too: only one of the two can run."""
    mine = (await instance.get_server_info()).published_ports
    others = await asyncio.to_thread(ports_of_others, instance.name)
    for _, port, protocol in mine:
        if (other := others.get((port, protocol))) is not None:
            progress.warn(f"Port {port} is published by the server {other!r}, too: only one of the two can run.")
