"""A container's network traffic, from its own network namespace's interfaces. Blocking."""

import os
from dataclasses import dataclass
from pathlib import Path

from servers.docker.usage.counters import Unread
from servers.docker.usage.kernel_file import parse_count, read_file

_SENT_COLUMN = 8  # after the eight columns of what was received
_HEAD_LINES = 2
_HOST_NETWORK = Unread("The container uses the host's network: its own traffic is not counted apart.")
_MALFORMED = Unread("net/dev does not hold what was expected.")

Interfaces = dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class NetworkIO:
    """Bytes through all interfaces except loopback since the container's start."""

    received_bytes: int
    sent_bytes: int


@dataclass(frozen=True, slots=True)
class ContainerNetwork:
    """Where one container's traffic is counted; true as long as the container runs."""

    process: str

    def read(self) -> NetworkIO | Unread:
        """Read what it has received and sent; raises ContainerGone when its process is not there any more."""
        text = read_file(self.process, "net/dev")
        found = text if isinstance(text, Unread) else parse_interfaces(text)
        if isinstance(found, Unread):
            return found
        figures = [numbers for name, numbers in found.items() if name != "lo"]
        return NetworkIO(sum(received for received, _ in figures), sum(sent for _, sent in figures))


def find_network(pid: int, *, proc: Path = Path("/proc")) -> ContainerNetwork | Unread:
    """Find where the traffic of the container of process ``pid`` is counted. Keep the answer.

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
    return _HOST_NETWORK if is_host else ContainerNetwork(f"{proc}/{pid}")


def read_network(pid: int, *, proc: Path = Path("/proc")) -> NetworkIO | Unread:
    """Find and read at once; raises ContainerGone."""
    found = find_network(pid, proc=proc)
    return found if isinstance(found, Unread) else found.read()


def parse_interfaces(text: str) -> Interfaces | Unread:
    """Read /proc/<pid>/net/dev into (received, sent) bytes by interface, loopback included."""
    found: Interfaces = {}
    for line in text.splitlines()[_HEAD_LINES:]:
        name, _, columns = line.rpartition(":")
        numbers = columns.split()
        if len(numbers) <= _SENT_COLUMN:
            return _MALFORMED
        received, sent = parse_count(numbers[0]), parse_count(numbers[_SENT_COLUMN])
        if received is None or sent is None:
            return _MALFORMED
        found[name.strip()] = (received, sent)
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
    low, middle, high = (
        one if isinstance(one, Unread) else parse_interfaces(one) for one in (before, text, after)
    )
    if isinstance(low, Unread) or isinstance(middle, Unread) or isinstance(high, Unread):
        return False
    return low.keys() == middle.keys() == high.keys() and all(
        low[name][side] <= middle[name][side] <= high[name][side] for name in middle for side in (0, 1)
    )
