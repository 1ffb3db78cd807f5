"""Take part of one tree over into another."""

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field

from core.errors import AppError, DiskFull
from core.paths.beneath import explained, open_beneath
from core.paths.by_name import lstat
from core.paths.copying import copy
from core.paths.root import Root
from core.paths.trees import Node, walk

MAX_PROBLEMS = 20
_NO_LINK = {errno.EPERM, errno.EMLINK, errno.EXDEV, errno.EOPNOTSUPP}


@dataclass(slots=True)
class Carried:
    """How many entries were carried over, and a sentence for each of the first MAX_PROBLEMS that could not be."""

    count: int = 0
    problems: list[str] = field(default_factory=list)

    def add_problem(self, error: AppError) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(str(error))


def copy_missing(source: Root, target: Root, *, wanted: Callable[[str], bool]) -> Carried:
    """Give ``target`` what ``wanted`` (asked with each path) says of ``source``, with all that is in it.

    Directories are made again with owner, mode and times; everything else becomes a hard link, which costs no
    room, or a copy where there can be none. What ``target`` has already stays as it is. What cannot be carried
    over is in the answer and stays where it is: a game must not be able to forbid a restore by what it makes.

    Raises:
        DiskFull.
    """
    carried = Carried()
    carrying = _Carrying(source, target, carried)
    inside: str | None = None
    for node in walk(source, unreadable=carried.add_problem):
        if inside is None or not node.path.startswith(inside):
            if not wanted(node.path):
                inside = None
                continue
            inside = f"{node.path}/"
        try:
            carrying.take(node)
        except DiskFull:
            raise
        except AppError as error:
            carried.add_problem(error)
    carrying.dress()
    return carried


class _Carrying:
    """One run: the directories touched get their looks at the end, for each entry changes their time."""

    def __init__(self, source: Root, target: Root, carried: Carried) -> None:
        self._carried = carried
        self._source = source
        self._target = target
        self._looks: dict[str, os.stat_result] = {}

    def take(self, node: Node) -> None:
        parent = node.path.rpartition("/")[0]
        if not self._has_directory(parent):
            return
        with explained(node.path), self._target.parent(node.path) as (fd, name):
            if lstat(name, fd) is not None:
                return
            self._looks.setdefault(parent, os.fstat(fd))
            if node.is_directory:
                os.mkdir(name, 0o700, dir_fd=fd)
                self._looks[node.path] = node.info
            else:
                self._entry(node, name, fd)
        self._carried.count += 1

    def dress(self) -> None:
        """Give the directories their owners, modes and times; the deepest first."""
        for path, looks in reversed(self._looks.items()):
            try:
                with explained(path):
                    fd = open_beneath(self._target.fd, path, os.O_RDONLY | os.O_DIRECTORY, follow=False)
            except AppError as error:
                self._carried.add_problem(error)
                continue
            try:
                if os.geteuid() == 0:
                    os.fchown(fd, looks.st_uid, looks.st_gid)
                os.fchmod(fd, stat.S_IMODE(looks.st_mode))
                os.utime(fd, ns=(looks.st_atime_ns, looks.st_mtime_ns))
            finally:
                os.close(fd)

    def _has_directory(self, path: str) -> bool:
        """Tell whether ``path`` is a directory in the target, after making what was missing of it."""
        missing = []
        while path:
            found = self._target.lstat(path)
            if found is not None:
                if not stat.S_ISDIR(found.st_mode):
                    return False
                break
            missing.append(path)
            path = path.rpartition("/")[0]
        return all(self._made(one) for one in reversed(missing))

    def _made(self, path: str) -> bool:
        """Make a directory as the source has it; False when the source has none by now."""
        looks = self._source.lstat(path)
        if looks is None:
            return False
        with explained(path), self._target.parent(path) as (fd, name):
            self._looks.setdefault(path.rpartition("/")[0], os.fstat(fd))
            os.mkdir(name, 0o700, dir_fd=fd)
        self._looks[path] = looks
        return True

    def _entry(self, node: Node, name: str, fd: int) -> None:
        try:
            os.link(node.name, name, src_dir_fd=node.parent, dst_dir_fd=fd, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
            copy(self._source, node.path, node.path, target_root=self._target)
