"""The compose file that we write for whoever has none: one template, one place."""

import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum

import yaml

from mcadmin.core.errors import InvalidRequest
from servers.minecraft import derivations

DEFAULT_TAG = "java21"
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_HEADROOM_BYTES = 1024**3  # Java needs memory beside its heap; without it the kernel kills a healthy server
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class ServerType(StrEnum):
    """The kinds of server that the template offers."""

    VANILLA = "VANILLA"
    PAPER = "PAPER"
    FABRIC = "FABRIC"
    FORGE = "FORGE"
    NEOFORGE = "NEOFORGE"
    SPIGOT = "SPIGOT"
    CUSTOM = "CUSTOM"


@dataclass(frozen=True, kw_only=True)
class ServerParameters:
    """What a new server is to be. ``max_memory`` is the heap, as the image takes it: ``2G``."""

    id: str
    game_port: int
    rcon_port: int
    accept_eula: bool = False
    type: str = ServerType.VANILLA.value
    version: str = "LATEST"
    max_memory: str = "2G"
    motd: str = "A Minecraft server"
    max_players: int = 20
    online_mode: bool = True
    rcon_password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)


def render(parameters: ServerParameters, *, image: str) -> str:
    """Write the compose file.

    Args:
        image: repository, without a tag.

    Raises:
        InvalidRequest: naming every parameter that is wrong.
    """
    errors = _errors(parameters)
    if errors:
        sentences = " ".join(message for messages in errors.values() for message in messages)
        raise InvalidRequest(sentences, errors=errors)
    heap = derivations.max_memory_bytes({"MAX_MEMORY": parameters.max_memory})
    limit_mib = (heap + max(_HEADROOM_BYTES, heap // 4)) // 1024**2
    return f"""# Written by MC Admin. Change it as you like: what is here is what runs.
services:
  mc:
    image: {_text(f"{image}:{DEFAULT_TAG}")}
    container_name: {_text(f"mc-{parameters.id}")}
    environment:
      EULA: "TRUE"
      TYPE: {_text(parameters.type.upper())}
      VERSION: {_text(parameters.version)}
      MAX_MEMORY: {_text(parameters.max_memory)}
      MOTD: {_text(parameters.motd)}
      MAX_PLAYERS: "{parameters.max_players}"
      ONLINE_MODE: "{str(parameters.online_mode).upper()}"
      RCON_PASSWORD: {_text(parameters.rcon_password)}
    ports:
      - "{parameters.game_port}:25565"
      - "127.0.0.1:{parameters.rcon_port}:25575" # commands: for this machine only
    volumes:
      - ./data:/data
    restart: unless-stopped
    stop_grace_period: 90s # time to save the world
    mem_limit: {limit_mib}m # the heap and room for Java itself
    pids_limit: 4096
    tty: true
    stdin_open: true
"""


def _text(value: str) -> str:
    """Quote a text for YAML, and ``$`` for Compose, which would replace variables."""
    quoted = yaml.safe_dump(value.replace("$", "$$"), default_style='"', width=10_000, allow_unicode=True)
    return quoted.strip()


def _errors(parameters: ServerParameters) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not parameters.accept_eula:
        errors["accept_eula"] = ["Minecraft's EULA must be accepted: https://aka.ms/MinecraftEULA"]
    if parameters.type.upper() not in set(ServerType):
        errors["type"] = [f"type must be one of: {', '.join(ServerType)}."]
    if not _VERSION.fullmatch(parameters.version):
        errors["version"] = ["version must be a game version such as 1.21.4, LATEST or SNAPSHOT."]
    if not 0 < derivations.max_memory_bytes({"MAX_MEMORY": parameters.max_memory}) <= 1024**4:
        errors["max_memory"] = ["max_memory must be a size such as 2G or 1536M."]
    if _CONTROL.search(parameters.motd) or len(parameters.motd) > 512:
        errors["motd"] = ["motd must be one line of at most 512 characters, without control characters."]
    if parameters.game_port == parameters.rcon_port:
        errors["rcon_port"] = ["rcon_port must differ from game_port."]
    return errors
