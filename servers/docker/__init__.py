"""The Docker engine and Compose by their command lines, cgroups and /proc; no Minecraft in it."""

from typing import TYPE_CHECKING

from core.exports import lazy_exports

if TYPE_CHECKING:
    from servers.docker.compose import ComposeManager
    from servers.docker.compose_file.document import ComposeFile
    from servers.docker.engine import DockerManager

__all__ = ["ComposeFile", "ComposeManager", "DockerManager"]

__getattr__ = lazy_exports(__name__, {
    "ComposeFile": "servers.docker.compose_file.document",
    "ComposeManager": "servers.docker.compose",
    "DockerManager": "servers.docker.engine",
})
