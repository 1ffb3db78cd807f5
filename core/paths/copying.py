"""Copies of files and trees. A link is copied as a link, never followed."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress

from core.errors import InvalidRequest
from core.paths.beneath import explained, open_regular
from core.paths.by_name import lstat
from core.paths.descent import Descent
from core.paths.new_file import plain_mode
from core.paths.root import Root
from core.paths.trees import Deletion

_CHUNK_BYTES = 8 * 1024 * 1024
_NO_RANGE_COPY = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF}


def copy(  # noqa: PLR0913 - what a copy may differ in
    root: Root,
    source: str,
    target: str,
    *,
    target_root: Root | None = None,
    keep_owner: bool = True,
    on_bytes: Callable[[int], None] | None = None,
) -> int:
    """Copy a file, a link (as a link) or a tree to ``target``, where nothing may be; mode and times are kept.

    A file's set-user-id and set-group-id are not. Without ``keep_owner`` the copies belong to the owner of the
    target's root. ``on_bytes`` hears of each piece of content copied; what it raises stops the copy. A copy that fails
    is removed.

    Returns:
        How many pipes, sockets and devices were left out.

    Raises:
        FileMissing, FileExists, DiskFull.
        InvalidRequest: a directory into itself.
    """
    into = target_root or root
    with ExitStack() as stack:
        with explained(source):
            source_fd, old = stack.enter_context(root.parent(source))
            found = lstat(old, source_fd)
            if found is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), source)
        with explained(target):
            target_fd, new = stack.enter_context(into.parent(target))
            if lstat(new, target_fd) is not None:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
            copying = _Copying(None if keep_owner else into.owner, on_bytes or (lambda _: None), os.fstat(target_fd))
            copying.all_or_nothing(old, source_fd, new, target_fd)
    return copying.left_out


class _Copying:
    """One copy of whatever it is."""

    def __init__(self, owner: tuple[int, int] | None, on_bytes: Callable[[int], None], goal: os.stat_result) -> None:
        self.left_out = 0
        self._owner = owner
        self._on_bytes = on_bytes
        self._goal = (goal.st_dev, goal.st_ino)

    def all_or_nothing(self, name: str, parent: int, new: str, new_parent: int) -> None:
        """Copy an entry and what lies below it; a copy that fails is removed."""
        try:
            if self._entry(name, parent, new, new_parent):
                self._content(name, parent, new, new_parent)
        except FileExistsError:
            raise  # somebody else's
        except BaseException:
            with suppress(OSError):
                Deletion(new_parent, lambda _: None).run(new)
            raise

    def _content(self, name: str, parent: int, new: str, new_parent: int) -> None:
        """Copy what lies below a directory, at any depth; each gets its looks when it is filled."""
        with closing(Descent(parent)) as source, closing(Descent(new_parent)) as target:
            levels = [self._enter(source, name, target, new)]
            while levels:
                names, info = levels[-1]
                if not names:
                    levels.pop()
                    self._dress(target.fd, info)
                    source.up()
                    target.up()
                elif self._entry(below := names.pop(), source.fd, below, target.fd):
                    levels.append(self._enter(source, below, target, below))

    def _enter(self, source: Descent, name: str, target: Descent, new: str) -> tuple[list[str], os.stat_result]:
        source.down(name)
        info = os.fstat(source.fd)
        if (info.st_dev, info.st_ino) == self._goal:
            raise InvalidRequest("A directory cannot be copied into itself.")
        target.down(new)
        with os.scandir(source.fd) as scan:
            return [one.name for one in scan], info

    def _entry(self, name: str, parent: int, new: str, new_parent: int) -> bool:
        """Copy one entry, of a directory only its name; True when there may be more below it."""
        info = lstat(name, parent)
        if info is None:
            return False
        if stat.S_ISLNK(info.st_mode):
            os.symlink(os.readlink(name, dir_fd=parent), new, dir_fd=new_parent)
            with suppress(PermissionError):
                os.chown(new, *self._owner_of(info), dir_fd=new_parent, follow_symlinks=False)
        elif stat.S_ISDIR(info.st_mode):
            os.mkdir(new, 0o700, dir_fd=new_parent)
            return True
        elif stat.S_ISREG(info.st_mode):
            self._file(name, parent, new, new_parent)
        else:
            self.left_out += 1
        return False

    def _file(self, name: str, parent: int, new: str, new_parent: int) -> None:
        source = open_regular(name, dir_fd=parent)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            target = os.open(new, flags, 0o600, dir_fd=new_parent)
            try:
                for count in _copy_content(source, target):
                    self._on_bytes(count)
                self._dress(target, os.fstat(source))
            finally:
                os.close(target)
        finally:
            os.close(source)

    def _dress(self, fd: int, info: os.stat_result) -> None:
        with suppress(PermissionError):  # not root: it is ours, which is all we can do
            os.fchown(fd, *self._owner_of(info))
        os.fchmod(fd, stat.S_IMODE(info.st_mode) if stat.S_ISDIR(info.st_mode) else plain_mode(info.st_mode))
        os.utime(fd, ns=(info.st_atime_ns, info.st_mtime_ns))

    def _owner_of(self, info: os.stat_result) -> tuple[int, int]:
        return self._owner or (info.st_uid, info.st_gid)


def _copy_content(source: int, target: int) -> Iterator[int]:
    """Copy the rest of one file to another, in the kernel where it can; yield the size of each piece."""
    in_kernel = True
    while True:
        if in_kernel:
            try:
                count = os.copy_file_range(source, target, _CHUNK_BYTES)
            except OSError as error:
                if error.errno not in _NO_RANGE_COPY:
                    raise
                in_kernel = False
                continue
        else:
            content = os.read(source, _CHUNK_BYTES // 8)
            count, left = len(content), memoryview(content)
            while left:
                left = left[os.write(target, left) :]
        if not count:
            return
        yield count
