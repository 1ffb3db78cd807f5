"""A Minecraft server: a directory, its compose project, and what can be done with and asked of it."""

import asyncio
from collections.abc import Iterable
from copy import copy
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.errors import AppError, CommandFailed, Conflict, TimedOut
from core.paths import FileMissing, disk_space, tree_size_bytes
from core.process import ProgramFailed
from servers.docker.cli import EngineUnreachable
from servers.docker.compose_file.document import project_name
from servers.docker.container import Container, Mount
from servers.docker.engine import DockerManager
from servers.docker.engine_volumes import KnownVolumes
from servers.docker.usage.counters import BlockIO, Unread
from servers.docker.usage.network import NetworkIO
from servers.minecraft import compose_update, figures, properties
from servers.minecraft.access import game_endpoints, rcon_addresses
from servers.minecraft.autopause import is_asleep
from servers.minecraft.compose.derivations import Edition, edition_of
from servers.minecraft.compose.rendering import Rendering
from servers.minecraft.data_root import DataRoot, locate, mount_of_container
from servers.minecraft.figures import DiskSpaceInfo
from servers.minecraft.game_names import GameName, game_name
from servers.minecraft.lifecycle import ALLOWED_IMAGES, COMPOSE_NAME, Lifecycle, OnLine, ServerExists, ServerNotFound
from servers.minecraft.players import PlayersUnknown, names_of_players, read_players
from servers.minecraft.rcon.client import (
    COMMAND_TIMEOUT_S,
    RconAddress,
    RconConnection,
    RconTimedOut,
    RconUnavailable,
    clean_answer,
    validate_command,
)
from servers.minecraft.rcon.protocol import RconBroken
from servers.minecraft.server_info import ServerInfo, data_problems, describe
from servers.minecraft.server_ping import ServerPing, ping
from servers.minecraft.status import ANSWERING, MCServerStatus, Status, choose_container, status_of

__all__ = ["ALLOWED_IMAGES", "COMPOSE_NAME", "MCInstance", "ServerExists", "ServerNotFound", "ServerNotRunning"]

MAX_PROPERTIES_BYTES = 1024 * 1024
NO_RCON_EDITION = "{} is of the Bedrock edition, which has no RCON: it takes no commands from outside."
NO_RCON_PROXY = "{} is a proxy, which takes commands only where a plugin brings RCON (ENABLE_RCON, RCON_PASSWORD)."
NO_RCON = "The game of {} does not take commands: is RCON on (ENABLE_RCON), and its password the right one?"


class ServerNotRunning(Conflict):
    """It needs a running server."""

    code = "server_not_running"


class RconCliFailed(CommandFailed):
    """``rcon-cli`` inside the container could not reach the game, or is not there. The command was not run."""

    code = "rcon_cli_failed"


