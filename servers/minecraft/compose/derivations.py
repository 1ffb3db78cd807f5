"""What a Minecraft image is told by its environment, tag and ports.

Environments are those of ``Service.environment``: a value that a variable hides tells nothing.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from servers.docker.compose_file.document import literal
from servers.docker.compose_file.ports import MAX_PORT, Port

GAME_PORT, RCON_PORT = 25565, 25575
BEDROCK_PORT = 19132  # UDP
PROXY_PORT = 25577
TYPE_NAMES = ("MODPACK_PLATFORM", "MOD_PLATFORM", "TYPE", "SERVER_TYPE")
UNKNOWN = "unknown"
_FACTOR = {None: 1024**2, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}  # no unit: MiB
_MEMORY = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{1,15})?)\s*(?:([KMGT])B?)?\s*", re.IGNORECASE)
_JAVA = re.compile(r"java([0-9]{1,3})")
_REFERENCE = re.compile(r"[A-Za-z0-9._/:@-]+")

Environment = Mapping[str, str | None]


def server_type(environment: Environment) -> str:
    """Return what the image takes for its type, in upper case; VANILLA when nothing is set, else what it says.

    A modpack's platform comes before ``TYPE``, as in the image.
    """
    value = next(filter(None, map(environment.get, TYPE_NAMES)), "VANILLA")
    known = literal(value)
    return UNKNOWN if known is None else known.upper()


def game_version(environment: Environment) -> str:
    """Return ``VERSION`` as the container gets it, or ``unknown``."""
    return literal(environment.get("VERSION") or "") or UNKNOWN


_MOST_DIGITS = 18


def max_memory_bytes(environment: Environment) -> int:
    """Return the heap of ``MAX_MEMORY``, else of ``MEMORY``; 0 when neither says a size."""
    match = _MEMORY.fullmatch(environment.get("MAX_MEMORY") or environment.get("MEMORY") or "")
    if match is None or len(match[1]) > _MOST_DIGITS:
        return 0
    unit = match[2].upper() if match[2] else None
    return int(float(match[1]) * _FACTOR[unit])


def java_version(image: str) -> int | None:
    """Return the Java version that the image's tag names, or None."""
    match = _JAVA.search(image_tag(image)) if _REFERENCE.fullmatch(image) else None  # a variable hides it
    return int(match[1]) if match else None


def image_repository(image: str) -> str:
    """Return the image without tag, digest and ``docker.io/``."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    repository = f"{head}{slash}{last.partition(':')[0]}"
    return repository.removeprefix("docker.io/")


def image_tag(image: str) -> str:
    """Return the image's tag, empty when it has none."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]


def is_allowed(image: str, allowed: Sequence[str]) -> bool:
    """Tell whether the image's repository is in ``allowed``, where ``*`` matches within one part of the path.

    A ``*`` that is all of the first part stands for a name on Docker Hub, never for another registry's host.
    """
    if not _REFERENCE.fullmatch(image):  # a variable could bring any image
        return False
    repository = image_repository(image)
    host = repository.partition("/")[0] if "/" in repository else ""
    is_elsewhere = "." in host or ":" in host or host == "localhost"
    return any(
        re.fullmatch(re.escape(one).replace(r"\*", "[^/]*"), repository)
        for one in allowed
        if not (is_elsewhere and one.startswith("*/"))
    )


class Edition(StrEnum):
    """What runs in a container, as far as it makes a difference to who asks it.

    JAVA: the game. BEDROCK: the other game: players come by UDP, and there is no RCON. PROXY: no game at all, such as
    Velocity, which hands players on: it has no world, no ``list`` and no ``save-all``.
    """

    JAVA = "java"
    BEDROCK = "bedrock"
    PROXY = "proxy"


_PORTS = {Edition.JAVA: GAME_PORT, Edition.BEDROCK: BEDROCK_PORT, Edition.PROXY: PROXY_PORT}
_PROXIES = {"BUNGEECORD", "WATERFALL", "VELOCITY", "TRAVERTINE"}  # types of the image author's proxies
_PROXY_IMAGE = re.compile(r"bungeecord|waterfall|velocity|mc-proxy")


def edition_of(image: str, environment: Environment) -> Edition:
    """Return what runs in a container of ``image``."""
    name = image_repository(image).rpartition("/")[2]
    if "bedrock" in name:
        return Edition.BEDROCK
    if _PROXY_IMAGE.search(name) or server_type(environment) in _PROXIES:
        return Edition.PROXY
    return Edition.JAVA


def is_bedrock(image: str) -> bool:
    """Tell whether the image is of the Bedrock edition."""
    return edition_of(image, {}) is Edition.BEDROCK


def game_target(environment: Environment, *, edition: Edition = Edition.JAVA) -> int:
    """Return the port that the game itself listens on for players: ``SERVER_PORT``, else the edition's own."""
    return port_number(environment.get("SERVER_PORT")) or _PORTS[edition]


def rcon_target(environment: Environment) -> int:
    """Return the port that the game itself listens on for RCON."""
    return port_number(environment.get("RCON_PORT")) or RCON_PORT


def port_number(value: str | None) -> int | None:
    """Return the port that a variable names; None for what is none."""
    if value is None or not re.fullmatch(r"[0-9]{1,5}", value):
        return None
    return int(value) if 0 < int(value) <= MAX_PORT else None


def published(ports: Sequence[Port], target: int, *, protocol: str = "tcp") -> int | None:
    """Return the port of this machine that leads to port ``target`` inside, or None."""
    found = (port.published_for(target) for port in ports if port.protocol == protocol)
    return next((number for number in found if number is not None), None)
