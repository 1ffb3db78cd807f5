"""Recognise a folder under each of its paths: by links, by bind mounts, by the file system it lies in. Blocking."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MOUNTINFO = Path("/proc/self/mountinfo")


@dataclass(frozen=True, slots=True)
class MountPoint:
    """One line of mountinfo: where a file system, or a folder of it, is mounted.

    Attributes:
        device: ``major:minor`` of the file system.
        root: the folder of the file system that is mounted.
        path: where it is mounted.
        is_writable: this mount; its file system may be read-only all the same.
    """

    device: str
    root: PurePosixPath
    path: PurePosixPath
    is_writable: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """One file or folder, however it is called.

    Attributes:
        real: its path without links; None when it has none here.
        in_file_system: its file system and its path there, the same under each bind mount; None when not known.
        identity: device and inode; None when it cannot be looked at from here.
        parents: the same of all folders above it, as far as they can be looked at.
    """

    real: PurePosixPath | None
    in_file_system: tuple[str, PurePosixPath] | None = None
    identity: tuple[int, int] | None = None
    parents: frozenset[tuple[int, int]] = frozenset()

    def is_or_lies_in(self, other: "Place") -> bool:
        """Tell whether this is ``other`` or something below it."""
        if self.real is not None and other.real is not None and self.real.is_relative_to(other.real):
            return True
        if other.identity is not None and (other.identity == self.identity or other.identity in self.parents):
            return True
        if self.in_file_system is None or other.in_file_system is None:
            return False
        (device, path), (other_device, other_path) = self.in_file_system, other.in_file_system
        return device == other_device and path.is_relative_to(other_path)

    def overlaps(self, other: "Place") -> bool:
        """Tell whether one of the two is the other, or lies in it."""
        return self.is_or_lies_in(other) or other.is_or_lies_in(self)


def place_of_mount(mount: MountPoint) -> Place:
    """Return the place of what is mounted, in whatever process: its file system alone tells."""
    return Place(None, (mount.device, mount.root))


def read_mounts(mountinfo: Path = MOUNTINFO) -> list[MountPoint]:
    """Read this process's mounts, in the order in which they were made.

    Source: proc(5), /proc/pid/mountinfo: the third to sixth field.
    """
    lines = mountinfo.read_text(errors="surrogateescape").splitlines()
    fields = [line.split(" ") for line in lines if line.count(" ") > 4]
    return [MountPoint(line[2], _path(line[3]), _path(line[4]), "ro" not in line[5].split(",")) for line in fields]


def places(paths: Iterable[Path | str]) -> list[Place]:
    """Return the place of each absolute path, in their order; what is not there is known by its path alone."""
    mounts = read_mounts()
    return [_place(os.fspath(path), mounts) for path in paths]


def _place(path: str, mounts: list[MountPoint]) -> Place:
    real = PurePosixPath(os.path.realpath(path))
    above = [_identity(str(one)) for one in real.parents]
    return Place(real, _in_file_system(real, mounts), _identity(str(real)), frozenset(one for one in above if one))


def _identity(path: str) -> tuple[int, int] | None:
    try:
        info = os.stat(path)
    except (OSError, ValueError):
        return None
    return info.st_dev, info.st_ino


def _in_file_system(real: PurePosixPath, mounts: list[MountPoint]) -> tuple[str, PurePosixPath] | None:
    above = [one for one in mounts if real.is_relative_to(one.path)]
    if not above:
        return None
    longest = max(len(one.path.parts) for one in above)
    mount = [one for one in above if len(one.path.parts) == longest][-1]  # the last one hides the others
    return mount.device, mount.root / real.relative_to(mount.path)


def _path(field: str) -> PurePosixPath:
    return PurePosixPath(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), field))
