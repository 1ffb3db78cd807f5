"""What a compose file does that may be regretted: sentences that never refuse anything."""

from collections.abc import Iterator
from dataclasses import dataclass

from servers.docker.compose_file.document import Service
from servers.docker.compose_file.yaml_text import BadComposeFile, Problem, parse_yaml
from servers.minecraft.compose import derivations, java
from servers.minecraft.compose.derivations import RCON_PORT
from servers.minecraft.compose.rules import MCComposeFile
from servers.minecraft.data_root import data_target, mount_of_file

ALL_INTERFACES = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared, nothing listens
FLOATING_TAGS = frozenset({"", "latest", "stable"})
# Their VERSION is the game's, and LATEST its newest; a modpack chooses a version of its own.
_OF_THE_GAME = frozenset(
    {"VANILLA", "PAPER", "PURPUR", "PUFFERFISH", "FOLIA", "SPIGOT", "BUKKIT", "FABRIC", "QUILT", "FORGE", "NEOFORGE"}
)
_HEAP = "Java's heap (MAX_MEMORY) is as large as the container's memory limit: the kernel will kill the game."
_NO_GRACE = "Without stop_grace_period Docker gives the game 10 s to save when it stops it by itself."
_RCON = "RCON is published on all interfaces: whoever finds the password rules the server. Use 127.0.0.1."
_PROFILES = "The game has `profiles`, so Compose does not start it: remove them from this service."
_NO_PIDS_LIMIT = "Without pids_limit a plugin that runs wild can use up all processes of this machine."
_NO_MOUNT = "Nothing is mounted at {0}, so the game's files are lost with its container. Mount a folder: `./data:{0}`."
_READ_ONLY = "{0} is mounted read-only, so the game can save nothing. Take `read_only` or `:ro` from that mount."
_MOST_DIGITS = 18  # beyond any machine; Python itself refuses to read some thousands


@dataclass(frozen=True, slots=True)
class _Regret:
    """A stable code, a sentence, and the key of the service that it is about."""

    code: str
    sentence: str
    key: str = ""


def warnings_of(compose: MCComposeFile) -> Iterator[str]:
    """Yield the warnings of the Minecraft service."""
    return (one.sentence for one in _regrets(compose))


def warnings_with_lines(compose: MCComposeFile, text: str) -> list[Problem]:
    """Return the same with their codes, and the lines of ``text``, which ``compose`` was read from."""
    try:
        document = parse_yaml(text)
    except BadComposeFile:
        return []
    at = ("services", str(compose.service_name))
    return [Problem(one.code, one.sentence, document.line_of((*at, one.key))) for one in _regrets(compose)]


def java_warnings(compose: MCComposeFile) -> Iterator[str]:
    """Yield why the game does not start with the Java that the image's tag names."""
    return (one.sentence for one in _java_regrets(compose))


def _regrets(compose: MCComposeFile) -> Iterator[_Regret]:
    if compose.service_name is None:
        return
    heap, limit = compose.max_memory_bytes, memory_limit_bytes(compose.service)
    if heap and limit and heap >= limit:
        yield _Regret("heap_at_limit", _HEAP, "mem_limit")
    if compose.stop_grace_period_s is None:
        yield _Regret("no_stop_grace_period", _NO_GRACE)
    for port in compose.ports:
        if port.published_for(RCON_PORT) is not None and port.host in ALL_INTERFACES:
            yield _Regret("rcon_on_all_interfaces", _RCON, "ports")
    if compose.service.profiles:
        yield _Regret("game_has_profiles", _PROFILES, "profiles")
    if "@" not in compose.image and derivations.image_tag(compose.image) in FLOATING_TAGS:
        yield _Regret("floating_tag", "The image has no fixed tag: another Java may come with the next pull.", "image")
    if not pids_limit(compose.service):
        yield _Regret("no_pids_limit", _NO_PIDS_LIMIT)
    yield from _mount_regrets(compose)
    yield from _java_regrets(compose)


def _mount_regrets(compose: MCComposeFile) -> Iterator[_Regret]:
    target = data_target(compose.image)
    mount = mount_of_file(compose.volumes, {}, project="", target=target)
    if mount is None or (mount.kind == "volume" and not mount.name):
        yield _Regret("no_data_mount", _NO_MOUNT.format(target), "volumes")
    elif not mount.is_writable:
        yield _Regret("data_read_only", _READ_ONLY.format(target), "volumes")


def _java_regrets(compose: MCComposeFile) -> Iterator[_Regret]:
    version = compose.environment.get("VERSION", "")
    if compose.is_bedrock or compose.server_type not in _OF_THE_GAME:
        return
    if compose.java_version is None or version is None:  # the tag does not say, or a variable hides it
        return
    found = java.disagreement(version, compose.server_type, compose.java_version)
    if found is not None:
        yield _Regret("java_version", found, "image")


def memory_limit_bytes(service: Service) -> int:
    """Return the container's memory limit in either spelling, 0 when there is none."""
    value = (service.model_extra or {}).get("mem_limit") or _limits(service).get("memory")
    text = str(value or "")
    if (count := whole(text)) is not None:
        return count  # Docker counts bytes where no unit is
    return derivations.max_memory_bytes({"MAX_MEMORY": text})


def pids_limit(service: Service) -> int:
    """Return the limit of processes in either spelling, 0 when there is none."""
    text = str((service.model_extra or {}).get("pids_limit") or _limits(service).get("pids") or 0)
    return whole(text) or 0


def whole(text: str) -> int | None:
    """Return the number that ``text`` is; None for what Docker takes for none: no digits of ours, or too many."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _limits(service: Service) -> dict[str, object]:
    deploy = (service.model_extra or {}).get("deploy")
    resources = deploy.get("resources") if isinstance(deploy, dict) else None
    limits = resources.get("limits") if isinstance(resources, dict) else None
    return limits if isinstance(limits, dict) else {}
