"""Figures from the directories of the separate hierarchies (cgroup v1).

Source: kernel Documentation/admin-guide/cgroup-v1/{memory,cpuacct,blkio-controller,pids}.rst.
"""

from servers.docker.usage.counters import BlockIO, CpuTime, DeviceIO, MemoryUsage, Unread
from servers.docker.usage.kernel_file import parse_count, parse_device, read_file, read_number, read_table

_STAT = frozenset({"total_rss", "total_cache", "total_inactive_file"})
_NO_LIMIT_BYTES = 1 << 62  # the kernel writes the highest multiple of a page for "none"


def read_memory(directory: str) -> MemoryUsage | Unread:
    """Read the memory controller; figures include nested cgroups.

    Raises:
        ContainerGone: the cgroup vanished.
    """
    total = read_number(directory, "memory.usage_in_bytes")
    stat = read_table(directory, "memory.stat", _STAT)
    if isinstance(total, Unread):
        return total
    if isinstance(stat, Unread):
        return stat
    if not stat.keys() >= _STAT:
        return Unread("memory.stat does not hold what was expected.")
    values, reasons = _optional(directory)
    limit = values["limit_bytes"]
    return MemoryUsage(
        anon_bytes=stat["total_rss"],
        file_bytes=stat["total_cache"],
        kernel_bytes=values["kernel_bytes"],
        total_bytes=total,
        working_set_bytes=max(0, total - stat["total_inactive_file"]),
        limit_bytes=None if limit is None or limit >= _NO_LIMIT_BYTES else limit,
        peak_bytes=values["peak_bytes"],
        oom_kills=values["oom_kills"],
        reasons=reasons,
    )


def read_cpu(directory: str) -> CpuTime | Unread:
    """Read cpuacct.usage, which the kernel gives in nanoseconds; raises ContainerGone."""
    usage_ns = read_number(directory, "cpuacct.usage")
    return usage_ns if isinstance(usage_ns, Unread) else CpuTime(usage_us=usage_ns // 1000)


def read_block_io(directory: str) -> BlockIO | Unread:
    """Read blkio.throttle.io_service_bytes and .io_serviced.

    Many kernels leave both at ``Total 0`` whatever is written: that is Unread, not 0. Raises ContainerGone.
    """
    service_bytes = _read_devices(directory, "blkio.throttle.io_service_bytes")
    serviced = _read_devices(directory, "blkio.throttle.io_serviced")
    if isinstance(service_bytes, Unread):
        return service_bytes
    if isinstance(serviced, Unread):
        return serviced
    if not service_bytes:
        return Unread("Disk traffic is not counted here: this kernel leaves cgroup v1's counters empty.")
    return BlockIO(
        tuple(
            DeviceIO(*device, *figures, *serviced.get(device, (0, 0)))
            for device, figures in sorted(service_bytes.items())
        )
    )


def read_pids(directory: str) -> int | Unread:
    """Read the number of processes and threads from pids.current; raises ContainerGone."""
    return read_number(directory, "pids.current")


def _optional(directory: str) -> tuple[dict[str, int | None], dict[str, str]]:
    """Read what some kernels lack; give the values and, for those that are None, the reasons."""
    oom = read_table(directory, "memory.oom_control", {"oom_kill"})
    if not isinstance(oom, Unread):
        oom_kills = oom.get("oom_kill", Unread("This kernel does not count them (Linux 4.13 does)."))
    else:
        oom_kills = oom
    found = {
        "kernel_bytes": read_number(directory, "memory.kmem.usage_in_bytes"),
        "limit_bytes": read_number(directory, "memory.limit_in_bytes"),
        "peak_bytes": read_number(directory, "memory.max_usage_in_bytes"),
        "oom_kills": oom_kills,
    }
    values = {name: None if isinstance(value, Unread) else value for name, value in found.items()}
    return values, {name: value.reason for name, value in found.items() if isinstance(value, Unread)}


def _read_devices(directory: str, name: str) -> dict[tuple[int, int], tuple[int, int]] | Unread:
    """Read lines like ``8:0 Read 4096`` into (read, write) by device; the kernel's sums are left out."""
    text = read_file(directory, name)
    if isinstance(text, Unread):
        return text
    devices: dict[tuple[int, int], tuple[int, int]] = {}
    for words in map(str.split, text.splitlines()):
        if len(words) != 3 or words[1] not in {"Read", "Write"}:
            continue
        device, count = parse_device(words[0]), parse_count(words[2])
        if device is None or count is None:
            return Unread(f"{name} does not hold what was expected.")
        read, write = devices.get(device, (0, 0))
        devices[device] = (count, write) if words[1] == "Read" else (read, count)
    return devices
