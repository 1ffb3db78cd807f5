"""Whole directory trees: walk and delete. A link is never followed."""

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from mcadmin.core.errors import AppError, InvalidRequest
from mcadmin.core.paths.beneath import FileMissing, OutsideRoot, explained, lstat, open_beneath, open_regular
from mcadmin.core.paths.new_file import TEMPORARY_PREFIX
from mcadmin.core.paths.root import Root

MAX_DEPTH = 128  # each level holds a descriptor
_HELD_DEPTH = 64
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


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


def walk(root: Root, path: str = "", *, unreadable: Callable[[str], None] | None = None) -> Iterator[Node]:
    """Yield everything below the directory ``path``, each directory before its content, sorted by name.

    Links and special files are yielded and not followed; what vanishes meanwhile is left out. A directory that
    may not be read is told to ``unreadable``; without it, it is an error.

    Raises:
        TooDeep: more than MAX_DEPTH levels.
    """
    with explained(path):
        fd = open_beneath(root.fd, path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield from _walk(fd, path, 1, unreadable)
    finally:
        os.close(fd)


def _walk(fd: int, path: str, depth: int, unreadable: Callable[[str], None] | None) -> Iterator[Node]:
    if depth > MAX_DEPTH:
        raise TooDeep(f"The directories nest deeper than {MAX_DEPTH} levels.")
    with os.scandir(fd) as scan:
        names = sorted(one.name for one in scan)
    for name in names:
        info = lstat(name, fd)
        if info is None:
            continue
        node = Node(f"{path}/{name}" if path else name, name, info, fd)
        yield node
        if not node.is_directory:
            continue
        try:
            with explained(node.path):
                below = os.open(name, DIRECTORY, dir_fd=fd)
        except (OutsideRoot, FileMissing):  # it was swapped for a link meanwhile, or went away
            continue
        except AppError as error:
            if unreadable is None:
                raise
            unreadable(str(error))
            continue
        try:
            yield from _walk(below, node.path, depth + 1, unreadable)
        finally:
            os.close(below)


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
        InvalidRequest: the root itself.
    """
    with explained(path), root.parent(path) as (parent, name):
        if lstat(name, parent) is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
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