class MCInstance(Lifecycle):
    """The server ``name`` in ``server_path``. Make one per call and throw it away.

    Every method may raise ServerNotFound, and EngineUnreachable where it asks the engine.
    """

    # What it is

    def game(self, service: str) -> "MCInstance":
        """Return this server with ``service`` as the game that is asked, held and found; "": the file's main one."""
        one = copy(self)
        one.service = service
        return one

    @property
    def game_name(self) -> GameName:
        """The game's name, see ``game_names``."""
        return game_name(self.name, self.service)

    async def list_games(self) -> list["MCInstance"]:
        """List the games of this server, the main one first; where it has no other, that is the server itself."""
        info = await self.get_server_info()
        if len(info.games) <= 1:
            return [self]
        return [self.game(name) for name in sorted(info.games, key=lambda name: name != info.service)]

    async def get_server_info(self) -> ServerInfo:
        """Describe the server from its compose file; a broken one is described with its ``problem``."""
        rendering = await self.render_if_possible()
        return await asyncio.to_thread(self._describe, rendering)

    def _describe(self, rendering: Rendering | None) -> ServerInfo:
        info, project = describe(self.name, self.read_compose, self._allowed_images, rendering), project_name(self.name)
        found = data_problems(info, lambda service: self._locate(info.mount_of(service), project, KnownVolumes()))
        return replace(info, problem=" ".join([info.problem or "", *found]).strip() or None)

    async def get_status(self) -> MCServerStatus:
        """Read the status afresh from disk and engine."""
        return (await self.get_status_details()).status

    async def get_status_details(self) -> Status:
        """Read the status afresh, with its reason."""
        try:
            container = await self.get_container()
        except ServerNotFound:
            return Status(MCServerStatus.REMOVED)
        return status_of(container)

    async def get_container(self) -> Container | None:
        """Ask the engine for the server's container."""
        info = await self.get_server_info()
        containers = await self.project.containers()
        return await asyncio.to_thread(
            choose_container, containers, directory=self.directory, service=self.service or info.service,
            server_id=self.name,
        )

    async def data_root(self) -> DataRoot:
        """Find out where the game's files lie: by its container's mounts, else by its compose file."""
        info = await self.get_server_info()
        try:
            container = await self.get_container()
        except AppError:  # the engine is away, or docker is not there: the file says the same as a rule
            container = None
        if container is None:
            return await self._data_root(info.mount_of(self.service), project=project_name(self.name))
        return await self._data_root(mount_of_container(container))

    async def is_asleep(self, container: Container) -> bool:
        """Tell whether the game in a container of this server sleeps, see ``autopause``."""
        root = await self._data_root(mount_of_container(container))
        return await asyncio.to_thread(is_asleep, container, root)

    async def written_folders(self, own: Iterable[Container]) -> list[Path]:
        """Return the server's directory, and the folder of the volume that its game's files are in.

        A container may still have what the file no longer names. Nothing is asked where neither has a volume.
        """
        try:
            info = await self.get_server_info()
        except ServerNotFound:
            return [self.directory]
        mounts = [info.mount_of(self.service), *map(mount_of_container, own)]
        if not any(mount is not None and mount.kind == "volume" for mount in mounts):
            return [self.directory]
        root = await self.data_root()
        return [self.directory, root.path] if root.volume else [self.directory]

    async def _data_root(self, mount: Mount | None, *, project: str | None = None) -> DataRoot:
        """Find the folder behind a mount; only a volume is asked about. ``project`` as in ``locate``."""
        names = [mount.name] if mount is not None and mount.name else []
        try:
            volumes = await DockerManager(self._cli).volumes(names)
        except AppError:
            volumes = KnownVolumes()
        return await asyncio.to_thread(self._locate, mount, project, volumes)

    def _locate(self, mount: Mount | None, project: str | None, volumes: KnownVolumes) -> DataRoot:
        """Find the folder behind a mount. Blocking."""
        return locate(mount, server_path=self.server_path, server_id=self.name, volumes=volumes, project=project)

    async def get_container_id(self) -> str:
        """Return the full id of the running container; raises ServerNotRunning."""
        return (await self._running()).id

    async def get_pid(self) -> int:
        """Return the host's id of the container's first process; raises ServerNotRunning."""
        return (await self._running()).pid

    # How its file changes

    async def update_compose_file(self, yaml_content: str, *, on_line: OnLine | None = None) -> list[str]:
        """Put a new compose file in place; a running server runs with it, or with the old one again.

        Raises:
            BadComposeFile: with every rule that it breaks; nothing was touched.
            RolledBack: the new one did not run; the old file is back, and the server runs with it.
            RollBackFailed: the old file is back, but does not run either.
        """
        return await compose_update.update(self, yaml_content, on_line=on_line)

    # What it uses

    async def get_memory_usage(self) -> int:
        """Return the container's working set in bytes."""
        return await figures.memory_usage(await self._running())

    async def get_cpu_percentage(self) -> float:
        """Measure the container's CPU use over one second; 100 is one core, so it may exceed 100."""
        return await figures.cpu_percentage(await self._running())

    async def get_disk_io(self) -> BlockIO | Unread:
        """Return what the container read from and wrote to block devices since its start."""
        return await figures.disk_io(await self._running())

    async def get_network_io(self) -> NetworkIO | Unread:
        """Return what the container received and sent since its start, loopback left out."""
        return await figures.network_io(await self._running())

    async def get_disk_space_info(self) -> DiskSpaceInfo:
        """Return the bytes in ``data/`` and of its file system; always available."""
        await self.get_compose_file()
        return await asyncio.to_thread(_disk_space, await self.data_root(), self.directory)

    # What it says

    async def rcon_addresses(
        self, *, container: Container | None = None, data_root: DataRoot | None = None
    ) -> list[RconAddress]:
        """Find where and with which passwords the running server may take commands, the likeliest first.

        Args:
            container: the running one where it is known; the engine is asked if not.
            data_root: where the game's files lie, as far as it is known.

        Raises:
            RconUnavailable: no password is set anywhere.
        """
        container = container or await self._running()
        data_root = data_root or await self._data_root(mount_of_container(container))
        of_properties = await asyncio.to_thread(_password_from_properties, data_root)
        passwords = [container.environment.get("RCON_PASSWORD"), of_properties]
        known = [one for one in dict.fromkeys(passwords) if one]
        if not known:
            raise RconUnavailable(f"{self.name} has no RCON password: set RCON_PASSWORD in its compose file, then up.")
        return rcon_addresses(container, passwords=known)

    async def send_rcon_command(self, command: str, *, timeout_s: float = COMMAND_TIMEOUT_S) -> str:
        """Run one command in the game over a connection of its own and return its answer, colours removed.

        Raises:
            InvalidRequest: empty, too long, or with control characters.
            ServerNotRunning, RconTimedOut, RconBroken, RconCliFailed.
        """
        text = validate_command(command)
        try:
            connection = await RconConnection.connect_any(await self.rcon_addresses())
        except RconUnavailable:
            return await self.send_by_rcon_cli(text, timeout_s=timeout_s)
        try:
            return clean_answer(await connection.command(text, timeout_s=timeout_s))
        finally:
            await connection.close()

    async def send_by_rcon_cli(self, command: str, *, timeout_s: float = COMMAND_TIMEOUT_S) -> str:
        """Run one command through the image's own ``rcon-cli``: slow, but it needs no port and no password.

        Raises:
            RconCliFailed: it could not; the command was not run.
            RconTimedOut: no answer in time; it may have run.
        """
        container = await self._running()
        edition = edition_of(container.image, container.environment)
        if edition is Edition.BEDROCK:
            raise RconCliFailed(NO_RCON_EDITION.format(self.name))
        no_rcon = (NO_RCON_PROXY if edition is Edition.PROXY else NO_RCON).format(self.name)
        argv = ("exec", "--", container.id, "rcon-cli", "--", validate_command(command))
        try:
            answer = await self._cli.call(*argv, timeout_s=timeout_s)
        except EngineUnreachable as error:
            # The words of `docker exec` are those of rcon-cli, which also says "connection refused".
            if isinstance(error.__cause__, TimedOut):
                raise RconTimedOut(f"The game did not answer within {timeout_s:g} s.") from error
            if isinstance(error.__cause__, ProgramFailed) and "docker daemon" not in error.__cause__.stderr.lower():
                raise RconCliFailed(no_rcon) from error
            raise
        except ProgramFailed as error:
            raise RconCliFailed(no_rcon) from error
        return clean_answer(answer)

    async def ping(self, *, container: Container | None = None) -> ServerPing:
        """Ask the game what it tells to players' server lists; raises PingFailed. ``container`` as above."""
        container = container or await self._running()
        is_bedrock = edition_of(container.image, container.environment) is Edition.BEDROCK
        return await ping(game_endpoints(container), bedrock=is_bedrock)

    async def list_players(self) -> list[str]:
        """Ask the game who is online: by its command ``list``, else by a server-list ping, which tells less."""
        try:
            answer, root = await self.send_rcon_command("list"), await self.data_root()
            return (await read_players(answer, partial(names_of_players, root))).online
        except (PlayersUnknown, RconUnavailable, RconTimedOut, RconBroken, RconCliFailed):
            return list((await self.ping()).names)

    # Inside

    async def _running(self) -> Container:
        container = await self.get_container()
        if container is None or status_of(container).status not in ANSWERING or not container.pid:
            raise ServerNotRunning(f"{self.name} is not running.")
        return container


def _disk_space(data_root: DataRoot, directory: Path) -> DiskSpaceInfo:
    try:
        with data_root.hold() as root:
            total, available = disk_space(root.fd)
            return DiskSpaceInfo(tree_size_bytes(root), total, available)
    except FileMissing:
        return DiskSpaceInfo(0, *disk_space(directory))


def _password_from_properties(data_root: DataRoot) -> str | None:
    """Read the game's own setting; None where there is none, or it is not ours to read."""
    try:
        with data_root.hold() as root:
            values = properties.parse(root.read_bytes("server.properties", max_bytes=MAX_PROPERTIES_BYTES))
    except AppError:  # the file's password is one of two, and rcon-cli needs neither
        return None
    return str(values.get("rcon.password", "")).strip() or None
