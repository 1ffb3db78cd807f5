"""All servers of a directory: the directory tree is the truth."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

from core.errors import AppError, NotFound
from core.paths import FileMissing, list_directories, list_links
from servers.docker.cli import DockerCli
from servers.docker.compose import COMPOSE_FILES, find_files
from servers.docker.compose_file.document import project_name
from servers.docker.folders import open_server
from servers.minecraft.instance import ALLOWED_IMAGES, MCInstance
from servers.minecraft.server_info import ServerInfo
from servers.minecraft.status import ANSWERING

SERVER_ID = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"  # what may be listed
NEW_SERVER_ID = r"[a-z0-9][a-z0-9_-]{0,62}"  # what may be created
RESERVED_IDS = frozenset({"check", "defaults", "live", "removed"})


class DockerMCManager:
    """The servers in ``server_path``. Make one per call and throw it away."""

    def __init__(
        self,
        server_path: Path | str,
        *,
        cli: DockerCli | None = None,
        allowed_images: Sequence[str] = ALLOWED_IMAGES,
        stop_timeout_s: int = 60,
    ) -> None:
        self.server_path = Path(server_path)
        self._cli = cli or DockerCli()
        self._allowed_images = allowed_images
        self._stop_timeout_s = stop_timeout_s

    def get_instance(self, name: str) -> MCInstance:
        """Return the server called ``name``; whether it exists is its own affair.

        Raises:
            NotFound: no server can have that name.
        """
        if not is_server_id(name):
            raise NotFound(f"The server {name[:80]!r} was not found.")
        return MCInstance(
            self.server_path,
            name,
            cli=self._cli,
            allowed_images=self._allowed_images,
            stop_timeout_s=self._stop_timeout_s,
        )

    async def get_all_server_names(self) -> list[str]:
        """List the names of all servers on disk, sorted."""
        return await asyncio.to_thread(self.list_names)

    async def get_all_instances(self) -> list[MCInstance]:
        """List all servers on disk."""
        return [self.get_instance(name) for name in await self.get_all_server_names()]

    async def get_all_server_info(self) -> list[ServerInfo]:
        """Describe all servers; a broken one comes with its ``problem`` and harms no other."""
        instances = await self.get_all_instances()
        found = await asyncio.gather(*(one.get_server_info() for one in instances), return_exceptions=True)
        return [info for info in found if isinstance(info, ServerInfo)]  # the others went away meanwhile

    async def get_running_server_names(self) -> list[str]:
        """List the names of the servers whose container runs."""
        instances = await self.get_all_instances()
        found = await asyncio.gather(*(one.get_status() for one in instances))
        return [one.name for one, status in zip(instances, found, strict=True) if status in ANSWERING]

    def list_names(self) -> list[str]:
        """List the names of all servers on disk, sorted; blocking."""
        names = list_directories(self.server_path)
        return [name for name in names if is_server_id(name) and self._has_compose(name)]

    def list_linked_names(self) -> list[str]:
        """List the servers whose folder is a link, which are shown and not worked with; blocking."""
        return [name for name in list_links(self.server_path, holding=COMPOSE_FILES) if is_server_id(name)]

    def list_unreadable(self) -> dict[str, str]:
        """List the folders that may be servers and cannot be looked into, with a sentence that says why; blocking."""
        found = {}
        for name in filter(is_server_id, list_directories(self.server_path)):
            try:
                self._compose_names(name)
            except FileMissing:  # it went away
                continue
            except AppError as error:
                found[name] = f"{name} cannot be looked into: {error}"
        return found

    def _has_compose(self, name: str) -> bool:
        try:
            return bool(self._compose_names(name))
        except AppError:  # it went away, or we may not look into it
            return False

    def _compose_names(self, name: str) -> tuple[str, ...]:
        with open_server(self.server_path / name) as root:
            return find_files(root)


def is_server_id(name: str) -> bool:
    """Tell whether a server may be called ``name``."""
    return re.fullmatch(SERVER_ID, name) is not None and name not in RESERVED_IDS


def project_clash(name: str, names: Sequence[str]) -> str | None:
    """Return another of ``names`` whose Compose project would have the same name, or None."""
    wanted = project_name(name)
    return next((other for other in names if other != name and project_name(other) == wanted), None)
