"""What the servers' compose files say, read again only when a file has changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import AppError
from core.paths import FileMissing, Stamp, is_settled, list_directories, stamp
from servers.docker.compose import find_files
from servers.docker.compose_file.document import project_name
from servers.docker.compose_file.rendered import RenderedProject
from servers.docker.folders import open_server
from servers.live.rendered_files import RenderedFiles
from servers.minecraft.compose.rendering import Rendering
from servers.minecraft.instance import MCInstance, ServerNotFound
from servers.minecraft.manager import DockerMCManager, is_server_id, project_clash
from servers.minecraft.server_info import ServerInfo, describe

Name = str  # of a server


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found in a directory, and how to see at a glance that it is still so."""

    directory: Stamp
    file: str
    file_stamp: Stamp | None
    rendering: Rendering | None
    info: ServerInfo | None


class Catalog:
    """The servers on disk. Blocking for as long as a few stat calls take; safe from any thread."""

    def __init__(
        self, manager: DockerMCManager, allowed_images: Sequence[str], *, rendered: RenderedFiles | None = None
    ) -> None:
        """Take the values from ``rendered``, as Docker gets them; without it from the text alone."""
        self._manager = manager
        self._rendered = rendered
        self._allowed_images = allowed_images
        self._root = str(manager.server_path)
        self._known: dict[Name, _Known] = {}

    def names(self) -> list[Name]:
        """List the names of all servers, sorted."""
        return [info.id for info in self.all()]

    def exists(self, server_id: Name) -> bool:
        """Tell whether the server has a compose file."""
        return is_server_id(server_id) and self._look(server_id) is not None

    def info(self, server_id: Name) -> ServerInfo:
        """Describe one server; raises ServerNotFound."""
        info = self._look(server_id) if is_server_id(server_id) else None
        if info is None:
            raise ServerNotFound(f"The server {server_id[:80]!r} was not found.")
        return info

    def all(self) -> list[ServerInfo]:
        """Describe every server, by name."""
        names = [name for name in list_directories(Path(self._root)) if is_server_id(name)]
        names = sorted([*names, *self._manager.list_linked_names()])
        for gone in self._known.keys() - set(names):
            self._known.pop(gone, None)
            if self._rendered is not None:
                self._rendered.forget(gone)
        return [info for name in names if (info := self._look(name)) is not None]

    def project(self, server_id: Name) -> RenderedProject | None:
        """Return a server's compose project as Docker gets it; None while it is not known, or cannot be rendered.

        Starts no process: what has changed is rendered in the background, and the last rendering counts until then.
        Blocking for as long as some stat calls take. ``services[name]`` has the mounts, ports and variables of each
        service; ``info(id).games`` names those that are games.
        """
        return self._rendered.get(server_id).project if self._rendered is not None else None

    def clash(self, server_id: Name) -> Name | None:
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

    def _look(self, server_id: Name) -> ServerInfo | None:
        """Describe a directory; None when it is no server. What has not changed is not read again."""
        path = f"{self._root}/{server_id}"
        directory = stamp(path)
        if directory is None:
            return None
        rendering = self._rendered.get(server_id) if self._rendered is not None else None
        known = self._known.get(server_id)
        is_same = known is not None and known.directory == directory and known.rendering is rendering
        if known is not None and is_same and stamp(f"{path}/{known.file}") == known.file_stamp:
            return known.info
        return self._describe(server_id, directory, rendering)

    def _describe(self, server_id: Name, directory: Stamp, rendering: Rendering | None) -> ServerInfo | None:
        instance = self._manager.get_instance(server_id)
        file = _compose_file(instance)
        file_stamp = stamp(f"{self._root}/{server_id}/{file}")
        # Until the rendering of a text that has changed is there, the text says more than an older rendering.
        fits = rendering is not None and rendering.stamps.get(file or "") == file_stamp
        try:
            info = None
            if file is not None:
                info = describe(
                    server_id, instance.read_compose, self._allowed_images, rendering if fits else None
                )
        except ServerNotFound:  # it went away between two steps
            return None
        if is_settled(directory) and (file_stamp is None or is_settled(file_stamp)):
            self._known[server_id] = _Known(directory, file or "", file_stamp, rendering, info)
        return info


def _compose_file(instance: MCInstance) -> str | None:
    try:
        with open_server(instance.directory) as root:
            names = find_files(root)
    except FileMissing:
        return None
    except AppError:  # we may not look: described as a problem
        return ""
    return names[0] if names else None
