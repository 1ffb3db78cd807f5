"""Create a server: from a compose text, or from parameters for our template."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypedDict

from django.conf import settings

from core.errors import InvalidRequest, naming
from servers import wiring
from servers.changes import compose_safety, variable_warnings
from servers.changes.compose_safety import Acceptance
from servers.changes.port_conflicts import check_ports, next_free, port_leases
from servers.changes.project_names import require_free_project
from servers.docker.cli import PortTaken
from servers.minecraft.compose.rules import MCComposeFile
from servers.minecraft.compose.template import ServerParameters, ServerType, render
from servers.minecraft.compose.warnings import java_warnings
from servers.minecraft.instance import COMPOSE_NAME, ServerExists
from servers.minecraft.server_info import DEFAULT_GAME_PORT, DEFAULT_RCON_PORT
from servers.models import Operation
from servers.operations import kinds, runner
from servers.operations.caller import Caller
from servers.operations.kinds import OperationKind
from servers.operations.progress import Progress
from servers.operations.runner import Job
from servers.records import incarnations, leases, operation_rows, revisions

_TRIES = 20  # who lets us choose the ports gets the next ones when somebody is faster

_TAKEN = "This id is taken, or has the same Compose project name as one that is. Choose another id."
KIND = kinds.register(OperationKind(name="create"))


@dataclass(frozen=True, kw_only=True)
class ServerRequest:
    """What shall be created: a text, or parameters for the template."""

    id: str
    yaml_content: str | None
    parameters: dict[str, Any]
    acceptance: Acceptance


async def create(
    *, id: str, acceptance: Acceptance, yaml_content: str | None = None, **parameters: Any
) -> Operation:
    """Make the server's directory and compose file, without starting it.

    Raises:
        BadComposeFile: with every broken rule.
        UnsafeCompose: with the findings of the safety policy.
        InvalidRequest: both a text and parameters, or a parameter is wrong.
        ServerExists: the id, or its Compose project name, is taken.
        ProjectTaken: the engine has things of a project of that name, which is no server.
        EngineUnreachable: nobody knows whether it has.
        PortTaken: a port belongs to another server or program.
        Busy: it is being created just now, or a port of it taken.
    """
    new = request_of(id=id, acceptance=acceptance, yaml_content=yaml_content, **parameters)
    chooses_ports = yaml_content is None and not {"game_port", "rcon_port"} <= set(parameters)
    for _ in range(_TRIES - 1 if chooses_ports else 0):
        try:
            return await runner.run(await _job(new))
        except leases.Held as held:
            if held.operation.server_id == id:
                raise
        except PortTaken:
            continue
    return await runner.run(await _job(new))


def request_of(
    *, id: str, acceptance: Acceptance, yaml_content: str | None = None, **parameters: Any
) -> ServerRequest:
    """Return what shall be created; raises InvalidRequest for both a text and parameters."""
    if yaml_content is not None and parameters:
        raise InvalidRequest("Send either yaml_content or parameters, not both.")
    return ServerRequest(id=id, yaml_content=yaml_content, parameters=parameters, acceptance=acceptance)


async def text_of(new: ServerRequest) -> str:
    """Return the compose text that the server would have; raises InvalidRequest, PortTaken."""
    if new.yaml_content is not None:
        return new.yaml_content
    return await operation_rows.in_database(_render, new.id, new.parameters)  # it reads the ports that are promised


async def _job(new: ServerRequest) -> Job:
    """Check what can be checked before any lease is taken; the job checks again what others may have changed."""
    await check_id(new.id, new.acceptance.by)
    text = await text_of(new)
    compose = await asyncio.to_thread(
        MCComposeFile.from_yaml, text, server_id=new.id, allowed_images=settings.MC_ADMIN.allowed_images
    )
    accepted = await compose_safety.require_safe(
        new.id, acceptance=new.acceptance, texts={COMPOSE_NAME: text.encode()}, is_new=True
    )
    await asyncio.to_thread(check_ports, new.id, compose.published_ports)

    async def work(progress: Progress) -> dict[str, Any]:
        await check_id(new.id, new.acceptance.by)
        await asyncio.to_thread(check_ports, new.id, compose.published_ports)
        await wiring.manager().get_instance(new.id).create(text)
        await operation_rows.in_database(incarnations.begin, new.id)
        await compose_safety.remember(accepted)
        await operation_rows.in_database(
            revisions.add, new.id, text, username=new.acceptance.by.username, message="Created."
        )
        directory = wiring.manager().get_instance(new.id).directory
        unset = await asyncio.to_thread(variable_warnings.unset_in, directory)
        for warning in [*unset, *java_warnings(compose)]:
            progress.warn(warning)
        return {"server": new.id}

    return Job(
        kind=KIND, server_id=new.id, work=work, by=new.acceptance.by,
        leases=port_leases(compose.published_ports),
    )


class Defaults(TypedDict):
    """Free ports, the types of servers, and the version that a server of each type here has."""

    gamePort: int
    rconPort: int
    types: list[str]
    versions: dict[str, str]


def defaults(sees: Callable[[str], bool] = lambda _: True) -> Defaults:
    """Return what a form for a new server may begin with; versions of the servers that the caller sees. Blocking."""
    game_port = next_free(DEFAULT_GAME_PORT)
    versions: dict[str, str] = {}
    for info in wiring.live().catalog.all():
        if sees(info.id):
            versions.setdefault(info.server_type, info.game_version)
    return {
        "gamePort": game_port,
        "rconPort": next_free(DEFAULT_RCON_PORT, avoid=game_port),
        "types": [one.value for one in ServerType],
        "versions": {kind: version for kind, version in versions.items() if kind in set(ServerType)},
    }


async def check_id(server_id: str, by_whom: Caller) -> None:
    """Raise as ``create`` does when the id, or its Compose project name, is taken."""
    live = wiring.live()
    clash = await asyncio.to_thread(live.catalog.clash, server_id)
    if clash is not None:
        raise naming(
            ServerExists(f"The server {clash!r} has the same Compose project name. Choose another id."), clash,
            otherwise=_TAKEN,
        )
    if await asyncio.to_thread(live.catalog.exists, server_id):
        made = await operation_rows.in_database(operation_rows.last_created, server_id)
        by = f", created by {made.started_by} at {made.started_at:%Y-%m-%d %H:%M:%S} UTC" if made else ""
        raise naming(
            ServerExists(f"A server named {server_id!r} exists already{by}. Choose another id."), server_id,
            otherwise=_TAKEN,
        )
    await require_free_project(server_id, inherits=by_whom.has_everything)


def _render(server_id: str, parameters: dict[str, Any]) -> str:
    chosen = dict(parameters)
    chosen.setdefault("game_port", next_free(DEFAULT_GAME_PORT))
    chosen.setdefault("rcon_port", next_free(DEFAULT_RCON_PORT, avoid=chosen["game_port"]))
    image = next((one for one in settings.MC_ADMIN.allowed_images if "*" not in one), None)
    if image is None:
        raise InvalidRequest("allowed_images names no image without `*`, so send a compose text.")
    return render(ServerParameters(id=server_id, **chosen), image=image)
