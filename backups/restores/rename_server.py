"""Make a restored server another one: its compose file gets the new id and ports that are free. Blocking."""

import re
from collections.abc import Iterable
from pathlib import Path

from core.errors import InvalidRequest
from core.paths import Root
from servers import wiring
from servers.docker.compose import find_files
from servers.minecraft.compose.host_ports import is_free
from servers.minecraft.compose.rules import SERVICE, MCComposeFile
from servers.records import panel_ports

_MAX_BYTES = 256 * 1024
_PORTS_TRIED = 1000
# "25565:…", "127.0.0.1:25565:…", `published: 25565`, `published: "25565"`
_PUBLISHED = r"(?<![\d.]){0}(?=:\d)|(?<=published: ){0}\b|(?<=published: ['\"]){0}\b"


class CannotRename(InvalidRequest):
    """The compose file cannot be made that of another server by itself."""

    code = "cannot_rename"


def rename_server(server_path: Path, staged: str, *, new_id: str, allowed_images: Iterable[str]) -> list[str]:
    """Rewrite the compose file in ``staged`` (relative to ``server_path``) and tell what was changed.

    Only the container's name and published ports that are taken are changed; comments and order stay.

    Raises:
        CannotRename: no compose file, or one whose names and ports come from variables.
    """
    with Root(server_path) as root, root.subdirectory(staged, follow=False) as held:
        names = find_files(held)
        if not names:
            raise CannotRename("The snapshot holds no compose file of this server, so it cannot become another one.")
        told = []
        for name in names:
            text = held.read_bytes(name, max_bytes=_MAX_BYTES).decode(errors="replace")
            changed, what = _rewritten(text, new_id, list(allowed_images))
            held.write_bytes(name, changed.encode())
            told += what
        return told


def _rewritten(text: str, new_id: str, images: list[str]) -> tuple[str, list[str]]:
    compose = MCComposeFile.read(text, server_id=new_id, allowed_images=images)
    told = []
    old_name = compose.service.container_name
    if old_name:
        own = rf"(?m)^(\s*container_name:\s*)(['\"]?){re.escape(old_name)}\2(\s*(?:#.*)?)$"
        text = re.sub(own, rf"\g<1>mc-{new_id}\g<3>", text)
        told.append(f"container_name is mc-{new_id}.")
    taken = _taken()
    for _, port, protocol in compose.published_ports:
        if port in taken or not is_free(port, protocol=protocol):
            free = _next_free(port, taken)
            text = re.sub(_PUBLISHED.format(port), str(free), text)
            told.append(f"Port {port} is taken, so {free} is published.")
            taken.add(free)
    _check(MCComposeFile.read(text, server_id=new_id, allowed_images=images), new_id, _taken())
    return text, told


def _check(compose: MCComposeFile, new_id: str, taken: set[int]) -> None:
    name = compose.file.services[SERVICE].container_name if SERVICE in compose.file.services else None
    left = [port for _, port, _ in compose.published_ports if port in taken]
    if name not in {None, f"mc-{new_id}"} or left:
        raise CannotRename(
            "The compose file in the snapshot takes its container's name or ports from variables. Create the new "
            "server with a compose file of its own, then restore the paths of its data."
        )


def _taken() -> set[int]:
    """Return the ports that the servers' own files publish."""
    infos = [info for info in wiring.live().catalog.all() if not info.problem]
    return {port for info in infos for port in (info.game_port, info.rcon_port)} | panel_ports.current()


def _next_free(first: int, taken: set[int]) -> int:
    for port in range(first + 1, first + _PORTS_TRIED):
        if port not in taken and is_free(port):
            return port
    raise CannotRename(f"No port from {first} on is free for the new server.")
