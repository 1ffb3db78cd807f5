"""Which ports belong to another server's file, or to a program that listens on this machine."""

from collections.abc import Iterable

from core.errors import naming
from servers import wiring
from servers.docker.cli import PortTaken
from servers.minecraft.compose.host_ports import is_free
from servers.records import leases, panel_ports

_PORTS_TRIED = 1000

Published = tuple[str, int, str]


def port_leases(published: Iterable[Published]) -> tuple[str, ...]:
    """Return the leases that keep two servers from being given one port at the same moment."""
    return tuple(sorted({f"port:{port}" for _, port, _ in published}))


def check_panel_ports(published: Iterable[Published]) -> None:
    """Raise PortTaken when a TCP port is the panel's own, on whatever address it would be published. Blocking."""
    panel = panel_ports.current()
    for _, port, protocol in published:
        if protocol == "tcp" and port in panel:
            raise PortTaken(
                f"Port {port} is the panel's own. Whoever has it, on another address too, would be sent the cookies of "
                "those who sign in to the panel. Publish another one."
            )


def next_free(first: int, *, avoid: int = 0) -> int:
    """Return the first port from ``first`` on that no server's file and no program has; raises PortTaken."""
    taken = {port for port, _ in ports_of_others("")} | {avoid} | panel_ports.current() | _ports_in_the_making()
    candidates = range(first, first + _PORTS_TRIED)
    found = next((port for port in candidates if port not in taken and is_free(port)), None)
    if found is None:
        raise PortTaken(f"No port from {first} on is free.")
    return found


def check_ports(server_id: str, published: Iterable[Published], *, own: Iterable[int] = ()) -> None:
    """Raise PortTaken when another server's file publishes a port, or a program listens on it. Blocking.

    Args:
        server_id: whose ports they are to be.
        published: address (empty: all), number, protocol.
        own: numbers that its running container holds now.
    """
    others, held = ports_of_others(server_id), set(own)
    for host, port, protocol in published:
        if (port, protocol) in others:
            other = others[port, protocol]
            raise naming(
                PortTaken(f"Port {port} belongs to the server {other!r}. Publish another one."), other,
                otherwise=f"Port {port} is taken. Publish another one.",
            )
        if port not in held and not is_free(port, host=host, protocol=protocol):
            raise PortTaken(f"Port {port} is taken by another program. Publish another one.")


def ports_of_others(server_id: str) -> dict[tuple[int, str], str]:
    """Return whose file publishes which port and protocol, all servers but ``server_id``."""
    found: dict[tuple[int, str], str] = {}
    for info in wiring.live().catalog.all():
        if info.id != server_id:
            found |= {(port, protocol): info.id for _, port, protocol in info.published_ports}
    return found


def _ports_in_the_making() -> set[int]:
    held = leases.busy()
    return {int(key.partition(":")[2]) for key in held if key.startswith("port:")}
