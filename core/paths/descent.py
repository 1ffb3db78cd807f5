"""The way down into a tree, at a fixed cost of descriptors however deep it goes."""

import errno
import os
from dataclasses import dataclass

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
HELD = 32  # levels whose descriptor stays open

Identity = tuple[int, int]  # device and inode


class Moved(OSError):
    """A directory on the way was moved meanwhile, so that nobody knows the way back up."""

    def __init__(self) -> None:
        super().__init__(errno.ESTALE, os.strerror(errno.ESTALE))


@dataclass(slots=True)
class _Level:
    identity: Identity
    fd: int  # -1 while it is not held


class Descent:
    """Directories from a top one down to the current one, ``fd``. Close it at the end.

    Only the lowest HELD levels are held open. A level above them is opened again through ``..`` of the level below
    and must then be the same directory as before: whoever moves a directory while we are in it gains nothing.
    """

    def __init__(self, top: int) -> None:
        """Begin at the directory ``top``, which the caller closes."""
        fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=top)
        self._levels = [_Level(_identity(fd), fd)]

    @property
    def fd(self) -> int:
        """The current directory."""
        return self._levels[-1].fd

    @property
    def depth(self) -> int:
        """How many levels below the top the current directory lies."""
        return len(self._levels) - 1

    def down(self, name: str) -> None:
        """Enter the directory ``name``, never through a link. Raises OSError."""
        fd = os.open(name, DIRECTORY, dir_fd=self.fd)
        self._levels.append(_Level(_identity(fd), fd))
        if len(self._levels) > HELD:
            above = self._levels[-HELD - 1]
            os.close(above.fd)
            above.fd = -1

    def up(self) -> None:
        """Go back to the directory above.

        Raises:
            Moved: it is not where it was.
        """
        left, above = self._levels[-1], self._levels[-2]
        if above.fd < 0:
            fd = os.open("..", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=left.fd)
            if _identity(fd) != above.identity:
                os.close(fd)
                raise Moved
            above.fd = fd
        self._levels.pop()
        os.close(left.fd)

    def close(self) -> None:
        """Give all descriptors back; safe to call twice."""
        for level in self._levels:
            if level.fd >= 0:
                os.close(level.fd)
                level.fd = -1


def _identity(fd: int) -> Identity:
    found = os.fstat(fd)
    return found.st_dev, found.st_ino
