"""Minecraft's rules for a compose file: strict for what is written through us, lenient for what lies on disk."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

from servers.docker.compose_file.document import ComposeFile, Service, duration_s, literal
from servers.docker.compose_file.ports import Port
from servers.docker.compose_file.rendered import RenderedProject
from servers.docker.compose_file.volumes import Volume
from servers.docker.compose_file.yaml_text import BadComposeFile, Document, Path, Problem, parse_yaml
from servers.minecraft.compose import derivations
from servers.minecraft.compose.derivations import BEDROCK_PORT, GAME_PORT, RCON_PORT, UNKNOWN, Edition

SERVICE = "mc"
HOST_NETWORK = "host"
MAX_PUBLISHED_PORTS = 1000
# Conventions of ours that a file made elsewhere does not know, and that nothing depends on.
HINTS = frozenset({"no_mc_service", "container_name", "version_missing", "port_missing"})
# Faults that an update of such a file need not mend.
LEFT_AS_THEY_ARE = frozenset({"version_number"})


@dataclass(frozen=True)
class MCComposeFile:
    """A compose file with one of its services as the Minecraft server.

    Attributes:
        file: the generic model; of a file on disk, what of it is right.
        service_name: the Minecraft service; None when none is recognised.
        problems: sentences, one for each fault that hinders the panel.
        hints: sentences, one for each broken convention: the panel does without it.
        conventions: those sentences without their lines, and those of faults that an update may leave as they are.
        allowed_images: which images are games.
    """

    file: ComposeFile
    service_name: str | None
    problems: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    conventions: frozenset[str] = frozenset()
    allowed_images: tuple[str, ...] = ()

    @classmethod
    def from_yaml(
        cls,
        text: str | bytes,
        *,
        server_id: str,
        allowed_images: Sequence[str],
        rendered: RenderedProject | None = None,
        before: Self | None = None,
    ) -> Self:
        """Read a text that is to be written.

        Args:
            rendered: what Compose makes of it, as in ``read``.
            before: the file that it replaces: a convention that this one breaks already may stay broken.

        Raises:
            BadComposeFile: naming every broken rule with its line.
        """
        document = parse_yaml(text)
        file, faults = (rendered.file, []) if rendered else ComposeFile.from_document_in_part(document)
        rules = broken_rules(file, document, server_id=server_id, allowed_images=allowed_images)
        known = before.conventions if before is not None else frozenset()
        broken = [*faults, *(one for one in rules if one.message not in known)]
        if broken:
            raise BadComposeFile(broken)
        return cls(file, _choose_service(file, allowed_images), allowed_images=tuple(allowed_images))

    @classmethod
    def read(
        cls,
        text: str | bytes,
        *,
        server_id: str,
        allowed_images: Sequence[str],
        rendered: RenderedProject | None = None,
    ) -> Self:
        """Read a text that lies on disk; broken rules become ``problems``.

        Args:
            rendered: what Compose makes of the text and the files beside it: the values are taken from there, and
                the text only tells the lines. Without it they are the text's own, as far as no variable hides them.

        Raises:
            BadComposeFile: it is no YAML that we would read.
        """
        document = parse_yaml(text)
        file, faults = (rendered.file, []) if rendered else ComposeFile.from_document_in_part(document)
        broken = broken_rules(file, document, server_id=server_id, allowed_images=allowed_images)
        found = [*faults, *broken]
        return cls(
            file,
            _choose_service(file, allowed_images),
            problems=tuple(str(one) for one in found if one.code not in HINTS),
            hints=tuple(str(one) for one in found if one.code in HINTS),
            conventions=frozenset(one.message for one in found if one.code in HINTS | LEFT_AS_THEY_ARE),
            allowed_images=tuple(allowed_images),
        )

    @property
    def service(self) -> Service:
        """The Minecraft service; an empty one when none is recognised."""
        return self.file.services[self.service_name] if self.service_name else Service()

    @property
    def games(self) -> tuple[str, ...]:
        """The services that run an allowed image, in the file's order, and ``service_name`` in any case."""
        return tuple(_games(self.file, self.allowed_images) | dict.fromkeys(filter(None, (self.service_name,))))

    @property
    def environment(self) -> dict[str, str | None]:
        """The variables as the container gets them; None for one that is passed through or that a variable hides."""
        return {
            name: None if value is None else literal(value) for name, value in self.service.environment.items()
        }

    @property
    def ports(self) -> list[Port]:
        return self.service.ports

    @property
    def volumes(self) -> list[Volume]:
        return self.service.volumes

    @property
    def image(self) -> str:
        return self.service.image or ""

    @property
    def container_name(self) -> str | None:
        return self.service.container_name

    @property
    def restart(self) -> str | None:
        return self.service.restart

    @property
    def server_type(self) -> str:
        return derivations.server_type(self.service.environment) if self.service_name else UNKNOWN

    @property
    def game_version(self) -> str:
        return derivations.game_version(self.service.environment)

    @property
    def java_version(self) -> int | None:
        return derivations.java_version(self.image)

    @property
    def max_memory_bytes(self) -> int:
        return derivations.max_memory_bytes(self.service.environment)

    @property
    def is_bedrock(self) -> bool:
        return derivations.is_bedrock(self.image)

    @property
    def game_port(self) -> int:
        """The port of this machine that players come by; the game's own where none is published."""
        target = game_target(self.service)
        protocol = "udp" if self.is_bedrock else "tcp"
        number = derivations.published(self.ports, target, protocol=protocol)
        return number or self._own(target, BEDROCK_PORT, GAME_PORT)

    @property
    def rcon_port(self) -> int:
        target = derivations.rcon_target(self.service.environment)
        return derivations.published(self.ports, target) or self._own(target, RCON_PORT, RCON_PORT)

    def _own(self, target: int, bedrock: int, java: int) -> int:
        return target if self.service.network_mode == HOST_NETWORK else bedrock if self.is_bedrock else java

    @property
    def stop_grace_period_s(self) -> float | None:
        return duration_s(self.service.stop_grace_period)

    @property
    def published_ports(self) -> list[tuple[str, int, str]]:
        """The ports on this machine that the file's services take: address (empty: all), number, protocol.

        Of a file on disk that publishes more than a thousand, the first thousand.
        """
        return list(islice(_published(self.file), MAX_PUBLISHED_PORTS))

    @property
    def page_ports(self) -> list[int]:
        """The TCP ports on this machine that may show a web page: all that are no game's and no RCON's, sorted."""
        found: set[int] = set()
        for name, service in self.file.services.items():
            own = {game_target(service), derivations.rcon_target(service.environment)} if name in self.games else set()
            found |= {
                number
                for port in service.ports
                if port.protocol == "tcp"
                for number, target in zip(port.published or (), port.target, strict=False)
                if target not in own
            }
        return sorted(found)

    @property
    def on_host_network(self) -> list[str]:
        """The services that have no network of their own: any port on which they listen is this machine's."""
        return [name for name, one in self.file.services.items() if one.network_mode == HOST_NETWORK]


