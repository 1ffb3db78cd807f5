"""Run one operation on a server under its lease: for the API, commands, admin site and schedules alike."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum

from mcadmin.core import tasks
from mcadmin.core.errors import AppError, Conflict, Unavailable
from servers import progress, records, wiring
from servers.minecraft.instance import MCInstance
from servers.models import Operation, OperationState

logger = logging.getLogger(__name__)

RENEW_S = 10.0


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


OnLine = Callable[[str], None]
Work = Callable[[OnLine], Awaitable[None]]


async def run(server_id: str, action: Action, *, started_by: str, origin: str) -> Operation:
    """Carry out ``action`` to its end, even if the caller leaves, and return its record.

    Raises:
        Busy: another operation is under way on this server.
        AppError: why it failed; the record says so, too.
    """
    operation, work = await begin(server_id, action, started_by=started_by, origin=origin)
    error = await tasks.finish(_carry_out(operation, work))
    if error is not None:
        raise error
    return operation


async def start(server_id: str, action: Action, *, started_by: str, origin: str) -> Operation:
    """Begin ``action`` and return its record at once, while it runs on."""
    operation, work = await begin(server_id, action, started_by=started_by, origin=origin)
    tasks.start(_carry_out(operation, work))
    return operation


async def begin(
    server_id: str, action: Action, *, started_by: str, origin: str
) -> tuple[Operation, Work]:
    """Check what can be checked without the engine, and take the lease."""
    instance = wiring.manager().get_instance(server_id)
    await instance.get_compose_file()  # raises ServerNotFound
    other = await asyncio.to_thread(wiring.live().catalog.clash, server_id)
    if other is not None:
        raise ProjectClash(
            f"{server_id!r} and {other!r} have the same Compose project name, so one would act on the other. "
            "Rename the directory of one of the two."
        )
    operation = await records.in_database(
        records.begin, server_id, action.value, started_by=started_by, origin=origin
    )

    async def work(on_line: OnLine) -> None:
        await _act(instance, action, on_line, operation)

    return operation, work


async def _act(
    instance: MCInstance, action: Action, on_line: OnLine, operation: Operation
) -> None:
    if action is Action.REMOVE:
        removed_as = f"{instance.name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{operation.id.hex[:4]}"
        await instance.remove(removed_as=removed_as)
        operation.result = {"removed_as": removed_as}
        return
    work = {
        Action.UP: instance.up,
        Action.DOWN: instance.down,
        Action.START: instance.start,
        Action.STOP: instance.stop,
        Action.RESTART: instance.restart,
        Action.KILL: instance.kill,
        Action.PULL: instance.pull,
    }
    await work[action](on_line=on_line)


async def _carry_out(operation: Operation, work: Work) -> AppError | None:
    """Do the work while the lease is renewed; record its end. Never raises but for a bug."""
    output = progress.Output(operation.id)
    renewing = asyncio.create_task(_renew(operation, output), name=f"lease of {operation.server_id}")
    error: AppError | None = None
    try:
        await work(output.add)
        operation.state = OperationState.SUCCEEDED
    except AppError as failure:
        error = failure
        operation.state, operation.error = OperationState.FAILED, str(failure)
    except BaseException:  # a bug, or the process is ending: say so in the record, then let it go on
        operation.state = OperationState.INTERRUPTED
        operation.error = "MC Admin ended or failed while this was under way; its log says more."
        raise
    finally:
        await tasks.cancel([renewing])
        operation.output = output.text()
        await asyncio.shield(_end(operation, output))
    return error


async def _end(operation: Operation, output: progress.Output) -> None:
    with suppress(Unavailable):  # the engine is gone: the status says so by itself
        await wiring.live().engine.refresh()
    await records.in_database(records.finish, operation)
    output.close()


async def _renew(operation: Operation, output: progress.Output) -> None:
    while True:
        await asyncio.sleep(RENEW_S)
        await records.in_database(records.renew, operation.id, output.text())


def message(operation: Operation) -> str:
    """Say in a sentence what became of the operation."""
    match operation.state:
        case OperationState.SUCCEEDED:
            return f"{operation.server_id} is {_DONE[Action(operation.kind)]}."
        case OperationState.RUNNING:
            return f"{operation.kind} of {operation.server_id} has begun."
    return operation.error
