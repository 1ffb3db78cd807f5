"""What may be asked of a server, each as a job for ``operations``."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from mcadmin.core.errors import Conflict
from servers import operations, wiring
from servers.minecraft.instance import MCInstance
from servers.models import Operation, OperationState
from servers.operations import Job
from servers.progress import Progress


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


class ProjectClash(Conflict):
    """Two server directories have the same Compose project name."""

    code = "project_clash"


async def job(server_id: str, action: Action, *, started_by: str, origin: str) -> Job:
    """Check what can be checked without the engine and return the job to run.

    Raises:
        ServerNotFound, ProjectClash.
    """
    instance = wiring.manager().get_instance(server_id)
    await instance.get_compose_file()  # raises ServerNotFound
    await check_project(server_id)

    async def work(progress: Progress) -> dict[str, Any] | None:
        return await _act(instance, action, progress)

    return Job(
        kind=action.value, server_id=server_id, work=work, started_by=started_by, origin=origin,
        can_cancel=action is Action.PULL,
    )  # fmt: skip


async def run(server_id: str, action: Action, *, started_by: str, origin: str) -> Operation:
    """Carry out ``action`` to its end; raises as ``job`` and ``operations.run`` do."""
    return await operations.run(await job(server_id, action, started_by=started_by, origin=origin))


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
    return operations.message(operation)


async def _act(instance: MCInstance, action: Action, progress: Progress) -> dict[str, Any] | None:
    if action is Action.REMOVE:
        removed_as = f"{instance.name}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
        await instance.remove(removed_as=removed_as)
        return {"removed_as": removed_as}
    work = {
        Action.UP: instance.up,
        Action.DOWN: instance.down,
        Action.START: instance.start,
        Action.STOP: instance.stop,
        Action.RESTART: instance.restart,
        Action.KILL: instance.kill,
        Action.PULL: instance.pull,
    }
    await work[action](on_line=progress.line)
    return None
