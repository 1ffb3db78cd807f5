"""What the servers' compose files say, read again only when a file has changed."""

from collections.abc import Sequence

from mcadmin.core.errors import AppError
from mcadmin.core.paths import FileMissing, Root
from servers.docker.compose import find_files
from servers.docker.compose_file import project_name
from servers.minecraft.instance import MCInstance, ServerNotFound
from servers.minecraft.manager import DockerMCManager, project_clash
from servers.minecraft.server_info import ServerInfo, describe

Signature = tuple[str, int, int, int]


class Catalog:
    """The servers on disk. Blocking for as long as a few stat calls take; safe from any thread."""

    def __init__(self, manager: DockerMCManager, allowed_images: Sequence[str]) -> None:
        self._manager = manager
        self._allowed_images = allowed_images
        self._known: dict[str, tuple[Signature, ServerInfo]] = {}

    def names(self) -> list[str]:
        """List the names of all servers, sorted."""
        return self._manager.list_names()

    def exists(self, server_id: str) -> bool:
        """Tell whether the server has a compose file."""
        return self._signature(self._manager.get_instance(server_id)) is not None

    def info(self, server_id: str) -> ServerInfo:
        """Describe one server; raises ServerNotFound."""
        instance = self._manager.get_instance(server_id)
        signature = self._signature(instance)
        if signature is None:
            self._known.pop(server_id, None)
            raise ServerNotFound(f"The server {server_id!r} was not found.")
        known = self._known.get(server_id)
        if known is not None and known[0] == signature:
            return known[1]
        info = describe(server_id, instance.read_compose, self._allowed_images)
        self._known[server_id] = (signature, info)
        return info

    def all(self) -> list[ServerInfo]:
        """Describe every server; one that goes away meanwhile is left out."""
        found = []
        for name in self.names():
            try:
                found.append(self.info(name))
            except ServerNotFound:
                continue
        return found

    def clash(self, server_id: str) -> str | None:
        """Return another server whose Compose project has the same name, or None."""
        return project_clash(server_id, self.names())

    def clashes(self) -> dict[str, str]:
        """Return, for every server whose Compose project is another's too, that other server."""
        seen: dict[str, str] = {}
        found: dict[str, str] = {}
        for name in self.names():
            other = seen.setdefault(project_name(name), name)
            if other != name:
                found[name] = other
                found.setdefault(other, name)
        return found

    def _signature(self, instance: MCInstance) -> Signature | None:
        try:
            with Root(instance.directory) as root:
                names = find_files(root)
                found = root.stat(names[0]) if names else None
        except FileMissing:
            return None
        except AppError:  # we may not look: described as a problem
            return ("", 0, 0, 0)
        return (names[0], found.st_ino, found.st_size, found.st_mtime_ns) if found else None

