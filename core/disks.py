"""Which physical disks hold a path, as far as the kernel says. Blocking: it reads /proc and /sys."""

import os
import re
from pathlib import Path

SYS_BLOCK = Path("/sys/dev/block")
MOUNTINFO = Path("/proc/self/mountinfo")


def share_a_disk(one: Path, other: Path, *, sys_block: Path = SYS_BLOCK, mountinfo: Path = MOUNTINFO) -> bool:
    """Tell whether two paths are known to lie on the same disk, so that its death takes both.

    What is not there yet counts as its nearest parent that is. Partitions, LVM, RAID, dm-crypt and btrfs subvolumes
    of one disk are the same; where the kernel names no disk (network, memory), only the same file system is.
    """
    first, second = _nearest(one), _nearest(other)
    if first.stat().st_dev == second.stat().st_dev:
        return True
    return bool(_disks(first, sys_block, mountinfo) & _disks(second, sys_block, mountinfo))


def _nearest(path: Path) -> Path:
    real = path.resolve()
    return next(place for place in (real, *real.parents) if place.exists())


def _disks(path: Path, sys_block: Path, mountinfo: Path) -> set[Path]:
    device = path.stat().st_dev
    if os.major(device) == 0:  # btrfs has numbers of its own; the mount names the device
        source = _mount_source(path, mountinfo)
        if not source.is_block_device():
            return set()
        device = source.stat().st_rdev
    return whole_disks(sys_block / f"{os.major(device)}:{os.minor(device)}")


def whole_disks(entry: Path) -> set[Path]:
    """Return the disks below a block device: itself, what it is a partition of, or what it is composed of.

    Source: kernel Documentation/ABI, /sys/dev/block, ``partition`` and ``slaves``.
    """
    if not entry.exists():
        return set()
    device = entry.resolve()
    if (device / "partition").exists():
        return whole_disks(device.parent)
    below = device / "slaves"
    parts = list(below.iterdir()) if below.is_dir() else []
    return {disk for part in parts for disk in whole_disks(part)} if parts else {device}


def _mount_source(path: Path, mountinfo: Path) -> Path:
    """Return what is mounted where ``path`` lies. Source: proc(5), /proc/pid/mountinfo; later mounts cover earlier."""
    found: tuple[int, str] = (0, "")
    for line in mountinfo.read_text(errors="surrogateescape").splitlines():
        mount, _, rest = line.partition(" - ")
        point = Path(_unescaped(mount.split(" ")[4]))
        if (path == point or point in path.parents) and len(point.parts) >= found[0]:
            found = (len(point.parts), _unescaped(rest.split(" ")[1]))
    return Path(found[1])


def _unescaped(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), field)
