"""Samples made by hand."""

from datetime import UTC, datetime

from servers.docker.usage.counters import BlockIO, ContainerUsage, CpuTime, DeviceIO, MemoryUsage
from servers.docker.usage.network import NetworkIO
from servers.live.metrics.container_metrics import Rates, ServerSample

MEMORY = MemoryUsage(1, 2, 3, 100, 60, None, 120, 0)


def sample_of(*, cpu_percent: float | None = None) -> ServerSample:
    """A running server's sample."""
    usage = ContainerUsage(MEMORY, CpuTime(5_000_000), BlockIO((DeviceIO(8, 0, 10, 20, 1, 2),)), 7)
    return ServerSample("c" * 64, datetime.now(UTC), usage, NetworkIO(30, 40), cpu_percent, Rates(1, 2, 3, 4))