def broken_rules(
    file: ComposeFile, document: Document, *, server_id: str, allowed_images: Sequence[str]
) -> Iterator[Problem]:
    """Yield every rule that the file breaks, with its line; without a service ``mc``, those of the likeliest one."""
    name = _choose_service(file, allowed_images)
    if name is None:
        line = document.line_of(("services",))
        message = f"There must be a service called `{SERVICE}`, or one with an allowed image."
        yield Problem("no_game_service", message, line)
    elif name != SERVICE:
        line = document.line_of(("services", name))
        yield Problem("no_mc_service", f"There must be a service called `{SERVICE}`.", line)
    if sum(1 for _ in islice(_published(file), MAX_PUBLISHED_PORTS + 1)) > MAX_PUBLISHED_PORTS:
        message = f"The services may publish at most {MAX_PUBLISHED_PORTS} ports."
        yield Problem("too_many_ports", message, document.line_of(("services",)))
    if name is None:
        return
    at, service = ("services", name), file.services[name]
    if service.container_name != f"mc-{server_id}":
        line = document.line_of((*at, "container_name"))
        yield Problem("container_name", f"container_name must be `mc-{server_id}`.", line)
    if not derivations.is_allowed(service.image or "", allowed_images):
        allowed = ", ".join(allowed_images)
        yield Problem("image", f"The image must be one of: {allowed}.", document.line_of((*at, "image")))
    if _edition(service) is Edition.JAVA:  # nothing else needs a VERSION
        yield from _version_rules(service, document, (*at, "environment"))
    yield from _port_rules(service, document, (*at, "ports"))


def _port_rules(service: Service, document: Document, at: Path) -> Iterator[Problem]:
    game, rcon = game_target(service), derivations.rcon_target(service.environment)
    wanted = {
        Edition.JAVA: {game: "the game", rcon: "RCON"},
        Edition.BEDROCK: {},  # players come by UDP, and it has no RCON
        Edition.PROXY: {game: "the proxy"},
    }
    for target, use in wanted[_edition(service)].items():
        if not _is_reached(service, target):
            yield Problem("port_missing", f"Port {target} ({use}) must be published.", document.line_of(at))


def game_target(service: Service) -> int:
    """Return the port that the service's game listens on for players."""
    return derivations.game_target(service.environment, edition=_edition(service))


def _edition(service: Service) -> Edition:
    return derivations.edition_of(service.image or "", service.environment)


def _is_reached(service: Service, target: int) -> bool:
    if service.network_mode == HOST_NETWORK:
        return True
    return any(target in port.target and port.protocol == "tcp" for port in service.ports)


def _version_rules(service: Service, document: Document, at: Path) -> Iterator[Problem]:
    version = service.environment.get("VERSION")
    if not version:
        yield Problem("version_missing", "environment.VERSION must be set.", document.line_of((*at, "VERSION")))
    elif isinstance(_written(document, (*at, "VERSION")), int | float):
        message = f"VERSION without quotes is no text, so the container gets {version}: quote it."
        yield Problem("version_number", message, document.line_of((*at, "VERSION")))


def _written(document: Document, path: Path) -> Any:
    """Return the value at ``path`` as YAML reads it; None where the path leads through no mapping."""
    value: Any = document.value
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _published(file: ComposeFile) -> Iterator[tuple[str, int, str]]:
    return published(port for service in file.services.values() for port in service.ports)


def published(ports: Iterable[Port]) -> Iterator[tuple[str, int, str]]:
    """Yield the ports of this machine that are taken: address (empty: all), number, protocol."""
    for port in ports:
        for number in port.published or ():
            yield port.host, number, port.protocol


def _choose_service(file: ComposeFile, allowed_images: Sequence[str]) -> str | None:
    if SERVICE in file.services:
        return SERVICE
    return next(iter(_games(file, allowed_images)), None)


def _games(file: ComposeFile, allowed_images: Sequence[str]) -> dict[str, None]:
    names = (name for name, one in file.services.items() if derivations.is_allowed(one.image or "", allowed_images))
    return dict.fromkeys(names)
