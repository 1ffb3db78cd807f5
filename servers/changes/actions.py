"""What may be asked of a server, each as a job for ``operations``."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from core.errors import Conflict, naming
from servers import wiring
from servers.changes import compose_safety
from servers.changes.compose_safety import Acceptance
from servers.changes.port_conflicts import ports_of_others
from servers.docker.folders import ServerFolderIsALink
from servers.minecraft.instance import MCInstance
from servers.models import Operation, OperationState
from servers.operations import kinds, runner
from servers.operations.kinds import OperationKind
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


_BACKUP = frozenset({"backup"})
# A new action is a row here, a method of MCInstance, and a button of the admin site.
_KINDS = {
    Action(kind.name): kinds.register(kind)
    for kind in (
        OperationKind(name="start", done="started", starts_game=True, needs_safe_file=True),
        OperationKind(name="stop", done="stopped", overtakes=_BACKUP, needs_no_file=True),
        OperationKind(name="restart", done="restarted", starts_game=True, needs_safe_file=True),
        OperationKind(name="up", done="up", starts_game=True, needs_safe_file=True),
        OperationKind(name="down", done="down", overtakes=_BACKUP, needs_no_file=True),
        OperationKind(name="remove", done="removed"),
        OperationKind(name="kill", done="killed", overtakes=_BACKUP | {"stop", "down", "restart"}, needs_no_file=True),
        OperationKind(name="pull", done="up to date: its image was pulled", can_cancel=True, needs_safe_file=True),
    )
}
NAMES_OF_STARTS = sorted(kind.name for kind in _KINDS.values() if kind.starts_game)


class ProjectClash(Conflict):
    """Two server directories have the same Compose project name."""

    code = "project_clash"


async def action_job(server_id: str, action: Action, *, acceptance: Acceptance) -> Job:
    """Check what can be checked without the engine and return the job to run.

    Args:
        server_id: which server.
        action: what to do.
        acceptance: who asks, and which findings of the safety policy they accept with it.

    Raises:
        ServerNotFound, ProjectClash.
    """
    kind, instance = _KINDS[action], wiring.manager().get_instance(server_id)
    try:
        await instance.get_compose_file()  # raises ServerNotFound
    except ServerFolderIsALink:
        if not kind.needs_no_file:
            raise
    await check_project(server_id)

    async def work(progress: Progress) -> dict[str, Any] | None:
        if kind.needs_safe_file:
            await compose_safety.require_safe(server_id, acceptance=acceptance)
        if action is Action.UP:
            await _check_ports(instance, progress)
        return await _act(instance, action, progress, by=acceptance.by.username)

    return Job(
        kind=kind, server_id=server_id, work=work, by=acceptance.by
    )


async def run(server_id: str, action: Action, *, acceptance: Acceptance) -> Operation:
    """Carry out ``action`` to its end; raises as ``job`` and ``operations.run`` do."""
    return await runner.run(await action_job(server_id, action, acceptance=acceptance))


async def check_project(server_id: str) -> None:
    """Raise ProjectClash when another server's directory has the same Compose project name."""
    other = await asyncio.to_thread(wiring.live().catalog.clash, server_id)
    if other is not None:
        clash = "have the same Compose project name, so one would act on the other. Rename a directory."
        raise naming(
            ProjectClash(f"{server_id!r} and {other!r} {clash}"), other,
            otherwise=f"{server_id!r} and another server {clash}",
        )


def message(operation: Operation) -> str:
    """Say in a sentence what became of the action."""
    if operation.state == OperationState.SUCCEEDED:
        return f"{operation.server_id} is {_KINDS[Action(operation.kind)].done}."
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
        if (port, protocol) in others:  # which one is not for everybody who may read this; `doctor` names it
            progress.warn(f"Port {port} is published by another server's file, too: only one of the two can run.")
