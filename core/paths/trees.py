"""Whole directory trees: walk and delete. A link is never followed."""

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from core.errors import AppError, InvalidRequest
from core.paths.beneath import FileMissing, OutsideRoot, explained, open_beneath, open_regular, printable
from core.paths.by_name import lstat
from core.paths.descent import DIRECTORY, Descent, Moved
from core.paths.mounts import require_no_mount
from core.paths.new_file import TEMPORARY_PREFIX
from core.paths.root import Root

MAX_PATH_BYTES = 4095  # the kernel takes no longer one, from whatever program
_HELD_DEPTH = 64
_BLOCK_BYTES = 512  # what st_blocks counts in, on every file system


class TooDeep(InvalidRequest):
    """The directories nest too deep."""

    code = "too_deep"


@dataclass(frozen=True, slots=True)
class Node:
    """One entry met by ``walk``: ``parent`` is a descriptor of the directory it lies in, open until the next step."""

    path: str
    name: str
    info: os.stat_result
    parent: int

    @property
    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.info.st_mode)

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.info.st_mode)

    def open_file(self) -> int:
        """Open the regular file for reading; the caller closes it. Raises OSError or NotAFile."""
        return open_regular(self.name, dir_fd=self.parent)


def walk(root: Root, path: str = "", *, unreadable: Callable[[AppError], None] | None = None) -> Iterator[Node]:
    """Yield everything below the directory ``path``, each directory before its content, sorted by name.

    Links and special files are yielded and not followed; what vanishes meanwhile is left out. A directory that
    may not be read, or lies too deep for a path, is given to ``unreadable``; without it, it is an error.
    Depth costs neither descriptors nor stack.

    Raises:
        TooDeep: a path of more than MAX_PATH_BYTES.
        PathBusy: a directory was moved while the walk was in it, so that the rest of the tree was not seen.
    """
    with explained(path):
        top = open_beneath(root.fd, path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            descent = Descent(top)
        finally:
            os.close(top)
    try:
        yield from _walk(descent, path, unreadable or _refuse)
    finally:
        descent.close()


def _refuse(problem: AppError) -> None:
    raise problem


def _walk(descent: Descent, path: str, unreadable: Callable[[AppError], None]) -> Iterator[Node]:
    levels = [(path, _names_reversed(descent.fd))]
    while levels:
        path, names = levels[-1]
        if not names:
            levels.pop()
            if levels and not _is_back(descent, path, unreadable):
                return
            continue
        name = names.pop()
        info = lstat(name, descent.fd)
        if info is None:
            continue
        node = Node(f"{path}/{name}" if path else name, name, info, descent.fd)
        yield node
        if node.is_directory and _has_entered(descent, node, unreadable):
            levels.append((node.path, _names_reversed(descent.fd)))


def _has_entered(descent: Descent, node: Node, unreadable: Callable[[AppError], None]) -> bool:
    try:
        if len(os.fsencode(node.path)) > MAX_PATH_BYTES:
            raise TooDeep(f"{printable(node.path)[:80]}… nests too deep: no program can name what lies in it.")
        with explained(node.path):
            descent.down(node.name)
    except (OutsideRoot, FileMissing):  # it was swapped for a link meanwhile, or went away
        return False
    except AppError as error:
        unreadable(error)
        return False
    return True


def _is_back(descent: Descent, path: str, unreadable: Callable[[AppError], None]) -> bool:
    try:
        with explained(path):
            descent.up()
    except AppError as error:
        unreadable(error)
        return False
    return True


def _names_reversed(fd: int) -> list[str]:
    with os.scandir(fd) as scan:
        return sorted((one.name for one in scan), reverse=True)


def tree_size_bytes(root: Root, *, pause: Callable[[], None] = lambda: None) -> int:
    """Add up the sizes of all files in ``root`` at any depth; links are not followed, what vanishes is left out.

    Blocking, and slow for a large tree; ``pause`` is called every now and then.
    """
    total, descent = 0, Descent(root.fd)
    try:
        levels = [_names_reversed(descent.fd)]
        while levels:
            names = levels[-1]
            if not names:
                levels.pop()
                if levels:
                    descent.up()
                continue
            name = names.pop()
            if len(names) % 64 == 0:
                pause()
            with suppress(OSError):
                info = os.stat(name, dir_fd=descent.fd, follow_symlinks=False)
                if stat.S_ISDIR(info.st_mode):
                    descent.down(name)
                    levels.append(_names_reversed(descent.fd))
                else:
                    total += min(info.st_size, info.st_blocks * _BLOCK_BYTES)  # a hole takes no room
    except Moved:  # what is left is measured the next time
        return total
    finally:
        descent.close()
    return total


def count_entries(root: Root, path: str, *, at_most: int) -> int:
    """Count what ``path`` is and holds, itself included, and stop at ``at_most``."""
    found = root.lstat(path) if path else os.fstat(root.fd)
    if found is None or not stat.S_ISDIR(found.st_mode):
        return 1
    count = 1
    for _ in walk(root, path, unreadable=lambda _: None):
        count += 1
        if count >= at_most:
            break
    return count


def delete(root: Root, path: str, *, on_deleted: Callable[[str], None] | None = None) -> None:
    """Delete a file, a link (never its target) or a directory with all that is in it.

    ``on_deleted`` hears each entry's name; what it raises stops the deletion where it is.

    Raises:
        FileMissing, Forbidden.
        MountPointInTheWay: it is or holds a mount point; nothing was deleted.
        InvalidRequest: the root itself.
    """
    with explained(path), root.parent(path) as (parent, name):
        if lstat(name, parent) is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        require_no_mount(parent, name, path=path)
        Deletion(parent, on_deleted or (lambda _: None)).run(name)


class Deletion:
    """One recursive deletion. What lies too deep is first moved up, so that depth costs no descriptors."""

    def __init__(self, top: int, on_deleted: Callable[[str], None]) -> None:
        self._top = top
        self._on_deleted = on_deleted
        self._moved_up: list[str] = []

    def run(self, name: str) -> None:
        """Delete the entry ``name`` of the directory given."""
        self.entry(name, self._top, 0)
        while self._moved_up:
            self.entry(self._moved_up.pop(), self._top, 0)

    def entry(self, name: str, parent: int, depth: int) -> None:
        for _ in range(16):  # somebody may put another thing in its place while we look
            try:
                os.unlink(name, dir_fd=parent)
            except FileNotFoundError:
                return
            except (IsADirectoryError, PermissionError) as error:  # Linux says EISDIR, other kernels EPERM
                found = lstat(name, parent)
                if found is None:
                    return
                if not stat.S_ISDIR(found.st_mode):
                    raise error from None
                with suppress(NotADirectoryError, FileNotFoundError):
                    if self._directory(name, parent, depth):
                        break
            else:
                break
        else:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), name)
        self._on_deleted(name)

    def _directory(self, name: str, parent: int, depth: int) -> bool:
        """Empty and remove it; False when it was filled again meanwhile."""
        if depth >= _HELD_DEPTH:
            moved = f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}.deleted"
            os.rename(name, moved, src_dir_fd=parent, dst_dir_fd=self._top)
            self._moved_up.append(moved)
            return True
        try:
            fd = os.open(name, DIRECTORY, dir_fd=parent)
        except OSError as error:
            if error.errno == errno.ELOOP:  # it became a link
                return False
            raise
        try:
            with os.scandir(fd) as scan:
                names = [one.name for one in scan]
            for one in names:
                self.entry(one, fd, depth + 1)
        finally:
            os.close(fd)
        try:
            os.rmdir(name, dir_fd=parent)
        except OSError as error:
            if error.errno == errno.ENOTEMPTY:
                return False
            raise
        return True
