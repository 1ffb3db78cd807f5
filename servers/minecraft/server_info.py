"""What a server's compose file tells about it, whole or broken."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import AppError, NotFound
from servers.docker.compose_file.document import project_name
from servers.docker.container import Mount
from servers.docker.folders import ServerFolderIsALink
from servers.minecraft.compose.rendering import Rendering
from servers.minecraft.compose.rules import MCComposeFile
from servers.minecraft.data_root import USUAL_MOUNT, DataRoot, data_target, mount_of_file

UNKNOWN = "unknown"
DEFAULT_GAME_PORT = 25565
DEFAULT_RCON_PORT = 25575


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """One server; every field but java_version, service and problem always has a value.

    Attributes:
        max_memory_bytes: 0 when unknown.
        java_version: None when the image's tag does not tell it.
        service: name of the Minecraft service; None when the file has none that we know.
        problem: what is wrong with the file, or None.
        is_link: the folder is a link, which nothing follows.
        published_ports: address (empty: all), number on this machine, protocol.
        hints: conventions that the file does not keep, and that nothing depends on.
        games: names of all services that run an allowed image, in the file's order.
        data_mount: what the game would see at /data; None: nothing of this machine.
        data_mounts: the same of each game, by its service.
    """

    id: str
    server_type: str = UNKNOWN
    game_version: str = UNKNOWN
    game_port: int = DEFAULT_GAME_PORT
    rcon_port: int = DEFAULT_RCON_PORT
    max_memory_bytes: int = 0
    java_version: int | None = None
    service: str | None = None
    problem: str | None = None
    published_ports: tuple[tuple[str, int, str], ...] = ()
    games: tuple[str, ...] = ()
    is_link: bool = False
    hints: tuple[str, ...] = ()
    data_mount: Mount | None = USUAL_MOUNT
    data_mounts: Mapping[str, Mount | None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.id

    def mount_of(self, service: str) -> Mount | None:
        """Return what a game would see at /data; ``service`` as in ``MCInstance.game``."""
        return self.data_mounts.get(service, self.data_mount)


def data_problems(info: ServerInfo, root_of: Callable[[str], DataRoot]) -> list[str]:
    """Say of each game of a server whose files nobody but the game will have where they are. Blocking as ``root_of``.

    Args:
        info: the server.
        root_of: finds where a game has its files, by its service; "" for the main game.
    """
    if info.is_link or info.service is None:  # that alone is the problem
        return []
    others = [one for one in info.games if one != info.service]
    found = {service: root_of(service).problem for service in ("", *others)}
    return [f"The game `{name}`: {one}" if name else one for name, one in found.items() if one is not None]


def describe(
    server_id: str, read: Callable[[], str], allowed_images: Sequence[str], rendering: Rendering | None = None
) -> ServerInfo:
    """Describe a server from the text that ``read`` returns; a broken file becomes a ``problem``.

    Args:
        rendering: of that text; without one the values are the text's own, as far as no variable hides them.

    Raises:
        NotFound: there is no such server.
    """
    rendering = rendering or Rendering()
    try:
        compose = MCComposeFile.read(
            read(), server_id=server_id, allowed_images=allowed_images, rendered=rendering.project
        )
    except NotFound:
        raise
    except ServerFolderIsALink as error:
        return ServerInfo(server_id, problem=str(error), is_link=True)
    except AppError as error:
        return ServerInfo(server_id, problem=str(error))
    return ServerInfo(
        id=server_id,
        server_type=compose.server_type,
        game_version=compose.game_version,
        game_port=compose.game_port,
        rcon_port=compose.rcon_port,
        max_memory_bytes=compose.max_memory_bytes,
        java_version=compose.java_version,
        service=compose.service_name,
        problem=" ".join(filter(None, (rendering.problem, *compose.problems))) or None,
        published_ports=tuple(compose.published_ports),
        games=compose.games,
        data_mount=_data_mount(compose, compose.service_name, server_id),
        data_mounts={name: _data_mount(compose, name, server_id) for name in compose.games},
        hints=compose.hints,
    )


def _data_mount(compose: MCComposeFile, service: str | None, server_id: str) -> Mount | None:
    """Return what a game of a compose file would see at ``/data``; of a file without a game, the usual."""
    if service is None:
        return USUAL_MOUNT
    declared = (compose.file.model_extra or {}).get("volumes")
    declared = declared if isinstance(declared, dict) else {}
    game = compose.file.services[service]
    target = data_target(game.image or "")
    return mount_of_file(game.volumes, declared, project=project_name(server_id), target=target)
