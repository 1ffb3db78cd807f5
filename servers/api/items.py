"""A server as the API shows it: its compose file and its present state joined."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, TypeVar, cast

from accounts.identity import Identity
from accounts.rights.loading import rights_of
from accounts.rights.rights import Rights
from accounts.rights.verbs import Verb
from servers import wiring
from servers.minecraft.access import ports_of
from servers.minecraft.data_root import without_places
from servers.minecraft.server_info import ServerInfo
from servers.minecraft.status import ANSWERING, MCServerStatus, Status
from servers.minecraft.status_reason import Params, ReasonCode

AnyItem = TypeVar("AnyItem", bound=Mapping[str, Any])

_SAME_PROJECT = " has the same Compose project name; rename one of the two directories."
_CLASH = re.compile(f"'(?P<other>[^']*)'{re.escape(_SAME_PROJECT)}")
_CLASH_WITHOUT_NAME = f"Another server{_SAME_PROJECT}"


class SampledFigures(TypedDict):
    """What is sampled of a server; None where it does not run, or nothing is known (yet).

    ``cpuPercentage`` is 100 for one core, so it may exceed 100.
    """

    cpuPercentage: float | None
    memoryUsageBytes: int | None
    onlinePlayers: list[str] | None
    diskUsageBytes: int | None


class ServerItem(SampledFigures):
    """One server in a list; ``ServerItemSerializer`` documents the same fields.

    The ports are those of the container that runs, else what the file says. ``maxMemoryBytes`` is 0 where it is
    unknown; ``since`` is when the status began, None where nobody can know; ``problem`` is sentences; ``node`` is the
    machine, None where there is one.
    """

    id: str
    name: str
    serverType: str
    gameVersion: str
    gamePort: int
    maxMemoryBytes: int
    rconPort: int
    javaVersion: int | None
    status: MCServerStatus
    statusReason: str | None
    statusReasonCode: ReasonCode | None
    statusReasonParams: Params
    since: datetime | None
    problem: str | None
    node: str | None


def items_for(user: Identity) -> list[ServerItem]:
    """Return the servers that exist for ``user``; as ``server_items``."""
    rights = rights_of(user)
    return [for_rights(item, rights) for item in server_items() if rights.sees(item["id"])]


def for_rights(item: AnyItem, rights: Rights) -> AnyItem:
    """Return an item, or what differs of it, whose ``problem`` tells no more than they may know.

    It names no server that does not exist for them and, without the right ``compose``, no place of the host.
    """
    problem = item.get("problem")
    if not isinstance(problem, str):
        return item
    shown = problem if Verb.COMPOSE in rights.verbs(item["id"]) else without_places(problem)
    if (named := _CLASH.search(shown)) is not None and not rights.sees(named["other"]):
        shown = _CLASH.sub(_CLASH_WITHOUT_NAME, shown)
    return cast("AnyItem", {**item, "problem": shown})


def server_items() -> list[ServerItem]:
    """Return all servers by name, from disk and memory: no process is started, the engine is not asked."""
    catalog = wiring.live().catalog
    clashes = catalog.clashes()
    return [_item(info, clash=clashes.get(info.id)) for info in catalog.all()]


def server_item(info: ServerInfo) -> ServerItem:
    """Return one server, from the same sources."""
    return _item(info, clash=wiring.live().catalog.clash(info.id))


def _item(info: ServerInfo, *, clash: str | None) -> ServerItem:
    live = wiring.live()
    status = live.status(info.id)
    running = ports_of(live.container(info.id))  # a file that was edited since says what will be
    problems = live.problems(info)
    if clash:
        problems.append(f"{clash!r}{_SAME_PROJECT}")
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
        "statusReasonCode": status.reason_code,
        "statusReasonParams": status.reason_params,
        "since": status.since,
        **_figures(info.id, status),
        "problem": " ".join(problems) or None,
        "node": wiring.node(),
    }


def _figures(server_id: str, status: Status) -> SampledFigures:
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
