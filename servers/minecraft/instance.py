"""A Minecraft server: a directory, its compose project, and what can be done with and asked of it."""

import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from mcadmin.core.errors import CommandFailed, Conflict, NotFound, TimedOut
from mcadmin.core.paths import FileMissing, Root, disk_space, rename_beneath, tree_size_bytes
from mcadmin.core.process import ProgramFailed
from servers.docker.cli import DockerCli, EngineUnreachable, PortTaken
from servers.docker.compose import ComposeManager, find_files
from servers.docker.container import Container
from servers.docker.network import NetworkIO
from servers.docker.usage import BlockIO, Unread
from servers.minecraft import figures
from servers.minecraft.access import game_endpoints, rcon_addresses
from servers.minecraft.compose_rules import MCComposeFile
from servers.minecraft.figures import DiskSpaceInfo
from servers.minecraft.host_ports import taken_ports
from servers.minecraft.ownership import own_containers
from servers.minecraft.players import PlayersUnknown, parse_players
from servers.minecraft.rcon import (
    COMMAND_TIMEOUT_S,
    RconAddress,
    RconConnection,
    RconTimedOut,
    RconUnavailable,
    clean_answer,
    validate_command,
)
from servers.minecraft.rcon_protocol import RconBroken
from servers.minecraft.server_info import ServerInfo, describe
from servers.minecraft.server_ping import ServerPing, ping
from servers.minecraft.status import ANSWERING, MCServerStatus, Status, choose_container, status_of

ALLOWED_IMAGES = ("itzg/minecraft-server", "ghcr.io/itzg/minecraft-server")
MAX_COMPOSE_BYTES = 256 * 1024
MAX_PROPERTIES_BYTES = 1024 * 1024
REMOVED_DIRECTORY = ".removed"
COMPOSE_NAME = "compose.yaml"
_ESCAPE = re.compile(r"\\(.)")  # the game writes `:`, `=`, `#`, `!` of a value with a backslash before
NO_RCON = "The game of {} does not take commands: is RCON on (ENABLE_RCON), and its password the right one?"

OnLine = Callable[[str], None]


class ServerNotFound(NotFound):
    """No server directory with a compose file has that name."""

    code = "server_not_found"


class ServerExists(Conflict):
    """The name is taken."""

    code = "server_exists"


class ServerNotRunning(Conflict):
    """It needs a running server."""

    code = "server_not_running"


class ServerHasContainer(Conflict):
    """It needs a server without a container."""

    code = "server_has_container"


class NoContainer(Conflict):
    """It needs a server with a container."""

    code = "no_container"


class RconCliFailed(CommandFailed):
    """``rcon-cli`` inside the container could not reach the game, or is not there. The command was not run."""

    code = "rcon_cli_failed"


