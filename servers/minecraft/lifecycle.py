"""What can be done with a server: made, started, ended, changed, removed."""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from core.errors import Conflict, NotFound
from core.paths import FileExists, FileMissing, Root, delete, move, rename_beneath
from servers.docker.cli import DockerCli, PortTaken
from servers.docker.compose import ComposeManager, find_files
from servers.docker.container import Container
from servers.docker.folders import DATA, ServerFolderIsALink, open_server
from servers.minecraft.compose.host_ports import taken_ports
from servers.minecraft.compose.reading import ComposeReading
from servers.minecraft.compose.rules import MCComposeFile
from servers.minecraft.files.text import Text, etag, require_match
from servers.minecraft.foreign_resources import (
    FolderInUse,
    other_writers,
    own_containers,
    require_no_other_project,
    require_own_resources,
    stop_words,
)

ALLOWED_IMAGES = ("itzg/minecraft-server", "ghcr.io/itzg/minecraft-server")
MAX_COMPOSE_BYTES = 256 * 1024
REMOVED_DIRECTORY = ".removed"
CREATING = ".creating-"
COMPOSE_NAME = "compose.yaml"
KILLED = 137
MAX_DELAY_DIGITS = 5
AFTER_ANNOUNCEMENT_S = 60  # what a game needs to save, once its players had the time that it announces

OnLine = Callable[[str], None]


class ServerNotFound(NotFound):
    """No server directory with a compose file has that name."""

    code = "server_not_found"


class ServerExists(Conflict):
    """The name is taken."""

    code = "server_exists"


class ServerHasContainer(Conflict):
    """It needs a server without a container."""

    code = "server_has_container"


class NoContainer(Conflict):
    """It needs a server with a container."""

    code = "no_container"


class ContainerNotRunning(Conflict):
    """It needs a container whose process lives."""

    code = "server_not_running"


