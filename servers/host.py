"""The host's figures: processors, memory, the disk of the servers. Blocking, well under a millisecond."""

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

from core.paths import disk_space


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Seconds that all processors together were busy and existed since boot."""

    busy: float
    total: float

    def percent_since(self, before: "CpuTimes") -> float | None:
        """Return the share of time that was busy since ``before``, 0 to 100; None when no time has passed."""
        span = self.total - before.total
        return None if span <= 0 else round(min(100.0, max(0.0, (self.busy - before.busy) / span * 100)), 2)


@dataclass(frozen=True, slots=True)
class HostFigures:
    """One look at the machine.

    Attributes:
        ram_used_bytes: what programs hold and the kernel cannot simply take back.
        disk_available_bytes: total - used, as ``df`` counts used.
    """

    cpu: CpuTimes
    cpu_count: int
    load: tuple[float, float, float]
    ram_used_bytes: int
    ram_total_bytes: int
    disk_total_bytes: int
    disk_available_bytes: int

    @property
    def disk_used_bytes(self) -> int:
        return self.disk_total_bytes - self.disk_available_bytes


def read_host(server_path: Path) -> HostFigures:
    """Look at the machine and at the file system that holds ``server_path``."""
    memory = psutil.virtual_memory()
    times = psutil.cpu_times()
    guest = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # counted in user and nice already
    total = sum(times) - guest
    idle = times.idle + getattr(times, "iowait", 0.0)
    disk_total, disk_available = disk_space(server_path)
    return HostFigures(
        cpu=CpuTimes(total - idle, total),
        cpu_count=os.cpu_count() or 1,
        load=os.getloadavg(),
        ram_used_bytes=memory.total - memory.available,
        ram_total_bytes=memory.total,
        disk_total_bytes=disk_total,
        disk_available_bytes=disk_available,
    )
