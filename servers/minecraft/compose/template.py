"""The compose file that we write for whoever has none: one template, one place."""

import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum

import yaml

from core.errors import InvalidRequest
from servers.minecraft.compose import derivations, java

MAX_MOTD_CHARACTERS = 512
MAX_PLAYERS = 2**31 - 1  # server.properties holds a 32-bit number
_MIB, _GIB, _TIB = 1024**2, 1024**3, 1024**4
_MIN_HEAP_BYTES = 256 * _MIB
_HEADROOM_BYTES = _GIB  # Java needs memory beside its heap; without it the kernel kills a healthy server
_IMAGE_INIT_HEAP_BYTES = _GIB  # the image begins with this heap; Java refuses a smaller MAX_MEMORY below it
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
# Control characters, every kind of line break, halves of characters, marks that no text holds.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


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
    """What a new server is to be.

    Attributes:
        type: a ServerType, in any case.
        java: 8, 11, 17, 21 or 25; ``auto``: what the version needs.
        max_memory: the heap, ``2G`` or ``1.5 GB``; from 256 MiB to 1 TiB.
        game_port: on this machine, open to all.
        rcon_port: on this machine, open to this machine only.
    """

    id: str
    game_port: int
    rcon_port: int
    accept_eula: bool = False
    type: str = ServerType.VANILLA.value
    version: str = "LATEST"
    java: str = java.AUTO
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
    return _compose_file(parameters, image=image, heap=_heap_bytes(parameters))


def _compose_file(parameters: ServerParameters, *, image: str, heap: int) -> str:
    limit_mib = (heap + max(_HEADROOM_BYTES, heap // 4)) // _MIB
    return f"""# Written by MC Admin. Change it as you like: what is here is what runs.
services:
  mc:
    image: {_text(f"{image}:{_tag(parameters)}")}
    container_name: {_text(f"mc-{parameters.id}")}
    environment:
      EULA: "TRUE" # you accepted https://aka.ms/MinecraftEULA
      TYPE: {_text(parameters.type.upper())}{_type_note(parameters)}
      VERSION: {_text(parameters.version)} # keep the quotes: 1.20 without them is 1.2
      MAX_MEMORY: {_text(_size(heap))} # Java's heap{_first_heap(heap)}
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


def _tag(parameters: ServerParameters) -> str:
    chosen = parameters.java
    return f"java{java.best_java(parameters.version, parameters.type) if chosen == java.AUTO else chosen}"


def _text(value: str) -> str:
    """Quote a text for YAML, and ``$`` for Compose, which would replace variables."""
    quoted = yaml.safe_dump(value.replace("$", "$$"), default_style='"', width=10_000, allow_unicode=True)
    return quoted.strip()


def _heap_bytes(parameters: ServerParameters) -> int:
    return derivations.max_memory_bytes({"MAX_MEMORY": parameters.max_memory})


def _size(heap: int) -> str:
    """Write a heap as Java takes it, which knows neither decimals nor spaces nor ``GB``."""
    return f"{heap // _GIB}G" if heap % _GIB == 0 else f"{heap // _MIB}M"


def _first_heap(heap: int) -> str:
    return f"\n      INIT_MEMORY: {_text(_size(heap))}" if heap < _IMAGE_INIT_HEAP_BYTES else ""


def _type_note(parameters: ServerParameters) -> str:
    if parameters.type.upper() != ServerType.CUSTOM:
        return ""
    return " # add CUSTOM_SERVER: the address of the jar, or its path such as /data/server.jar"


def _errors(parameters: ServerParameters) -> dict[str, list[str]]:
    said = {
        "id": _ID.fullmatch(parameters.id) or "id may have lower-case letters, digits, - and _, at most 63.",
        "accept_eula": parameters.accept_eula is True
        or "Minecraft's EULA must be accepted: https://aka.ms/MinecraftEULA",
        "type": parameters.type.upper() in set(ServerType) or f"type must be one of: {', '.join(ServerType)}.",
        "version": _VERSION.fullmatch(parameters.version)
        or "version must be a game version such as 1.21.4, LATEST or SNAPSHOT.",
        "java": parameters.java in java.CHOICES or f"java must be one of: {', '.join(java.CHOICES)}.",
        "max_memory": _MIN_HEAP_BYTES <= _heap_bytes(parameters) <= _TIB
        or "max_memory must be a size from 256M to 1T, such as 2G or 1536M.",
        "motd": (_is_line(parameters.motd) and len(parameters.motd) <= MAX_MOTD_CHARACTERS)
        or f"motd must be one line of at most {MAX_MOTD_CHARACTERS} characters, without control characters.",
        "max_players": 1 <= parameters.max_players <= MAX_PLAYERS or f"max_players must be from 1 to {MAX_PLAYERS}.",
        "game_port": _is_port(parameters.game_port) or "game_port must be from 1 to 65535.",
        "rcon_port": (_is_port(parameters.rcon_port) and parameters.rcon_port != parameters.game_port)
        or "rcon_port must be from 1 to 65535 and differ from game_port.",
        "rcon_password": (_is_line(parameters.rcon_password) and parameters.rcon_password != "")
        or "rcon_password must be one line, without control characters.",
    }
    return {name: [message] for name, message in said.items() if isinstance(message, str)}


def _is_line(text: str) -> bool:
    return _UNPRINTABLE.search(text) is None


def _is_port(number: int) -> bool:
    return 0 < number <= 65535