class Lifecycle(ComposeReading):
    """The half of a server that changes it. Operations return sentences that the user should read: warnings."""

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
        self.service = ""  # one of several games, see ``MCInstance.game``
        self.server_path = Path(server_path).absolute()
        self.directory = self.server_path / name
        self.data = self.directory / DATA
        self.project = ComposeManager(self.directory, cli=cli)
        self._cli = cli or DockerCli()
        self._allowed_images = tuple(allowed_images)
        self._stop_timeout_s = stop_timeout_s

    async def get_compose_file(self) -> str:
        """Read the text of the compose file as it is."""
        return await asyncio.to_thread(self.read_compose)

    async def create(self, yaml_content: str) -> None:
        """Make the server's directory with ``yaml_content`` as its compose file, whole or not at all.

        Raises:
            BadComposeFile: with every rule that it breaks.
            ServerExists: the name is taken.
        """
        await asyncio.to_thread(self.check_rules, yaml_content)
        await asyncio.to_thread(self._write_new, yaml_content)

    async def up(self, *, on_line: OnLine | None = None) -> None:
        """Create the container where it is missing or outdated, and start it.

        Raises:
            ForeignContainer, ForeignResource: a name that it would take belongs to something else.
            PortTaken: a port that it publishes is taken; nothing is left behind.
        """
        containers = await self.own_containers()
        await self.require_no_other_writer(containers, action="a second game would run on the same files")
        compose = await self.get_minecraft_compose()
        if not any(one.is_running for one in containers):
            taken = await asyncio.to_thread(taken_ports, compose.published_ports)
            if taken:
                raise PortTaken(f"Port {taken[0]} is taken by another program. Free it, or publish another port.")
        await require_own_resources(self.project)
        try:
            await self.project.up(on_line=on_line)
        except PortTaken:
            if not containers:
                await self.project.down(timeout_s=0)
            raise

    async def recreate(self, *, on_line: OnLine | None = None) -> None:
        """Let the container that is there, not running, become what the file says now."""
        await self.own_containers()
        await require_own_resources(self.project)
        await self.project.up_no_start(on_line=on_line)

    async def down(self, *, on_line: OnLine | None = None) -> list[str]:
        """Stop the server and remove its container; the world stays on disk."""
        containers = await self._containers_to_end()
        if not containers:
            await require_no_other_project(self.directory, cli=self._cli)
        warnings = await self._stop(containers, on_line=on_line)
        await self.project.down(timeout_s=await self.grace_s(containers), on_line=on_line)
        return warnings

    async def start(self, *, on_line: OnLine | None = None) -> None:
        """Start the container that is there; one that the file no longer describes is made anew.

        Raises:
            NoContainer.
        """
        await self._require_container()
        if await self.is_outdated():
            await self.up(on_line=on_line)
        else:
            await self.project.start(on_line=on_line)

    async def stop(self, *, on_line: OnLine | None = None) -> list[str]:
        """Stop the container, which stays; raises NoContainer."""
        return await self._stop(await self._require_any(await self._containers_to_end()), on_line=on_line)

    async def restart(self, *, on_line: OnLine | None = None) -> list[str]:
        """Stop and start the container; raises NoContainer."""
        warnings = await self.stop(on_line=on_line)
        await self.project.start(on_line=on_line)
        return warnings

    async def kill(self, *, on_line: OnLine | None = None) -> None:
        """End the container at once.

        Raises:
            ContainerNotRunning.
        """
        containers = await self._containers_to_end()
        if not any(one.is_running or one.is_restarting for one in containers):
            await require_no_other_project(self.directory, cli=self._cli)
            raise ContainerNotRunning(f"{self.name} is not running.")
        await self.project.kill(on_line=on_line)

    async def pull(self, *, on_line: OnLine | None = None) -> None:
        """Fetch the newest image of the tag in the file."""
        await self.own_containers()
        await self.project.pull(on_line=on_line)

    async def remove(self, *, removed_as: str) -> None:
        """Move the directory to ``.removed/<removed_as>`` in one step.

        Raises:
            ServerHasContainer: take it down first.
        """
        if await self.own_containers():
            raise ServerHasContainer(f"{self.name} still has a container. Take it down first (operation `down`).")
        await self.require_no_other_writer((), action="it cannot be removed")
        await asyncio.to_thread(rename_beneath, self.server_path, self.name, REMOVED_DIRECTORY, removed_as)

    async def written_folders(self, own: Iterable[Container]) -> list[Path]:
        """Return the folders in which none but the server's ``own`` containers may write: its directory."""
        del own
        return [self.directory]

    async def other_writers(
        self, own: Iterable[Container], *, also: Iterable[Path] = (), since: datetime | None = None
    ) -> list[Container]:
        """List the containers that write in the server's folders, or in ``also``, besides ``own``.

        Those that run, and those that ran after ``since`` and have ended.
        """
        known = list(own)
        return await other_writers([*await self.written_folders(known), *also], known, cli=self._cli, since=since)

    async def require_no_other_writer(
        self, own: Iterable[Container], *, action: str, also: Iterable[Path] = ()
    ) -> None:
        """Raise FolderInUse, which names it, when a container besides ``own`` writes in the server's folders.

        Args:
            own: the server's own, which may.
            action: what cannot be done, as a clause.
            also: further folders.
        """
        for one in await self.other_writers(own, also=also):
            raise FolderInUse(
                f"The container {one.name} writes in the folder of {self.name}, so {action}. "
                f"Stop it first: {stop_words(one)}"
            )

    async def is_outdated(self) -> bool:
        """Tell whether a container was made from another text than the file is now, or of another service."""
        wanted = await self.project.config_hashes()
        have = {one.service: one.config_hash for one in await self.own_containers()}
        return any(wanted.get(service) != made_of for service, made_of in have.items())

    async def own_containers(self) -> list[Container]:
        """List the project's containers, after the check that they and the server's name are nobody else's.

        Raises:
            ServerNotFound, ForeignContainer.
        """
        await self.get_compose_file()
        return await own_containers(self.project, server_id=self.name, cli=self._cli)

    async def grace_s(self, containers: Iterable[Container]) -> int:
        """Return how long the game may take to save and end before it is killed.

        Never less than Docker alone would give: a container knows what came of override files and variables.
        """
        given = [self._stop_timeout_s]
        with suppress(ServerFolderIsALink):  # its file is not read; its container is there all the same
            given.append(round((await self.get_minecraft_compose()).stop_grace_period_s or 0))
        for one in containers:
            given += [one.stop_timeout_s or 0, _announced_s(one.environment) + AFTER_ANNOUNCEMENT_S]
        return max(given)

    def read_compose(self) -> str:
        """Read the compose file's text; blocking.

        Raises:
            ServerNotFound: no directory, or no compose file in it.
        """
        try:
            with open_server(self.directory) as root:
                names = find_files(root)
                if names:
                    return root.read_bytes(names[0], max_bytes=MAX_COMPOSE_BYTES).decode(errors="replace")
        except FileMissing:
            pass
        raise ServerNotFound(f"The server {self.name!r} was not found.")

    async def _stop(self, containers: list[Container], *, on_line: OnLine | None) -> list[str]:
        """Stop what runs, and say which game had to be killed."""
        running = {one.id for one in containers if one.is_running or one.is_restarting}
        if not running:
            return []
        grace_s = await self.grace_s(containers)
        await self.project.stop(timeout_s=grace_s, on_line=on_line)
        ended = [one for one in await self.project.containers() if one.id in running]
        return [
            f"{one.name} did not end within {grace_s} s and was killed: what it had not saved is lost. "
            "Give it more time with stop_grace_period."
            for one in ended
            if one.exit_code == KILLED and not one.is_running
        ]

    async def _containers_to_end(self) -> list[Container]:
        """List the project's containers, also where the server's folder is a link: ending a game is always possible."""
        try:
            return await self.own_containers()
        except ServerFolderIsALink:
            return await own_containers(self.project, server_id=self.name, cli=self._cli)

    async def _require_container(self) -> list[Container]:
        return await self._require_any(await self.own_containers())

    async def _require_any(self, containers: list[Container]) -> list[Container]:
        if not containers:
            await require_no_other_project(self.directory, cli=self._cli)
            raise NoContainer(f"{self.name} has no container yet. Create it with the operation `up`.")
        return containers

    def check_rules(self, yaml_content: str) -> MCComposeFile:
        """Read a text that is to be this server's file; raises BadComposeFile."""
        return MCComposeFile.from_yaml(yaml_content, server_id=self.name, allowed_images=self._allowed_images)

    def read_compose_version(self) -> Text:
        """Read the compose file's text with the tag of its version; blocking. Raises ServerNotFound."""
        tag = self.compose_etag()  # before the text: a change in between makes the tag an old one
        return Text(self.read_compose(), tag)

    def compose_etag(self, *, if_match: str | None = None) -> str:
        """Return the tag of the compose file's version; blocking.

        Raises:
            Changed: ``if_match`` is given and names another version.
            ServerNotFound.
        """
        try:
            with open_server(self.directory) as root:
                names = find_files(root)
                found = root.stat(names[0]) if names else None
        except FileMissing:
            found = None
        if found is None:
            raise ServerNotFound(f"The server {self.name!r} was not found.")
        require_match(found, if_match)
        return etag(found)

    def replace_compose(self, content: bytes, *, if_match: str | None = None) -> tuple[bytes, str]:
        """Write the compose file in one step, owner and mode kept; blocking.

        Returns:
            What it was, and the tag of what it is now.

        Raises:
            Changed: ``if_match`` is given and names another version; nothing was written.
            ServerNotFound.
        """
        try:
            with open_server(self.directory) as root:
                names = find_files(root)
                if names:
                    old = root.read_bytes(names[0], max_bytes=MAX_COMPOSE_BYTES, follow=False)
                    written = root.write_bytes(names[0], content, expect=lambda found: require_match(found, if_match))
                    return old, etag(written)
        except FileMissing:
            pass
        raise ServerNotFound(f"The server {self.name!r} was not found.")

    def _write_new(self, yaml_content: str) -> None:
        building = f"{CREATING}{self.name}-{secrets.token_hex(4)}"
        with Root(self.server_path) as root:
            if root.lstat(self.name) is not None:
                raise ServerExists(f"A server or directory named {self.name!r} exists already. Choose another id.")
            # Docker mounts data/ as root by its path; nobody else on this machine shall reach what a game puts there.
            root.make_directory(building, mode=0o700)
            try:
                root.make_directory(f"{building}/{DATA}")
                root.write_bytes(f"{building}/{COMPOSE_NAME}", yaml_content.encode(), mode=0o600)
                move(root, building, self.name)
            except BaseException as error:
                delete(root, building)
                if isinstance(error, FileExists):
                    message = f"A server or directory named {self.name!r} exists already. Choose another id."
                    raise ServerExists(message) from None
                raise


def _announced_s(environment: Mapping[str, str]) -> int:
    """Return how long the image's own announcement makes a stop wait; 0 for what is no number."""
    text = environment.get("STOP_SERVER_ANNOUNCE_DELAY", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DELAY_DIGITS else 0
