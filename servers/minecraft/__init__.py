"""A Minecraft server on top of Docker: compose rules, instance, RCON, players, console lines. No Django."""

from typing import TYPE_CHECKING

from core.exports import lazy_exports

if TYPE_CHECKING:
    from servers.minecraft.compose.rules import MCComposeFile
    from servers.minecraft.figures import DiskSpaceInfo
    from servers.minecraft.instance import MCInstance
    from servers.minecraft.manager import DockerMCManager
    from servers.minecraft.status import MCServerStatus

__all__ = ["DiskSpaceInfo", "DockerMCManager", "MCComposeFile", "MCInstance", "MCServerStatus"]

__getattr__ = lazy_exports(__name__, {
    "DiskSpaceInfo": "servers.minecraft.figures",
    "DockerMCManager": "servers.minecraft.manager",
    "MCComposeFile": "servers.minecraft.compose.rules",
    "MCInstance": "servers.minecraft.instance",
    "MCServerStatus": "servers.minecraft.status",
})
