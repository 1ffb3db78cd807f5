"""One running container as the sampler follows it: two readings of its counters make rates. Blocking."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from core.errors import AppError
from servers.docker.container import Container
from servers.docker.usage.cgroup import CgroupUnknown, ContainerCgroup, find_cgroup
from servers.docker.usage.counters import ContainerUsage, Unread
from servers.docker.usage.network import ContainerNetwork, NetworkIO, find_network


@dataclass(frozen=True, slots=True)
class Kernel:
    """Where the kernel shows its files; ``root`` is put before the mount points of cgroups."""

    proc: Path = Path("/proc")
    root: Path = Path("/")


@dataclass(frozen=True, slots=True)
class Rates:
    """Bytes per second between two readings; None where the counter is not known."""

    disk_read: float | None = None
    disk_write: float | None = None
    network_receive: float | None = None
    network_send: float | None = None


@dataclass(frozen=True, slots=True)
class ServerSample:
    """What a running server used, as last read.

    Attributes:
        cpu_percent: between the last two readings, 100 is one core; None before the second, or with a reason.
        rates: None before the second reading.
        reasons: why a figure is None for good, by name: memory, cpu, block_io, pids, network.
    """

    container_id: str
    sampled_at: datetime
    usage: ContainerUsage
    network: NetworkIO | None
    cpu_percent: float | None
    rates: Rates | None
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Reading:
    at_s: float
    usage: ContainerUsage
    network: NetworkIO | None


class Run:
    """One run of one container, from its start to its end: a restart makes another."""

    def __init__(self, container: Container, kernel: Kernel) -> None:
        self.key = run_key(container)
        self.readings = 0
        self._container = container
        self._kernel = kernel
        self._cgroup: ContainerCgroup | None = None
        self._network: ContainerNetwork | Unread | None = None
        self._before: _Reading | None = None

    def read(self) -> ServerSample:
        """Read its counters now.

        Raises:
            ContainerGone: it has ended.
        """
        try:
            now, reasons = self._read()
        except CgroupUnknown as error:  # also its network: the process is not the container's
            return self._unknown(error)
        before, self._before = self._before, now
        self.readings += 1
        return ServerSample(
            container_id=self._container.id,
            sampled_at=datetime.now(UTC),
            usage=now.usage,
            network=now.network,
            cpu_percent=None if before is None else _cpu_percent(before, now),
            rates=None if before is None else _rates(before, now),
            reasons=reasons,
        )

    def _read(self) -> tuple[_Reading, Mapping[str, str]]:
        if self._cgroup is None or self._network is None:
            container, kernel = self._container, self._kernel
            self._network = find_network(container.pid, proc=kernel.proc)
            self._cgroup = find_cgroup(container.pid, container.id, proc=kernel.proc, root=kernel.root)
        network = self._network if isinstance(self._network, Unread) else self._network.read()
        at_s = time.monotonic()
        # The cgroup after the network: its name holds the container's id, so a process number that was
        # given to another process meanwhile is noticed here.
        usage = self._cgroup.read()
        if isinstance(network, Unread):
            return _Reading(at_s, usage, None), {**usage.reasons, "network": network.reason}
        return _Reading(at_s, usage, network), usage.reasons

    def _unknown(self, error: AppError) -> ServerSample:
        reasons = dict.fromkeys(("memory", "cpu", "block_io", "pids", "network"), str(error))
        usage = ContainerUsage(None, None, None, None, reasons)
        self.readings += 1
        return ServerSample(self._container.id, datetime.now(UTC), usage, None, None, Rates(), reasons)


def run_key(container: Container) -> tuple[str, int, datetime | None]:
    """Name one run: another process or another start is another run, with counters that begin anew."""
    return container.id, container.pid, container.started_at


def _cpu_percent(before: _Reading, now: _Reading) -> float | None:
    if before.usage.cpu is None or now.usage.cpu is None:
        return None
    rate = _rate(before.usage.cpu.usage_us, now.usage.cpu.usage_us, now.at_s - before.at_s)
    return None if rate is None else round(rate / 10_000, 2)


def _rates(before: _Reading, now: _Reading) -> Rates:
    span_s = now.at_s - before.at_s
    old_io, new_io = before.usage.block_io, now.usage.block_io
    old_net, new_net = before.network, now.network
    disk_read = disk_write = receive = send = None
    if old_io is not None and new_io is not None:
        disk_read = _rate(old_io.read_bytes, new_io.read_bytes, span_s)
        disk_write = _rate(old_io.write_bytes, new_io.write_bytes, span_s)
    if old_net is not None and new_net is not None:
        receive = _rate(old_net.received_bytes, new_net.received_bytes, span_s)
        send = _rate(old_net.sent_bytes, new_net.sent_bytes, span_s)
    return Rates(disk_read, disk_write, receive, send)


def _rate(before: int, now: int, span_s: float) -> float | None:
    """Return the growth per second; None when the counter went back (an interface or device has gone)."""
    return None if now < before or span_s <= 0 else round((now - before) / span_s, 2)
