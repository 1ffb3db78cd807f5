"""A container's network traffic, from its own network namespace's interfaces. Blocking."""

import os
from dataclasses import dataclass
from pathlib import Path

from servers.docker.kernel_file import read_file
from servers.docker.usage import Unread

_SENT_COLUMN = 8  # after the eight columns of what was received
_HOST_NETWORK = Unread("The container uses the host's network: its own traffic is not counted apart.")


@dataclass(frozen=True, slots=True)
class NetworkIO:
    """Bytes through all interfaces except loopback since the container's start."""

    received_bytes: int
    sent_bytes: int


def read_network(pid: int, *, proc: Path = Path("/proc")) -> NetworkIO | Unread:
    """Read what the container of process ``pid`` has received and sent.

    Returns:
        Unread for a container in the host's network namespace: the figures would be the host's.

    Raises:
        ContainerGone: there is no such process any more.

    Source: proc(5), /proc/pid/net/dev.
    """
    before = read_file(f"{proc}/self", "net/dev")
    text = read_file(f"{proc}/{pid}", "net/dev")
    if isinstance(text, Unread):
        return text
    namespace = _namespace(proc, str(pid))
    if namespace is None:  # not ours to see: judge by the counters, which two namespaces do not share
        is_host = _between(before, text, read_file(f"{proc}/self", "net/dev"))
    else:
        is_host = namespace in {_namespace(proc, "self"), _namespace(proc, "1")}
    if is_host:
        return _HOST_NETWORK
    figures = [numbers for name, numbers in parse_interfaces(text).items() if name != "lo"]
    return NetworkIO(sum(received for received, _ in figures), sum(sent for _, sent in figures))


def parse_interfaces(text: str) -> dict[str, tuple[int, int]]:
    """Read /proc/<pid>/net/dev into (received, sent) bytes by interface, loopback included."""
    found = {}
    for line in text.splitlines()[2:]:
        name, _, columns = line.rpartition(":")
        numbers = columns.split()
        found[name.strip()] = (int(numbers[0]), int(numbers[_SENT_COLUMN]))
    return found


def _namespace(proc: Path, process: str) -> str | None:
    """Return the identity of a process's network namespace; None when we may not see it."""
    try:
        return os.readlink(f"{proc}/{process}/ns/net")
    except PermissionError:
        return None
    except OSError:  # it ended, or this system has none to show
        return None


def _between(before: str | Unread, text: str, after: str | Unread) -> bool:
    """Tell whether every counter of ``text`` lies between two readings of our own interfaces."""
    if isinstance(before, Unread) or isinstance(after, Unread):
        return False
    low, middle, high = parse_interfaces(before), parse_interfaces(text), parse_interfaces(after)
    return low.keys() == middle.keys() == high.keys() and all(
        low[name][side] <= middle[name][side] <= high[name][side] for name in middle for side in (0, 1)
    )
