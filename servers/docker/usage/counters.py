"""What a container has used, as the kernel counted it: the figures both cgroup versions give."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.errors import NotFound


class ContainerGone(NotFound):
    """The container ended before, or while, its figures were read."""

    code = "container_gone"


@dataclass(frozen=True, slots=True)
class Unread:
    """A figure that could not be read; ``reason`` is a sentence for the user."""

    reason: str


@dataclass(frozen=True, slots=True)
class MemoryUsage:
    """Memory held now, in bytes.

    Attributes:
        anon_bytes: the processes' own memory: heap, stacks.
        file_bytes: page cache of files; the kernel takes it back when it needs room.
        kernel_bytes: what the kernel holds for them; None where it is not counted.
        total_bytes: all of it.
        working_set_bytes: total without the inactive page cache: what cannot simply be taken back.
        limit_bytes: None when there is no limit (and no reason), or it could not be read (with one).
        peak_bytes: highest total so far.
        oom_kills: processes that the kernel killed for memory so far.
        reasons: why a field above is None, by its name.
    """

    anon_bytes: int
    file_bytes: int
    kernel_bytes: int | None
    total_bytes: int
    working_set_bytes: int
    limit_bytes: int | None
    peak_bytes: int | None
    oom_kills: int | None
    reasons: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class CpuTime:
    """Processor time used since the container's start, over all its processes and processors."""

    usage_us: int


@dataclass(frozen=True, slots=True)
class DeviceIO:
    """Bytes and operations on one block device, named by its numbers, since the container's start."""

    major: int
    minor: int
    rbytes: int
    wbytes: int
    rios: int
    wios: int


@dataclass(frozen=True, slots=True)
class BlockIO:
    """Bytes and operations on all block devices since the container's start."""

    devices: tuple[DeviceIO, ...]

    @property
    def read_bytes(self) -> int:
        return sum(device.rbytes for device in self.devices)

    @property
    def write_bytes(self) -> int:
        return sum(device.wbytes for device in self.devices)

    @property
    def read_operations(self) -> int:
        return sum(device.rios for device in self.devices)

    @property
    def write_operations(self) -> int:
        return sum(device.wios for device in self.devices)


@dataclass(frozen=True, slots=True)
class ContainerUsage:
    """All figures of one container; what is None has its reason, by the field's name, in ``reasons``."""

    memory: MemoryUsage | None
    cpu: CpuTime | None
    block_io: BlockIO | None
    pids: int | None
    reasons: Mapping[str, str] = field(default_factory=dict, hash=False)