class MCInstance:
    """The server ``name`` in ``server_path``. Make one per call and throw it away.

    Every method may raise ServerNotFound, and EngineUnreachable where it asks the engine.
    """

    def __init__(
        self,
        server_path: Path,
        name: str,
        *,
        cli: DockerCli | None = None,
        allowed_images: Sequence[str] = ALLOWED_IMAGES,
        stop_timeout_s: int = 60,
    ) -> None:
        self.name = name
        self.server_path = Path(server_path).absolute()
        self.directory = self.server_path / name
        self.project = ComposeManager(self.directory, cli=cli)
        self._cli = cli or DockerCli()
        self._allowed_images = tuple(allowed_images)
        self._stop_timeout_s = stop_timeout_s

    # What it is

    async def get_compose_file(self) -> str:
        """Read the text of the compose file as it is."""
        return await asyncio.to_thread(self.read_compose)

    async def get_minecraft_compose(self) -> MCComposeFile:
        """Read the compose file as Minecraft's rules see it.

        Raises:
            BadComposeFile: it is no YAML that we would read.
        """
        return await asyncio.to_thread(self._parse)

    async def get_server_info(self) -> ServerInfo:
        """Describe the server from its compose file; a broken one is described with its ``problem``."""
        return await asyncio.to_thread(describe, self.name, self.read_compose, self._allowed_images)

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
            choose_container, containers, directory=self.directory, service=info.service, server_id=self.name
        )

    async def get_container_id(self) -> str:
        """Return the full id of the running container; raises ServerNotRunning."""
        return (await self._running()).id

    async def get_pid(self) -> int:
        """Return the host's id of the container's first process; raises ServerNotRunning."""
        return (await self._running()).pid

    # What can be done with it

    async def create(self, yaml_content: str) -> None:
        """Make the server's directory with ``yaml_content`` as its compose file.

        Raises:
            BadComposeFile: with every rule that it breaks.
            ServerExists: the name is taken.
        """
        MCComposeFile.from_yaml(yaml_content, server_id=self.name, allowed_images=self._allowed_images)
        await asyncio.to_thread(self._write_new, yaml_content)

    async def up(self, *, on_line: OnLine | None = None) -> None:
        """Create the container where it is missing and start it.

        Raises:
            ForeignContainer: its name or project belongs to something else.
            PortTaken: a port that it publishes is taken; nothing is left behind.
        """
        containers = await self._own_containers()
        compose = await self.get_minecraft_compose()
        if not any(one.is_running for one in containers):
            taken = await asyncio.to_thread(taken_ports, compose.published_ports)
            if taken:
                raise PortTaken(f"Port {taken[0]} is taken by another program. Free it, or publish another port.")
        try:
            await self.project.up(on_line=on_line)
        except PortTaken:
            if not containers:
                await self.project.down(timeout_s=0)
            raise

    async def down(self, *, on_line: OnLine | None = None) -> None:
        """Stop the server and remove its container; the world stays on disk."""
        await self._own_containers()
        await self.project.down(timeout_s=await self._grace_s(), on_line=on_line)

    async def start(self, *, on_line: OnLine | None = None) -> None:
        """Start the container that is there; raises NoContainer."""
        await self._require_container()
        await self.project.start(on_line=on_line)

    async def stop(self, *, on_line: OnLine | None = None) -> None:
        """Stop the container, which stays; raises NoContainer."""
        await self._require_container()
        await self.project.stop(timeout_s=await self._grace_s(), on_line=on_line)

    async def restart(self, *, on_line: OnLine | None = None) -> None:
        """Stop and start the container; raises NoContainer."""
        await self._require_container()
        await self.project.restart(timeout_s=await self._grace_s(), on_line=on_line)

    async def kill(self, *, on_line: OnLine | None = None) -> None:
        """End the container at once; raises ServerNotRunning."""
        await self._running()
        await self.project.kill(on_line=on_line)

    async def pull(self, *, on_line: OnLine | None = None) -> None:
        """Fetch the newest image of the tag in the file."""
        await self._own_containers()
        await self.project.pull(on_line=on_line)

    async def remove(self, *, removed_as: str) -> None:
        """Move the directory to ``.removed/<removed_as>`` in one step.

        Raises:
            ServerHasContainer: take it down first.
        """
        if await self._own_containers():
            raise ServerHasContainer(f"{self.name} still has a container. Take it down first (operation `down`).")
        await asyncio.to_thread(rename_beneath, self.server_path, self.name, REMOVED_DIRECTORY, removed_as)

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
        return await asyncio.to_thread(self._disk_space)

    # What it says

    async def rcon_addresses(self, *, container: Container | None = None) -> list[RconAddress]:
        """Find where and with which passwords the running server may take commands, the likeliest first.

        Args:
            container: the running one where it is known; the engine is asked if not.

        Raises:
            RconUnavailable: no password is set anywhere.
        """
        container = container or await self._running()
        compose = await self.get_minecraft_compose()
        passwords = [compose.rcon_password, await asyncio.to_thread(self._password_from_properties)]
        known = [one for one in dict.fromkeys(passwords) if one]
        if not known:
            raise RconUnavailable(f"{self.name} has no RCON password: set RCON_PASSWORD in its compose file.")
        return rcon_addresses(compose, container, passwords=known)

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
        argv = ("exec", "--", container.id, "rcon-cli", "--", validate_command(command))
        try:
            answer = await self._cli.call(*argv, timeout_s=timeout_s)
        except EngineUnreachable as error:
            # The words of `docker exec` are those of rcon-cli, which also says "connection refused".
            if isinstance(error.__cause__, TimedOut):
                raise RconTimedOut(f"The game did not answer within {timeout_s:g} s.") from error
            if isinstance(error.__cause__, ProgramFailed) and "docker daemon" not in error.__cause__.stderr.lower():
                raise RconCliFailed(NO_RCON.format(self.name)) from error
            raise
        except ProgramFailed as error:
            raise RconCliFailed(NO_RCON.format(self.name)) from error
        return clean_answer(answer)

    async def ping(self, *, container: Container | None = None) -> ServerPing:
        """Ask the game what it tells to players' server lists; raises PingFailed. ``container`` as above."""
        container = container or await self._running()
        return await ping(game_endpoints(await self.get_minecraft_compose(), container))

    async def list_players(self) -> list[str]:
        """Ask the game who is online: by its command ``list``, else by a server-list ping, which tells less."""
        try:
            return parse_players(await self.send_rcon_command("list")).online
        except (PlayersUnknown, RconUnavailable, RconTimedOut, RconBroken, RconCliFailed):
            return list((await self.ping()).names)

    # Inside

    def read_compose(self) -> str:
        """Read the compose file's text; blocking.

        Raises:
            ServerNotFound: no directory, or no compose file in it.
        """
        try:
            with Root(self.directory) as root:
                names = find_files(root)
                if names:
                    return root.read_bytes(names[0], max_bytes=MAX_COMPOSE_BYTES).decode(errors="replace")
        except FileMissing:
            pass
        raise ServerNotFound(f"The server {self.name!r} was not found.")

    def _parse(self) -> MCComposeFile:
        text = self.read_compose()
        return MCComposeFile.read(text, server_id=self.name, allowed_images=self._allowed_images)

    def _write_new(self, yaml_content: str) -> None:
        with Root(self.server_path) as root:
            if root.stat(self.name) is not None:
                raise ServerExists(f"A server or directory named {self.name!r} exists already. Choose another id.")
            root.make_directory(self.name)
            root.make_directory(f"{self.name}/data")
            root.write_bytes(f"{self.name}/{COMPOSE_NAME}", yaml_content.encode(), mode=0o600)

    def _disk_space(self) -> DiskSpaceInfo:
        total, available = disk_space(self.directory)
        return DiskSpaceInfo(tree_size_bytes(self.directory / "data"), total, available)

    def _password_from_properties(self) -> str | None:
        try:
            with Root(self.directory / "data") as root:
                raw = root.read_bytes("server.properties", max_bytes=MAX_PROPERTIES_BYTES)
        except FileMissing:
            return None
        values = dict(line.split("=", 1) for line in raw.decode(errors="replace").splitlines() if "=" in line)
        return _ESCAPE.sub(r"\1", values.get("rcon.password", "").strip()) or None

    async def _running(self) -> Container:
        container = await self.get_container()
        if container is None or status_of(container).status not in ANSWERING or not container.pid:
            raise ServerNotRunning(f"{self.name} is not running.")
        return container

    async def _own_containers(self) -> list[Container]:
        await self.get_compose_file()  # raises ServerNotFound
        return await own_containers(self.project, server_id=self.name, cli=self._cli)

    async def _require_container(self) -> None:
        if not await self._own_containers():
            raise NoContainer(f"{self.name} has no container yet. Create it with the operation `up`.")

    async def _grace_s(self) -> int:
        compose = await self.get_minecraft_compose()
        return max(round(compose.stop_grace_period_s or 0), self._stop_timeout_s)
