"""A server as the API shows it: its compose file and its present state joined."""

from typing import Any

from servers import wiring
from servers.minecraft.access import ports_of
from servers.minecraft.server_info import ServerInfo
from servers.minecraft.status import ANSWERING, MCServerStatus, Status


def server_items() -> list[dict[str, Any]]:
    """Return all servers in the shape of ServerItemSerializer, by name, from disk and memory."""
    catalog = wiring.live().catalog
    clashes = catalog.clashes()
    return [_item(info, clash=clashes.get(info.id)) for info in catalog.all()]


def server_item(info: ServerInfo) -> dict[str, Any]:
    """Return one server in the shape of ServerItemSerializer."""
    return _item(info, clash=wiring.live().catalog.clash(info.id))


def _item(info: ServerInfo, *, clash: str | None) -> dict[str, Any]:
    live = wiring.live()
    status = live.status(info.id)
    running = ports_of(live.container(info.id))  # a file that was edited since says what will be
    problems = live.problems(info)
    if clash:
        problems.append(f"{clash!r} has the same Compose project name; rename one of the two directories.")
    if live.foreign(info.id) is not None:
        problems.append(f"A container named mc-{info.id} was not made from this directory; remove or rename it.")
    return {
        "id": info.id,
        "name": info.name,
        "serverType": info.server_type,
        "gameVersion": info.game_version,
        "gamePort": running.game_port or info.game_port,
        "maxMemoryBytes": info.max_memory_bytes,
        "rconPort": running.rcon_port or info.rcon_port,
        "javaVersion": info.java_version,
        "status": status.status,
        "statusReason": status.reason,
        "since": status.since,
        **_figures(info.id, status),
        "problem": " ".join(problems) or None,
    }


def _figures(server_id: str, status: Status) -> dict[str, Any]:
    """Return what is sampled; null for a server that does not run, and for what is not known (yet)."""
    live = wiring.live()
    sample = live.monitoring.sampler.samples.servers.get(server_id) if status.status in ANSWERING else None
    disk = live.monitoring.disk.samples.get(server_id)
    players = live.players(server_id) if live.may_have_players(server_id) else None
    if players is not None and players.sampled_at is None and status.status is not MCServerStatus.HEALTHY:
        players = None
    return {
        "cpuPercentage": sample.cpu_percent if sample else None,
        "memoryUsageBytes": sample.usage.memory.working_set_bytes if sample and sample.usage.memory else None,
        "onlinePlayers": list(players.online) if players is not None else None,
        "diskUsageBytes": disk.used_bytes if disk else None,
    }
