"""Figures from one directory of the unified hierarchy (cgroup v2).

Source: kernel Documentation/admin-guide/cgroup-v2.rst.
"""

from servers.docker.usage.counters import BlockIO, CpuTime, DeviceIO, MemoryUsage, Unread
from servers.docker.usage.kernel_file import parse_count, parse_device, read_file, read_number, read_table

# What memory.stat's "kernel" adds up, for kernels before 5.18, which do not print the sum.
_KERNEL_PARTS = ("kernel_stack", "pagetables", "sec_pagetables", "percpu", "vmalloc", "slab")

_STAT = frozenset({"anon", "file", "inactive_file", "kernel", *_KERNEL_PARTS})
_NO_OOM_COUNT = Unread("This kernel does not count them (Linux 4.13 does).")


def read_memory(directory: str) -> MemoryUsage | Unread:
    """Read memory.current, .stat, .max, .peak (Linux 5.19) and .events.

    Raises:
        ContainerGone: the cgroup vanished.
    """
    total = read_number(directory, "memory.current")
    stat = read_table(directory, "memory.stat", _STAT)
    if isinstance(total, Unread):
        return total
    if isinstance(stat, Unread):
        return stat
    if not {"anon", "file", "inactive_file"} <= stat.keys():
        return Unread("memory.stat does not hold what was expected.")
    reasons: dict[str, str] = {}
    events = read_table(directory, "memory.events", {"oom_kill"})
    oom_kills = events if isinstance(events, Unread) else events.get("oom_kill", _NO_OOM_COUNT)
    return MemoryUsage(
        anon_bytes=stat["anon"],
        file_bytes=stat["file"],
        kernel_bytes=_kernel(stat),
        total_bytes=total,
        working_set_bytes=max(0, total - stat["inactive_file"]),
        limit_bytes=_or_none(_read_limit(directory), "limit_bytes", reasons),
        peak_bytes=_or_none(read_number(directory, "memory.peak"), "peak_bytes", reasons),
        oom_kills=_or_none(oom_kills, "oom_kills", reasons),
        reasons=reasons,
    )


def read_cpu(directory: str) -> CpuTime | Unread:
    """Read cpu.stat, which is there even where the cpu controller is not enabled; raises ContainerGone."""
    stat = read_table(directory, "cpu.stat", {"usage_usec"})
    if isinstance(stat, Unread):
        return stat
    if "usage_usec" not in stat:
        return Unread("cpu.stat does not hold what was expected.")
    return CpuTime(usage_us=stat["usage_usec"])


def read_block_io(directory: str) -> BlockIO | Unread:
    """Read io.stat; no device in it means that nothing was read or written yet. Raises ContainerGone."""
    text = read_file(directory, "io.stat")
    if isinstance(text, Unread):
        return text
    devices = [_device(line) for line in text.splitlines() if "=" in line]  # without figures: nothing yet
    known = tuple(device for device in devices if device is not None)
    if len(known) < len(devices):
        return Unread("io.stat does not hold what was expected.")
    return BlockIO(known)


def read_pids(directory: str) -> int | Unread:
    """Read the number of processes and threads from pids.current; raises ContainerGone."""
    return read_number(directory, "pids.current")


def _kernel(stat: dict[str, int]) -> int:
    return stat["kernel"] if "kernel" in stat else sum(stat.get(part, 0) for part in _KERNEL_PARTS)


def _read_limit(directory: str) -> int | Unread | None:
    text = read_file(directory, "memory.max")
    if isinstance(text, Unread):
        return text
    if text.strip() == "max":
        return None
    limit = parse_count(text.strip())
    return Unread("memory.max holds no number.") if limit is None else limit


def _or_none(value: int | Unread | None, name: str, reasons: dict[str, str]) -> int | None:
    if isinstance(value, Unread):
        reasons[name] = value.reason
        return None
    return value


def _device(line: str) -> DeviceIO | None:
    """Read ``8:0 rbytes=1 wbytes=2 rios=3 wios=4 …``; None for anything else.

    Kernels 5.x forget the line end after devices without figures: the last number pair is the line's device.
    """
    names = [word for word in line.split() if "=" not in word]
    figures = dict(word.split("=", 1) for word in line.split() if "=" in word)
    device = parse_device(names[-1]) if names else None
    counts = [parse_count(figures.get(key, "0")) for key in ("rbytes", "wbytes", "rios", "wios")]
    if device is None or None in counts:
        return None
    rbytes, wbytes, rios, wios = (count or 0 for count in counts)
    return DeviceIO(*device, rbytes, wbytes, rios, wios)
