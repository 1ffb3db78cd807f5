"""Minecraft's rules for a compose file: strict for what is written through us, lenient for what lies on disk."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from servers.docker.compose_file import ComposeFile, Service
from servers.docker.compose_yaml import BadComposeFile, Document, Problem, parse_yaml
from servers.docker.ports import Port
from servers.minecraft import derivations
from servers.minecraft.derivations import GAME_PORT, RCON_PORT

SERVICE = "mc"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class MCComposeFile:
    """A compose file with one of its services as the Minecraft server.

    Attributes:
        file: the generic model.
        service_name: the Minecraft service; None when none is recognised.
        problems: sentences, one for each broken rule.
    """

    file: ComposeFile
    service_name: str | None
    problems: tuple[str, ...] = ()

    @classmethod
    def from_yaml(cls, text: str | bytes, *, server_id: str, allowed_images: Sequence[str]) -> Self:
        """Read a text that is to be written.

        Raises:
            BadComposeFile: naming every broken rule with its line.
        """
        document = parse_yaml(text)
        file = ComposeFile.from_document(document)
        broken = list(broken_rules(file, document, server_id=server_id, allowed_images=allowed_images))
        if broken:
            raise BadComposeFile(broken)
        return cls(file, SERVICE)

    @classmethod
    def read(cls, text: str | bytes, *, server_id: str, allowed_images: Sequence[str]) -> Self:
        """Read a text that lies on disk; broken rules become ``problems``.

        Raises:
            BadComposeFile: it is no compose file at all.
        """
        document = parse_yaml(text)
        file = ComposeFile.from_document(document)
        broken = broken_rules(file, document, server_id=server_id, allowed_images=allowed_images)
        return cls(file, _choose_service(file, allowed_images), tuple(map(str, broken)))

    @property
    def service(self) -> Service:
        """The Minecraft service; an empty one when none is recognised."""
        return self.file.services[self.service_name] if self.service_name else Service()

    @cached_property
    def environment(self) -> dict[str, str | None]:
        return self.service.environment_values()

    @cached_property
    def ports(self) -> list[Port]:
        return self.service.port_list()

    @property
    def image(self) -> str:
        return self.service.image or ""

    @property
    def server_type(self) -> str:
        return derivations.server_type(self.environment) if self.service_name else UNKNOWN

    @property
    def game_version(self) -> str:
        return self.environment.get("VERSION") or UNKNOWN

    @property
    def java_version(self) -> int | None:
        return derivations.java_version(self.image)

    @property
    def max_memory_bytes(self) -> int:
        return derivations.max_memory_bytes(self.environment)

    @property
    def game_port(self) -> int:
        return derivations.published(self.ports, GAME_PORT) or GAME_PORT

    @property
    def rcon_port(self) -> int:
        return derivations.published(self.ports, RCON_PORT) or RCON_PORT

    @property
    def rcon_password(self) -> str | None:
        """The password in the file; None when it is not there, or a variable hides it."""
        value = self.environment.get("RCON_PASSWORD")
        if not value or "$" in value.replace("$$", ""):
            return None
        return value.replace("$$", "$")

    @property
    def stop_grace_period_s(self) -> float | None:
        return self.service.stop_grace_period_s()

    @property
    def published_ports(self) -> list[tuple[str, int, str]]:
        """Every port on this machine that the file's services take: address (empty: all), number, protocol."""
        return [
            (port.host, number, port.protocol)
            for service in self.file.services.values()
            for port in service.port_list()
            for number in port.published or ()
        ]


def broken_rules(
    file: ComposeFile, document: Document, *, server_id: str, allowed_images: Sequence[str]
) -> Iterator[Problem]:
    """Yield every rule that the file breaks, with its line."""
    service = file.services.get(SERVICE)
    if service is None:
        line = document.line_of(("services",))
        yield Problem("no_mc_service", f"There must be a service called `{SERVICE}`.", line)
        return
    at = ("services", SERVICE)
    if service.container_name != f"mc-{server_id}":
        line = document.line_of((*at, "container_name"))
        yield Problem("container_name", f"container_name must be `mc-{server_id}`.", line)
    if not derivations.is_allowed(service.image or "", allowed_images):
        allowed = ", ".join(allowed_images)
        yield Problem("image", f"The image must be one of: {allowed}.", document.line_of((*at, "image")))
    yield from _version_rules(service, document, (*at, "environment"))
    ports = service.port_list()
    for target, use in ((GAME_PORT, "the game"), (RCON_PORT, "RCON")):
        if not any(target in port.target for port in ports):
            line = document.line_of((*at, "ports"))
            yield Problem("port_missing", f"Port {target} ({use}) must be published.", line)


def _version_rules(service: Service, document: Document, at: tuple[str | int, ...]) -> Iterator[Problem]:
    version = service.environment_values().get("VERSION")
    line = document.line_of((*at, "VERSION"))
    if not version:
        yield Problem("version_missing", "environment.VERSION must be set.", document.line_of(at))
    elif isinstance(service.environment, dict) and not isinstance(service.environment["VERSION"], str):
        message = f"VERSION without quotes is a number, so the container gets {version}: quote it."
        yield Problem("version_number", message, line)


def _choose_service(file: ComposeFile, allowed_images: Sequence[str]) -> str | None:
    if SERVICE in file.services:
        return SERVICE
    fitting = [name for name, one in file.services.items() if derivations.is_allowed(one.image or "", allowed_images)]
    return fitting[0] if len(fitting) == 1 else None
