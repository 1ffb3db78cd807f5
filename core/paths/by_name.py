"""A path gone one name at a time, as openat2 does it in one step: for kernels without it, and for parents."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

_STEP = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_LINKS = 40  # as many as the kernel follows


@contextmanager
def walked(
    root_fd: int, names: list[str], *, follow: bool = True, follow_last: bool = True
) -> Iterator[tuple[int, str | None]]:
    """Do what openat2 does, a name at a time, up to the directory that the last name lies in.

    Yields:
        That directory and the last name, which is no link (unless ``follow_last`` is off) and may be missing;
        None for it when the path ends at the directory itself.
    """
    walk = _Walk(root_fd)
    try:
        last = walk.to_last(names, follow=follow, follow_last=follow_last)
        yield walk.here, last
    finally:
        walk.close()


class _Walk:
    """Where we are, and the real names passed since the root.

    For ``..`` in links the way is gone again from the root through those names: ``..`` of the present directory
    could lead out after it was moved, and a descriptor held for each level would be many.
    """

    def __init__(self, root_fd: int) -> None:
        self._root_fd = root_fd
        self._passed: list[str] = []
        self.here = os.dup(root_fd)

    def close(self) -> None:
        if self.here >= 0:
            os.close(self.here)
            self.here = -1

    def to_last(self, names: list[str], *, follow: bool, follow_last: bool) -> str | None:
        left, links = [(name, False) for name in reversed(names)], 0
        while left:
            name, is_of_link = left.pop()
            if name == "..":
                self._up()
                continue
            target = _readlink(name, self.here)
            if target is not None and (left or follow_last):
                links += 1
                if links > _MAX_LINKS or not follow:
                    raise _os_error(errno.ELOOP, name)
                left += _steps_of_link(name, target)
                continue
            if is_of_link and not _exists(name, self.here):
                raise _os_error(errno.ELOOP, name)  # the link dangles
            if not left:
                return name
            self._down(name)
        return None

    def _down(self, name: str) -> None:
        below = os.open(name, _STEP, dir_fd=self.here)
        os.close(self.here)
        self.here = below
        self._passed.append(name)

    def _up(self) -> None:
        if not self._passed:
            raise _os_error(errno.EXDEV, "..")
        names, self._passed = self._passed[:-1], []
        self.close()
        self.here = os.dup(self._root_fd)
        for name in names:
            self._down(name)


def _steps_of_link(name: str, target: str) -> list[tuple[str, bool]]:
    """Return the names that a link puts in its own place, the first of them last."""
    if target.startswith("/"):
        raise _os_error(errno.EXDEV, name)
    return [(part, True) for part in reversed(target.split("/")) if part not in {"", "."}]


def lstat(name: str, parent: int) -> os.stat_result | None:
    """Return what the name itself is, a link too; None when there is nothing."""
    try:
        return os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _os_error(number: int, name: str) -> OSError:
    return OSError(number, os.strerror(number), name)


def _readlink(name: str, parent: int) -> str | None:
    try:
        return os.readlink(name, dir_fd=parent)
    except OSError as error:
        if error.errno in {errno.EINVAL, errno.ENOENT}:  # no link, or nothing: the open that follows will say
            return None
        raise


def _exists(name: str, parent: int) -> bool:
    return lstat(name, parent) is not None
