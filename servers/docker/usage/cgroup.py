"""A container's cgroup: where it is, and what the kernel has counted for it. Blocking."""

from dataclasses import dataclass
from pathlib import Path

from core.errors import Unavailable
from servers.docker.usage import cgroup_v1, cgroup_v2
from servers.docker.usage.cgroup_path import (
    UNIFIED,
    Mount,
    container_part,
    find_directory,
    parse_memberships,
    parse_mounts,
)
from servers.docker.usage.counters import BlockIO, ContainerGone, ContainerUsage, CpuTime, MemoryUsage, Unread
from servers.docker.usage.kernel_file import read_file

_ELSEWHERE = (
    "The engine runs on another host or in another PID namespace, so its containers' figures cannot be read "
    "here."
)
_NOT_VISIBLE = (
    "The container's cgroup cannot be seen from here: if MC Admin runs in a container, it needs the host's "
    "/sys/fs/cgroup."
)


class CgroupUnknown(Unavailable):
    """The container's cgroup cannot be told, or not seen, from where we run; the text says why."""

    code = "cgroup_unknown"


@dataclass(frozen=True, slots=True)
class Place:
    """The directory of one controller and the version (1 or 2) of the hierarchy it is in."""

    version: int
    directory: str


@dataclass(frozen=True, slots=True)
class ContainerCgroup:
    """Where each controller counts for one container; stays true as long as the container runs.

    Every method raises ContainerGone when the cgroup has vanished.
    """

    container_id: str
    memory: Place | Unread
    cpu: Place | Unread
    io: Place | Unread
    pids: Place | Unread

    def read_memory(self) -> MemoryUsage | Unread:
        """Read the memory that the container holds now."""
        if isinstance(place := self.memory, Unread):
            return place
        read = cgroup_v2.read_memory if place.version == 2 else cgroup_v1.read_memory
        return read(place.directory)

    def read_cpu(self) -> CpuTime | Unread:
        """Read the processor time used so far."""
        if isinstance(place := self.cpu, Unread):
            return place
        read = cgroup_v2.read_cpu if place.version == 2 else cgroup_v1.read_cpu
        return read(place.directory)

    def read_block_io(self) -> BlockIO | Unread:
        """Read the traffic with block devices so far."""
        if isinstance(place := self.io, Unread):
            return place
        read = cgroup_v2.read_block_io if place.version == 2 else cgroup_v1.read_block_io
        return read(place.directory)

    def read_pids(self) -> int | Unread:
        """Count the processes and threads now."""
        if isinstance(place := self.pids, Unread):
            return place
        read = cgroup_v2.read_pids if place.version == 2 else cgroup_v1.read_pids
        return read(place.directory)

    def read(self) -> ContainerUsage:
        """Read everything; what could not be read is None and has its reason."""
        memory, cpu = self.read_memory(), self.read_cpu()
        block_io, pids = self.read_block_io(), self.read_pids()
        found = {"memory": memory, "cpu": cpu, "block_io": block_io, "pids": pids}
        return ContainerUsage(
            memory=None if isinstance(memory, Unread) else memory,
            cpu=None if isinstance(cpu, Unread) else cpu,
            block_io=None if isinstance(block_io, Unread) else block_io,
            pids=None if isinstance(pids, Unread) else pids,
            reasons={name: value.reason for name, value in found.items() if isinstance(value, Unread)},
        )


def find_cgroup(
    pid: int, container_id: str, *, proc: Path = Path("/proc"), root: Path = Path("/")
) -> ContainerCgroup:
    """Find where the kernel counts for the container whose first process is ``pid``.

    Works for the systemd and cgroupfs drivers, rootful and rootless, v1, v2 and hybrid, nested containers,
    and inside a container that sees the host's processes and cgroups. Keep the answer: it costs ten reads.

    Args:
        pid: as the engine told it.
        container_id: 64 hexadecimal digits; a cgroup whose path does not contain them is not trusted.
        proc: where procfs is mounted.
        root: put before the mount points that procfs names.

    Raises:
        ContainerGone: there is no such process.
        CgroupUnknown: the process is not the container's, or its cgroup cannot be seen.
    """
    if len(container_id) < 12:
        raise ValueError("container_id must be the full id: a few digits are part of any path")
    memberships = parse_memberships(_read_proc(proc, str(pid), "cgroup"))
    mounts = parse_mounts(_read_proc(proc, "self", "mountinfo"))
    if not any(container_part(path, container_id) for path in memberships.values()):
        raise CgroupUnknown(_ELSEWHERE)
    finder = _Finder(container_id, memberships, mounts, str(root))
    cgroup = ContainerCgroup(
        container_id=container_id,
        memory=finder.place("memory", v1="memory"),
        cpu=finder.place("cpu", v1="cpuacct"),
        io=finder.place("io", v1="blkio"),
        pids=finder.place("pids", v1="pids"),
    )
    if isinstance(cgroup.memory, Unread) and isinstance(cgroup.cpu, Unread):
        raise CgroupUnknown(cgroup.memory.reason)
    return cgroup


class _Finder:
    """One container's memberships against the mounts."""

    def __init__(
        self, container_id: str, memberships: dict[str, str], mounts: list[Mount], root: str
    ) -> None:
        self._id = container_id
        self._memberships = memberships
        self._mounts = mounts
        self._root = root
        self._unified = self._directory(UNIFIED)
        self._enabled = self._enabled_controllers()

    def place(self, name: str, *, v1: str) -> Place | Unread:
        """Find where ``name`` is counted: a controller is in one hierarchy only, in v1's if that names it."""
        if v1 in self._memberships:
            directory = self._directory(v1)
            return directory if isinstance(directory, Unread) else Place(1, directory)
        if isinstance(self._unified, Unread):
            return self._unified
        if name in self._enabled or (name == "cpu" and self._has_cpu_time()):
            return Place(2, self._unified)
        return Unread(f"The cgroup controller {name} is not enabled for this engine's containers.")

    def _directory(self, controller: str) -> str | Unread:
        path = container_part(self._memberships.get(controller, ""), self._id)
        if path is None:
            return Unread(f"The container has no cgroup of its own in the hierarchy {controller or 'v2'!r}.")
        return find_directory(path, controller, self._mounts, root=self._root) or Unread(_NOT_VISIBLE)

    def _enabled_controllers(self) -> set[str]:
        """Return what the v2 hierarchy counts; a hybrid system has a ``0::`` line and no controllers."""
        if isinstance(self._unified, Unread):
            return set()
        text = read_file(self._unified, "cgroup.controllers")
        return set() if isinstance(text, Unread) else set(text.split())

    def _has_cpu_time(self) -> bool:
        """Tell whether cpu.stat is there: v2 keeps it in every cgroup, the controller enabled or not."""
        return not isinstance(self._unified, Unread) and not isinstance(
            cgroup_v2.read_cpu(self._unified), Unread
        )


def _read_proc(proc: Path, process: str, name: str) -> str:
    """Read a file of procfs that must be there."""
    try:
        text = read_file(str(proc / process), name)
    except ContainerGone:
        raise ContainerGone(
            f"There is no process {process}: the container has just ended, or the engine runs on another "
            "host or in another PID namespace."
        ) from None
    if isinstance(text, Unread):
        raise CgroupUnknown(text.reason)
    return text
