"""A server as the API shows it: its compose file and its present state joined."""

from typing import Any

from servers import wiring
from servers.minecraft.server_info import ServerInfo
from servers.minecraft.status import MCServerStatus


def server_item(info: ServerInfo) -> dict[str, Any]:
    """Return one server in the shape of ServerItemSerializer, from memory."""
    live = wiring.live()
    status = live.status(info.id)
    healthy = status.status is MCServerStatus.HEALTHY
    clash = live.catalog.clash(info.id)
    problems = [info.problem] if info.problem else []
    if clash:
        problems.append(f"{clash!r} has the same Compose project name; rename one of the two directories.")
    return {
        "id": info.id,
        "name": info.name,
        "serverType": info.server_type,
        "gameVersion": info.game_version,
        "gamePort": info.game_port,
        "maxMemoryBytes": info.max_memory_bytes,
        "rconPort": info.rcon_port,
        "javaVersion": info.java_version,
        "status": status.status,
        "statusReason": status.reason,
        "since": status.since,
        "cpuPercentage": None,
        "memoryUsageBytes": None,
        "onlinePlayers": list(live.players(info.id).online) if healthy else None,
        "diskUsageBytes": None,
        "problem": " ".join(problems) or None,
    }
