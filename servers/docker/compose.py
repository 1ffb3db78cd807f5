"""One Docker Compose project on disk, driven through the command line."""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

from core.errors import NotFound
from core.paths import FileMissing, Root
from servers.docker.cli import DockerCli
from servers.docker.compose_file.document import project_name
from servers.docker.container import PROJECT_LABEL, Container
from servers.docker.engine import DockerManager
from servers.docker.folders import ServerFolderIsALink, open_server
from servers.docker.orphans import wait_for_orphans

COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")  # Docker's order
OVERRIDE_FILES = (
    "compose.override.yaml", "compose.override.yml", "docker-compose.override.yml", "docker-compose.override.yaml",
)
ENV_FILE = ".env"
UP_TIMEOUT_S = 1800.0  # a first start may pull a large image over a slow line
CHANGE_TIMEOUT_S = 120.0
ENDING = frozenset({"stop", "down", "kill"})  # what Compose does by the labels of containers, without a file
NO_PROJECT = Path("/proc/sys")  # has no compose file, and nobody can put one there

OnLine = Callable[[str], None]


class ComposeFileMissing(NotFound):
    """The directory holds no compose file."""

    code = "compose_file_not_found"


def find_files(root: Root) -> tuple[str, ...]:
    """Return the names of the compose file and of its override, as Docker chooses them; empty when there is none."""
    main = next((name for name in COMPOSE_FILES if root.stat(name) is not None), None)
    if main is None:
        return ()
    override = next((name for name in OVERRIDE_FILES if root.stat(name) is not None), None)
    return (main, override) if override else (main,)


class ComposeManager:
    """The compose project in ``directory``. Make one per call and throw it away.

    Project, files and directory are named on every call, so that nothing in the environment or in
    ``.env`` can turn a command to another project. Every method raises EngineUnreachable, PortTaken,
    ProgramFailed or TimedOut as ``DockerCli`` does, and ComposeFileMissing.
    """

    def __init__(self, directory: Path, *, cli: DockerCli | None = None) -> None:
        self.directory = directory
        self.name = project_name(directory.name)
        self._cli = cli or DockerCli()

    async def up(self, *, on_line: OnLine | None = None) -> None:
        """Create what is missing or outdated and start it."""
        await self._compose("up", "--detach", "--remove-orphans", timeout_s=UP_TIMEOUT_S, on_line=on_line)

    async def up_no_start(self, *, on_line: OnLine | None = None) -> None:
        """Create what is missing or outdated, and start nothing."""
        await self._compose("up", "--no-start", "--remove-orphans", timeout_s=UP_TIMEOUT_S, on_line=on_line)

    async def config_hashes(self) -> dict[str, str]:
        """Return what Compose would label each service's container with, made from the files as they are."""
        out = await self._compose("config", "--hash", "*", timeout_s=CHANGE_TIMEOUT_S, on_line=None)
        pairs = (line.split() for line in out.splitlines())
        return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}

    async def down(self, *, timeout_s: int, on_line: OnLine | None = None) -> None:
        """Stop and remove the project's containers and networks; bind mounts stay.

        The game gets ``timeout_s`` seconds to save and end before it is killed.
        """
        await self._compose(
            "down", "--remove-orphans", "--timeout", str(timeout_s),
            timeout_s=timeout_s + CHANGE_TIMEOUT_S, on_line=on_line,
        )

    async def start(self, *, on_line: OnLine | None = None) -> None:
        """Start the containers that exist."""
        await self._compose("start", timeout_s=CHANGE_TIMEOUT_S, on_line=on_line)

    async def stop(self, *, timeout_s: int, on_line: OnLine | None = None) -> None:
        """Stop the containers; they stay. ``timeout_s`` as in ``down``."""
        await self._compose(
            "stop", "--timeout", str(timeout_s), timeout_s=timeout_s + CHANGE_TIMEOUT_S, on_line=on_line
        )

    async def restart(self, *, timeout_s: int, on_line: OnLine | None = None) -> None:
        """Stop and start the containers that exist. ``timeout_s`` as in ``down``."""
        await self._compose(
            "restart", "--timeout", str(timeout_s), timeout_s=timeout_s + CHANGE_TIMEOUT_S, on_line=on_line
        )

    async def kill(self, *, on_line: OnLine | None = None) -> None:
        """End the containers at once; what the game has not saved is lost."""
        await self._compose("kill", timeout_s=CHANGE_TIMEOUT_S, on_line=on_line)

    async def pull(self, *, on_line: OnLine | None = None) -> None:
        """Fetch the newest images of the tags in the file."""
        await self._compose("pull", timeout_s=UP_TIMEOUT_S, on_line=on_line)

    async def containers(self) -> list[Container]:
        """List the containers of the project's name, stopped ones too, one-off runs left out."""
        return [one for one in await self.all_containers() if not one.is_one_off]

    async def all_containers(self) -> list[Container]:
        """List the containers of the project's name, one-off runs too: ``down`` removes those as well."""
        engine = DockerManager(self._cli)
        return await engine.inspect(await engine.list_ids(f"label={PROJECT_LABEL}={self.name}"))

    async def foreign_resources(self) -> list[tuple[str, str, str]]:
        """List what ``up`` would take over from others: kind, name and the project that made it, if any.

        Compose takes a volume or a network that has the name that it would give its own, whoever made it.
        """
        out = await self._compose("config", "--format", "json", timeout_s=CHANGE_TIMEOUT_S, on_line=None)
        config, found = json.loads(out), []
        for kind in ("volume", "network"):
            wanted = [one for one in (config.get(f"{kind}s") or {}).values() if not (one or {}).get("external")]
            labels = await DockerManager(self._cli).labels(kind, [one["name"] for one in wanted])
            made_by = {name: one.get(PROJECT_LABEL, "") for name, one in labels.items()}
            found += [(kind, name, project) for name, project in made_by.items() if project != self.name]
        return found

    async def _compose(self, verb: str, *args: str, timeout_s: float, on_line: OnLine | None) -> str:
        names, env_file, directory = await asyncio.to_thread(self._find, verb)
        if verb != "config":
            await wait_for_orphans(self.directory)
        files = [word for name in names for word in ("--file", str(self.directory / name))]
        return await self._cli.call_compose(
            "--ansi", "never", "--project-name", self.name, *files,
            "--project-directory", str(directory), "--env-file", env_file, verb, *args,
            cwd=directory, timeout_s=timeout_s, on_line=on_line,
        )

    def _find(self, verb: str) -> tuple[tuple[str, ...], str, Path]:
        """Return compose files, the file of variables, and the directory that paths count from."""
        try:
            with open_server(self.directory) as root:
                names = find_files(root)
                env_file = str(self.directory / ENV_FILE) if root.stat(ENV_FILE) is not None else os.devnull
        except FileMissing:
            raise ComposeFileMissing(f"The directory {self.directory.name} is gone.") from None
        except ServerFolderIsALink:
            if verb not in ENDING:
                raise
            return (), os.devnull, NO_PROJECT
        if not names:
            raise ComposeFileMissing(f"There is no compose file in {self.directory.name}.")
        return names, env_file, self.directory
