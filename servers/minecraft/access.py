"""Where a running game can be reached from this machine: its command port, and the port that players use."""

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from servers.docker.container import Container
from servers.minecraft.compose.derivations import Edition, edition_of, game_target, published, rcon_target
from servers.minecraft.rcon.client import RconAddress

Endpoint = tuple[str, int]
LOOPBACK = "127.0.0.1"


def rcon_addresses(container: Container, *, passwords: Sequence[str]) -> list[RconAddress]:
    """Return where commands may be taken, the likeliest first, each with each password.

    Args:
        container: the running one. Its compose file does not count: once edited, it may name another server's port.
        passwords: the likeliest first; the container's can be older than the game's own settings.
    """
    endpoints = reachable_at(container, target=rcon_target(container.environment))
    return [RconAddress(*endpoint, password) for endpoint in endpoints for password in passwords]


def game_endpoints(container: Container) -> list[Endpoint]:
    """Return where players' connections, and pings, are taken; the likeliest first."""
    edition = edition_of(container.image, container.environment)
    target = game_target(container.environment, edition=edition)
    return reachable_at(container, target=target, protocol="udp" if edition is Edition.BEDROCK else "tcp")


class RunningPorts(NamedTuple):
    """The ports of this machine that lead to a running game; None where none does."""

    game_port: int | None = None
    rcon_port: int | None = None


def ports_of(container: Container | None) -> RunningPorts:
    """Return by which ports a game can be reached now; none for one that does not run."""
    if container is None or not container.pid:
        return RunningPorts()
    edition = edition_of(container.image, container.environment)
    game, rcon = game_target(container.environment, edition=edition), rcon_target(container.environment)
    if container.is_on_host_network:
        return RunningPorts(game, rcon)
    found = published(container.ports, game, protocol="udp" if edition is Edition.BEDROCK else "tcp")
    return RunningPorts(found, published(container.ports, rcon))


def reachable_at(container: Container, *, target: int, protocol: str = "tcp") -> list[Endpoint]:
    """Return where the container's port ``target`` may answer: as published, else inside its network."""
    found = [
        (_of_this_machine(port.host), number)
        for port in container.ports
        if port.protocol == protocol and (number := port.published_for(target)) is not None
    ]
    if container.is_on_host_network:
        found.append((LOOPBACK, target))
    if container.address:
        found.append((container.address, target))
    return found


def _of_this_machine(host: str) -> str:
    """Return the address that reaches what is published on ``host``: loopback for all addresses."""
    try:
        address = ip_address(host or "0.0.0.0")  # noqa: S104 - it is compared, nothing listens on it
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "::1" if isinstance(address, IPv6Address) else LOOPBACK
