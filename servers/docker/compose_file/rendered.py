"""A compose project as Docker gets it: variables, ``.env``, override, ``extends`` and the like are resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self

from servers.docker.compose_file.document import ComposeFile, Service, duration_s, literal
from servers.docker.compose_file.ports import Port
from servers.docker.compose_file.volumes import Volume


@dataclass(frozen=True, slots=True)
class RenderedService:
    """One service, every value as the container gets it.

    Attributes:
        environment: None for a variable that is passed through and has no value here.
        ports: what it publishes, both protocols; a range is one entry a port.
        volumes: its mounts; a bind's source is an absolute path, a named volume's is its key in
            ``RenderedProject.volumes``, an anonymous volume's is None.
        network_mode: such as ``host``; None when it is in the project's own networks.
        restart: such as ``unless-stopped`` or ``no``; None when the file says nothing.
        profiles: it is started only when one of them is asked for; empty: always.
        stop_grace_period_s: None when the file says nothing: Docker gives 10 s then.
    """

    name: str
    image: str
    container_name: str | None
    environment: Mapping[str, str | None]
    ports: tuple[Port, ...]
    volumes: tuple[Volume, ...]
    network_mode: str | None
    restart: str | None
    profiles: tuple[str, ...]
    stop_grace_period_s: float | None


@dataclass(frozen=True, slots=True)
class RenderedVolume:
    """A volume of the top level: its name as the engine knows it, and what makes it no plain one."""

    name: str
    driver: str = "local"
    driver_opts: Mapping[str, str] = field(default_factory=dict)
    external: bool = False


@dataclass(frozen=True)
class RenderedProject:
    """What ``docker compose config --format json`` prints, typed.

    Attributes:
        file: the generic model of it, for rules that are written for it; ``$$`` in it is one dollar sign.
        config: the plain values that were printed, ``$$`` as above.
    """

    file: ComposeFile
    config: Mapping[str, Any]

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Build it from what Compose printed; raises BadComposeFile where we do not understand that."""
        return cls(ComposeFile.from_dict(config), config)

    @cached_property
    def services(self) -> Mapping[str, RenderedService]:
        """The services by name, in their order, those of every profile too."""
        return MappingProxyType({name: _service(name, one) for name, one in self.file.services.items()})

    @cached_property
    def volumes(self) -> Mapping[str, RenderedVolume]:
        """The volumes of the top level by their key in the file."""
        found = self.config.get("volumes") or {}
        return MappingProxyType({key: _volume(key, one or {}) for key, one in found.items()})


def _service(name: str, one: Service) -> RenderedService:
    return RenderedService(
        name=name,
        image=_plain(one.image) or "",
        container_name=_plain(one.container_name),
        environment=MappingProxyType({key: _plain(value) for key, value in one.environment.items()}),
        ports=tuple(one.ports),
        volumes=tuple(
            Volume(mount.type, _plain(mount.source), _plain(mount.target) or "", mount.read_only)
            for mount in one.volumes
        ),
        network_mode=_plain(one.network_mode),
        restart=one.restart,
        profiles=tuple(one.profiles),
        stop_grace_period_s=duration_s(one.stop_grace_period),
    )


def _volume(key: str, one: Mapping[str, Any]) -> RenderedVolume:
    return RenderedVolume(
        name=_plain(str(one.get("name") or key)) or key,
        driver=str(one.get("driver") or "local"),
        driver_opts=MappingProxyType({str(name): str(value) for name, value in (one.get("driver_opts") or {}).items()}),
        external=bool(one.get("external")),
    )


def _plain(value: str | None) -> str | None:
    return None if value is None else literal(value)
