"""All work on files below a server's directory, relative to a directory that is held open.

No other module opens server data: a plugin inside a container writes to the same tree and may turn
any name into a link between two of our steps. Here each step is taken from a descriptor, and the
kernel (``openat2`` with RESOLVE_BENEATH, or our walk where it is missing) keeps it beneath the root.
"""

import ctypes
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from mcadmin.core.errors import DiskFull, Forbidden, InvalidRequest, NotFound, TooLarge

_SYS_OPENAT2 = 437
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_BENEATH = 0x08
_AT_FDCWD = -100
_MAX_LINKS = 40  # as many as the kernel follows
_libc = ctypes.CDLL(None, use_errno=True)


class OutsideRoot(InvalidRequest):
    """The path leads, or could lead, out of the directory it must stay in."""

    code = "outside_root"


class FileMissing(NotFound):
    """Nothing is there under that name."""

    code = "file_not_found"


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


class Root:
    """A directory held open; every path given to its methods stays beneath it.

    Paths are relative, with ``/`` between names. A link whose target stays beneath is followed.
    Blocking: from a coroutine, call it in a thread. Use it as a context manager.

    Raises (from every method):
        OutsideRoot: ``..``, an absolute path or a link that leads out.
        FileMissing: nothing there, or a parent is no directory.
        Forbidden: the operating system refuses us.
        DiskFull: no room to write.
    """

    def __init__(self, directory: Path) -> None:
        self._shown = directory.name
        with self._explained("."):
            self.fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.fd)

    def open_file(self, path: str) -> int:
        """Open a regular file for reading and return its descriptor; the caller closes it.

        A FIFO or a device in its place is refused without waiting for its other end.
        """
        with self._explained(path):
            fd = open_beneath(self.fd, path, os.O_RDONLY | os.O_NONBLOCK)
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                os.close(fd)
                raise InvalidRequest(f"{path} is not a regular file.")
        return fd

    def read_bytes(self, path: str, *, max_bytes: int) -> bytes:
        """Read a regular file whole.

        Raises:
            TooLarge: it holds more than ``max_bytes``.
        """
        with os.fdopen(self.open_file(path), "rb") as file, self._explained(path):
            content = file.read(max_bytes + 1)
        if len(content) > max_bytes:
            raise TooLarge(f"{path} is larger than {max_bytes} bytes.")
        return content

    def stat(self, path: str) -> os.stat_result | None:
        """Return what ``path`` leads to, or None when nothing is there."""
        try:
            with self._explained(path):
                fd = open_beneath(self.fd, path, os.O_PATH)
        except FileMissing:
            return None
        try:
            return os.fstat(fd)
        finally:
            os.close(fd)

    def make_directory(self, path: str, *, mode: int = 0o755) -> None:
        """Make one directory; its parent must be there. An existing directory is left as it is."""
        with self._explained(path), self._parent(path) as (parent, name):
            with suppress(FileExistsError):
                os.mkdir(name, mode, dir_fd=parent)
            os.close(open_beneath(parent, name, os.O_RDONLY | os.O_DIRECTORY))

    def write_bytes(self, path: str, content: bytes, *, mode: int = 0o644) -> None:
        """Replace a file, or make it, in one step: a reader sees the old content or the new, whole.

        An existing file keeps its owner and mode; a new one gets ``mode`` and the parent's owner.
        """
        with self._explained(path), self._parent(path) as (parent, name):
            old = _lstat(name, parent)
            owner = old or os.fstat(parent)
            temporary = f".{name}.{secrets.token_hex(4)}.tmp"
            fd = os.open(
                temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=parent
            )
            try:
                with os.fdopen(fd, "wb") as file:
                    file.write(content)
                    file.flush()
                    if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
                        with suppress(PermissionError):  # not root: the file is ours, which is all we can do
                            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
                    os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode) if old else mode)
                    os.fsync(file.fileno())
                os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=parent)
                raise
            os.fsync(parent)

    @contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int, str]]:
        """Hold the directory that ``path``'s last name lies in."""
        *parents, name = _names(path)
        parent = open_beneath(self.fd, "/".join(parents) or ".", os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield parent, name
        finally:
            os.close(parent)

    @contextmanager
    def _explained(self, path: str) -> Iterator[None]:
        """Turn the operating system's numbers into our errors."""
        shown = path if path != "." else self._shown
        try:
            yield
        except OSError as error:
            match error.errno:
                case errno.ENOENT | errno.ENOTDIR:
                    raise FileMissing(f"{shown} does not exist.") from error
                case errno.EXDEV | errno.ELOOP:
                    raise OutsideRoot(f"{shown} leads out of the server's directory.") from error
                case errno.EACCES | errno.EPERM | errno.EROFS:
                    raise Forbidden(f"The operating system does not let MC Admin use {shown}.") from error
                case errno.ENOSPC | errno.EDQUOT:
                    raise DiskFull(f"There is no room left on the disk to write {shown}.") from error
                case errno.ENAMETOOLONG | errno.EINVAL:
                    raise InvalidRequest(f"{shown[:80]} is not a usable name.") from error
                case errno.EISDIR:
                    raise InvalidRequest(f"{shown} is a directory.") from error
            raise


def rename_beneath(root: Path, source: str, target_parent: str, target: str) -> None:
    """Move the directory entry ``root/source`` to ``root/target_parent/target`` in one step, never over another.

    Raises:
        FileMissing: ``source`` is gone.
        InvalidRequest: something has the target's name already.
    """
    with Root(root) as held:
        held.make_directory(target_parent, mode=0o700)
        if held.stat(f"{target_parent}/{target}") is not None:
            raise InvalidRequest(f"{target_parent}/{target} exists already.")
        parent = open_beneath(held.fd, target_parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with held._explained(source):  # noqa: SLF001 - the same room
                os.rename(_names(source)[-1], target, src_dir_fd=held.fd, dst_dir_fd=parent)
        finally:
            os.close(parent)


def list_directories(root: Path) -> list[str]:
    """Return the names of the directories in ``root``, sorted, links left out."""
    with os.scandir(root) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))


