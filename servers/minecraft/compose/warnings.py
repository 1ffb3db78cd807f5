"""What a compose file does that may be regretted: sentences that never refuse anything."""

from collections.abc import Iterator

from servers.docker.compose_file.document import Service
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
_NO_MOUNT = "Nothing is mounted at {0}, so the game's files are lost with its container. Mount a folder: `./data:{0}`."
_READ_ONLY = "{0} is mounted read-only, so the game can save nothing. Take `read_only` or `:ro` from that mount."
_MOST_DIGITS = 18  # beyond any machine; Python itself refuses to read some thousands


def warnings_of(compose: MCComposeFile) -> Iterator[str]:
    """Yield the warnings of the Minecraft service."""
    if compose.service_name is None:
        return
    heap, limit = compose.max_memory_bytes, memory_limit_bytes(compose.service)
    if heap and limit and heap >= limit:
        yield "Java's heap (MAX_MEMORY) is as large as the container's memory limit: the kernel will kill the game."
    if compose.stop_grace_period_s is None:
        yield "Without stop_grace_period Docker gives the game 10 s to save when it stops it by itself."
    for port in compose.ports:
        if port.published_for(RCON_PORT) is not None and port.host in ALL_INTERFACES:
            yield "RCON is published on all interfaces: whoever finds the password rules the server. Use 127.0.0.1."
    if compose.service.profiles:
        yield "The game has `profiles`, so Compose does not start it: remove them from this service."
    if "@" not in compose.image and derivations.image_tag(compose.image) in FLOATING_TAGS:
        yield "The image has no fixed tag: another Java may come with the next pull."
    if not pids_limit(compose.service):
        yield "Without pids_limit a plugin that runs wild can use up all processes of this machine."
    yield from _mount_warnings(compose)
    yield from java_warnings(compose)


def _mount_warnings(compose: MCComposeFile) -> Iterator[str]:
    target = data_target(compose.image)
    mount = mount_of_file(compose.volumes, {}, project="", target=target)
    if mount is None or (mount.kind == "volume" and not mount.name):
        yield _NO_MOUNT.format(target)
    elif not mount.is_writable:
        yield _READ_ONLY.format(target)


def java_warnings(compose: MCComposeFile) -> Iterator[str]:
    """Yield why the game does not start with the Java that the image's tag names."""
    version = compose.environment.get("VERSION", "")
    if compose.is_bedrock or compose.server_type not in _OF_THE_GAME:
        return
    if compose.java_version is None or version is None:  # the tag does not say, or a variable hides it
        return
    found = java.disagreement(version, compose.server_type, compose.java_version)
    if found is not None:
        yield found


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
