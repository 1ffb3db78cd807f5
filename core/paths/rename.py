"""Names that change hands in one step."""

import ctypes
import errno
import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InvalidRequest, Unsupported
from core.paths.beneath import explained, printable
from core.paths.by_name import lstat
from core.paths.mounts import require_no_mount

if TYPE_CHECKING:
    from core.paths.root import Root

_RENAME_NOREPLACE = 1
_RENAME_EXCHANGE = 2
_libc = ctypes.CDLL(None, use_errno=True)


class OtherFileSystem(InvalidRequest):
    """Source and target lie on different file systems, so that no rename joins them."""

    code = "other_file_system"


def move(root: "Root", source: str, target: str, *, over: bool = False, target_root: "Root | None" = None) -> None:
    """Give the entry ``source`` (a link itself, never what it leads to) the path ``target`` in one step.

    Args:
        root: where ``source`` lies.
        source: what to move.
        target: its new path.
        over: replace a file of that name; otherwise something there is FileExists.
        target_root: where ``target`` lies, when that is another directory.

    Raises:
        FileMissing, FileExists, OutsideRoot.
        OtherFileSystem: copy it instead.
        MountPointInTheWay: one of the two is a mount point.
        InvalidRequest: a directory into itself.
    """
    with ExitStack() as stack:
        with explained(source):
            source_fd, old = stack.enter_context(root.parent(source))
            if lstat(old, source_fd) is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), source)
        with explained(target):
            target_fd, new = stack.enter_context((target_root or root).parent(target))
        try:
            if over:
                os.rename(old, new, src_dir_fd=source_fd, dst_dir_fd=target_fd)
            else:
                rename_exclusively(old, new, source_fd=source_fd, target_fd=target_fd)
        except OSError as error:
            if error.errno == errno.EXDEV:
                sentence = f"{printable(source)} and its new place lie on different file systems; copy it."
                raise OtherFileSystem(sentence) from error
            if error.errno == errno.EBUSY:
                require_no_mount(source_fd, old, path=source)
                require_no_mount(target_fd, new, path=target)
            if error.errno == errno.EINVAL:
                raise InvalidRequest(f"{printable(source)} cannot be moved into itself.") from error
            with explained(target):
                raise
        os.fsync(target_fd)


def exchange(root: "Root", one: str, other: str, *, other_root: "Root | None" = None) -> None:
    """Let two entries swap places in one step, so that each path leads to something at every moment.

    Raises:
        Unsupported: the file system cannot (RENAME_EXCHANGE).
        FileMissing, OutsideRoot, OtherFileSystem.
    """
    with ExitStack() as stack:
        with explained(one):
            one_fd, one_name = stack.enter_context(root.parent(one))
        with explained(other):
            other_fd, other_name = stack.enter_context((other_root or root).parent(other))
        try:
            _renameat2(one_fd, one_name, other_fd, other_name, _RENAME_EXCHANGE)
        except OSError as error:
            if error.errno in {errno.EINVAL, errno.ENOSYS}:
                raise Unsupported("The file system cannot swap two directories in one step.") from error
            if error.errno == errno.EXDEV:
                message = f"{printable(one)} and {printable(other)} are on different file systems."
                raise OtherFileSystem(message) from error
            with explained(one):
                raise
        os.fsync(one_fd)
        os.fsync(other_fd)


def rename_exclusively(source: str, target: str, *, source_fd: int, target_fd: int) -> None:
    """Rename, but never over anything; raises FileExistsError.

    Source: renameat2(2), RENAME_NOREPLACE. On a file system without it, the check and the rename are two steps.
    """
    try:
        _renameat2(source_fd, source, target_fd, target, _RENAME_NOREPLACE)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOSYS}:
            raise
        if lstat(target, target_fd) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from None
        os.rename(source, target, src_dir_fd=source_fd, dst_dir_fd=target_fd)


def rename_beneath(root: Path, source: str, target_parent: str, target: str) -> None:
    """Move the directory entry ``root/source`` to ``root/target_parent/target`` in one step, never over another.

    Raises:
        FileMissing: ``source`` is gone.
        FileExists: something has the target's name already.
    """
    from core.paths.root import Root  # noqa: PLC0415 - Root's own files use this module

    with Root(root) as held:
        held.make_directory(target_parent, mode=0o700)
        move(held, source, f"{target_parent}/{target}")


def _renameat2(old_fd: int, old: str, new_fd: int, new: str, flags: int) -> None:
    call = getattr(_libc, "renameat2", None)  # glibc 2.28
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if call(old_fd, os.fsencode(old), new_fd, os.fsencode(new), flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), new)