def disk_space(directory: Path) -> tuple[int, int]:
    """Return size and free bytes (for other users than root) of the file system that holds ``directory``."""
    found = os.statvfs(directory)
    return found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize


def tree_size_bytes(directory: Path) -> int:
    """Add up the sizes of all files below ``directory``; links are not followed, what vanishes meanwhile is left out.

    A missing directory has 0 bytes. Blocking, and slow for a large tree.
    """
    total = 0
    for _, _, names, fd in os.fwalk(directory, follow_symlinks=False):
        for name in names:
            with suppress(OSError):
                total += os.stat(name, dir_fd=fd, follow_symlinks=False).st_size
    return total


def open_beneath(root_fd: int, path: str, flags: int) -> int:
    """Open ``path`` relative to ``root_fd`` without ever leaving it; the caller closes the descriptor.

    Raises:
        OSError: EXDEV when the path leads out, else what the kernel says.
        OutsideRoot: the path itself is absolute or has ``..`` or a NUL.

    Source: openat2(2), RESOLVE_BENEATH (Linux 5.6).
    """
    names = _names(path)
    flags |= os.O_CLOEXEC
    try:
        return _openat2(root_fd, "/".join(names) or ".", flags)
    except OSError as error:
        if error.errno not in {errno.ENOSYS, errno.EPERM}:  # EPERM: a seccomp filter older than the call
            raise
    return _walk(root_fd, names, flags)


def _names(path: str) -> list[str]:
    if path.startswith("/") or "\0" in path or "\\" in path:
        raise OutsideRoot("A path is relative, without backslash or NUL.")
    names = [name for name in path.split("/") if name not in {"", "."}]
    if ".." in names:
        raise OutsideRoot("A path must not contain '..'.")
    return names


def _openat2(root_fd: int, path: str, flags: int) -> int:
    how = _OpenHow(flags=flags, mode=0, resolve=_RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS)
    for _ in range(64):  # EAGAIN: a rename ran beside us, the kernel asks us to try again
        fd = _libc.syscall(
            _SYS_OPENAT2, root_fd, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how)
        )
        if fd >= 0:
            return int(fd)
        number = ctypes.get_errno()
        if number not in {errno.EAGAIN, errno.EINTR}:
            break
    raise OSError(number, os.strerror(number), path)


def _walk(root_fd: int, names: list[str], flags: int) -> int:
    """Do what openat2 does, a name at a time; a stack of held directories answers ``..`` in links."""
    held = [os.dup(root_fd)]
    left, links = list(reversed(names or ["."])), 0
    try:
        while left:
            name = left.pop()
            if name == "..":
                if len(held) == 1:
                    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), name)
                os.close(held.pop())
                continue
            target = _readlink(name, held[-1])
            if target is not None:
                links += 1
                if links > _MAX_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)
                if target.startswith("/"):
                    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), name)
                left += [part for part in reversed(target.split("/")) if part not in {"", "."}]
                continue
            wanted = os.O_PATH | os.O_DIRECTORY if left else flags
            held.append(os.open(name, wanted | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=held[-1]))
        return os.dup(held[-1])
    finally:
        for fd in held:
            os.close(fd)


def _readlink(name: str, parent: int) -> str | None:
    try:
        return os.readlink(name, dir_fd=parent)
    except OSError as error:
        if error.errno in {errno.EINVAL, errno.ENOENT}:  # no link, or nothing: the open that follows will say
            return None
        raise


def _lstat(name: str, parent: int) -> os.stat_result | None:
    try:
        found = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)
    return found
