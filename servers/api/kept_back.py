"""What somebody without the right `compose` is not told of a server's compose file: logins, and places of the host."""

import re
from typing import Any

from accounts.rights.rights import Rights
from accounts.rights.verbs import Verb
from servers.api.details import ServerDetail, VolumePayload
from servers.api.secrets import MASKED
from servers.changes.compose_safety import Finding
from servers.minecraft.data_root import without_places

# Variables of the images whose values are no login, whatever stands there. Any other may be one, whatever its name is:
# a webhook, a flag of Java with a password, an address of a private pack.
HARMLESS = frozenset({
    "EULA", "TYPE", "VERSION", "SERVER_TYPE", "FORGE_VERSION", "NEOFORGE_VERSION", "FABRIC_LOADER_VERSION",
    "FABRIC_LAUNCHER_VERSION", "QUILT_LOADER_VERSION", "PAPER_BUILD", "PAPER_CHANNEL", "PURPUR_BUILD",
    "MEMORY", "INIT_MEMORY", "MAX_MEMORY", "USE_AIKAR_FLAGS", "USE_MEOWICE_FLAGS", "USE_SIMD_FLAGS", "TZ", "UID", "GID",
    "MOTD", "SERVER_NAME", "LEVEL", "LEVEL_NAME", "LEVEL_TYPE", "MODE", "GAMEMODE", "DIFFICULTY", "MAX_PLAYERS",
    "VIEW_DISTANCE", "SIMULATION_DISTANCE", "TICK_DISTANCE", "SPAWN_PROTECTION", "MAX_BUILD_HEIGHT", "MAX_WORLD_SIZE",
    "MAX_TICK_TIME", "PLAYER_IDLE_TIMEOUT", "NETWORK_COMPRESSION_THRESHOLD", "OP_PERMISSION_LEVEL",
    "FUNCTION_PERMISSION_LEVEL", "DEFAULT_PLAYER_PERMISSION_LEVEL", "SERVER_PORT", "RCON_PORT", "QUERY_PORT",
    "STOP_DURATION", "STOP_SERVER_ANNOUNCE_DELAY", "AUTOPAUSE_TIMEOUT_EST", "AUTOPAUSE_TIMEOUT_INIT",
    "AUTOPAUSE_TIMEOUT_KN", "AUTOPAUSE_PERIOD",
})
_YES_OR_NO = {"true", "false"}
_QUOTED = re.compile(r"`/[^`]*`?")  # a place, in a sentence of the safety policy


def for_reader(detail: ServerDetail, rights: Rights) -> ServerDetail:
    """Return a server's page as somebody may read it."""
    if Verb.COMPOSE in rights.verbs(detail["id"]):
        return detail
    shown: ServerDetail = {
        **detail,
        "environment": {name: _shown(name, value) for name, value in detail["environment"].items()},
        "volumes": [_volume(one) for one in detail["volumes"]],
        "findings": [_finding(one) for one in detail["findings"]],
        "dataRoot": {**detail["dataRoot"], "sentence": without_places(detail["dataRoot"]["sentence"])},
    }
    return shown


def _shown(name: str, value: Any) -> Any:
    is_plain = not value or name in HARMLESS or str(value).casefold() in _YES_OR_NO
    return value if is_plain else MASKED


def _volume(one: VolumePayload) -> VolumePayload:
    source = one["source"]
    return {**one, "source": MASKED} if source is not None and source.startswith(("/", "~", "..")) else one


def _finding(one: Finding) -> Finding:
    return {**one, "message": _QUOTED.sub(f"`{MASKED}`", one["message"])}
