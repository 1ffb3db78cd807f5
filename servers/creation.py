"""Create a server: from a compose text of our template's keys, or from parameters."""

import asyncio
from typing import Any

from mcadmin.core.errors import InvalidRequest
from servers import wiring
from servers.docker.cli import PortTaken
from servers.docker.compose_yaml import BadComposeFile, parse_yaml
from servers.minecraft.compose_rules import MCComposeFile
from servers.minecraft.host_ports import is_free
from servers.minecraft.instance import ServerExists
from servers.minecraft.server_info import DEFAULT_GAME_PORT, DEFAULT_RCON_PORT
from servers.minecraft.template import ServerParameters, render
from servers.minecraft.template_policy import check_template_keys

_PORTS_TRIED = 1000


async def create(*, id: str, yaml_content: str | None = None, **parameters: Any) -> str:
    """Make the server's directory and compose file, without starting it, and return its id.

    Raises:
        BadComposeFile: with every broken rule.
        InvalidRequest: both a text and parameters, or a parameter is wrong.
        ServerExists: the id, or its Compose project name, is taken.
        PortTaken: a port belongs to another server or program.
    """
    if yaml_content is not None and parameters:
        raise InvalidRequest("Send either yaml_content or parameters, not both.")
    await asyncio.to_thread(_check_id, id)
    if yaml_content is None:
        yaml_content = await asyncio.to_thread(_render, id, parameters)
    findings = check_template_keys(parse_yaml(yaml_content))
    if findings:
        raise BadComposeFile(findings)
    compose = MCComposeFile.from_yaml(yaml_content, server_id=id, allowed_images=_images())
    await asyncio.to_thread(_check_ports, compose)
    await wiring.manager().get_instance(id).create(yaml_content)
    return id


def _check_id(server_id: str) -> None:
    clash = wiring.live().catalog.clash(server_id)
    if clash is not None:
        raise ServerExists(f"The server {clash!r} has the same Compose project name. Choose another id.")
    if wiring.live().catalog.exists(server_id):
        raise ServerExists(f"A server named {server_id!r} exists already. Choose another id.")


def _render(server_id: str, parameters: dict[str, Any]) -> str:
    parameters.setdefault("game_port", _next_free(DEFAULT_GAME_PORT))
    parameters.setdefault("rcon_port", _next_free(DEFAULT_RCON_PORT, avoid=parameters["game_port"]))
    image = next(one for one in _images() if "*" not in one)
    return render(ServerParameters(id=server_id, **parameters), image=image)


def _next_free(first: int, *, avoid: int = 0) -> int:
    taken = set(_ports_of_others()) | {avoid}
    candidates = range(first, first + _PORTS_TRIED)
    found = next((port for port in candidates if port not in taken and is_free(port)), None)
    if found is None:
        raise PortTaken(f"No port from {first} on is free.")
    return found


def _check_ports(compose: MCComposeFile) -> None:
    others = _ports_of_others()
    for host, port, protocol in compose.published_ports:
        if port in others:
            raise PortTaken(f"Port {port} belongs to the server {others[port]!r}. Publish another one.")
        if not is_free(port, host=host, protocol=protocol):
            raise PortTaken(f"Port {port} is taken by another program. Publish another one.")


def _ports_of_others() -> dict[int, str]:
    """Return the ports that the servers' own files publish, by number."""
    return {
        port: info.id
        for info in wiring.live().catalog.all()
        if not info.problem
        for port in (info.game_port, info.rcon_port)
    }


def _images() -> list[str]:
    from django.conf import settings  # noqa: PLC0415

    return list(settings.MC_ADMIN.allowed_images)
