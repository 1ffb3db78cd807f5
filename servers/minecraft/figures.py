"""What a running server uses, read once from the kernel: for scripts; the panel's sampler reads many at a time."""

import asyncio
from dataclasses import dataclass
from typing import TypeVar

from core.errors import Unavailable
from servers.docker.container import Container
from servers.docker.usage.cgroup import find_cgroup
from servers.docker.usage.counters import BlockIO, Unread
from servers.docker.usage.network import NetworkIO, read_network

CPU_SPAN_S = 1.0
T = TypeVar("T")


class FigureUnknown(Unavailable):
    """The kernel does not tell this figure here."""

    code = "figure_unknown"


@dataclass(frozen=True, slots=True)
class DiskSpaceInfo:
    """Bytes: what the server's ``data/`` holds, and its file system's size and free space."""

    used: int
    total: int
    available: int


async def memory_usage(container: Container) -> int:
    """Return the working set in bytes: what the container holds less the cache that the kernel can take back."""
    memory = _known(await asyncio.to_thread(lambda: find_cgroup(container.pid, container.id).read_memory()))
    return _known(memory.working_set_bytes)


async def cpu_percentage(container: Container) -> float:
    """Measure CPU use over CPU_SPAN_S; 100 is one core, so it may exceed 100."""
    cgroup = await asyncio.to_thread(find_cgroup, container.pid, container.id)
    clock = asyncio.get_running_loop().time
    before, start = _known(await asyncio.to_thread(cgroup.read_cpu)), clock()
    await asyncio.sleep(CPU_SPAN_S)
    after, end = _known(await asyncio.to_thread(cgroup.read_cpu)), clock()
    return round((after.usage_us - before.usage_us) / (end - start) / 10_000, 2)


async def disk_io(container: Container) -> BlockIO | Unread:
    """Return what the container read from and wrote to block devices since its start; not every kernel counts it."""
    return await asyncio.to_thread(lambda: find_cgroup(container.pid, container.id).read_block_io())


async def network_io(container: Container) -> NetworkIO | Unread:
    """Return what the container received and sent since its start, loopback left out."""
    return await asyncio.to_thread(read_network, container.pid)


def _known(figure: T | Unread) -> T:
    if isinstance(figure, Unread):
        raise FigureUnknown(figure.reason)
    return figure
