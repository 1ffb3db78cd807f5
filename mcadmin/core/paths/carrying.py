"""Take part of one tree over into another."""

import errno
import os
import stat
from collections.abc import Callable

from mcadmin.core.paths.beneath import explained, lstat, open_beneath
from mcadmin.core.paths.copying import copy
from mcadmin.core.paths.root import Root
from mcadmin.core.paths.trees import Node, walk

_NO_LINK = {errno.EPERM, errno.EMLINK, errno.EXDEV, errno.EOPNOTSUPP}


def carry(source: Root, target: Root, *, wanted: Callable[[str], bool]) -> int:
    """Give ``target`` what ``wanted`` (asked with each path) says of ``source``, with all that is in it.

    Directories are made again with owner, mode and times; everything else becomes a hard link, which costs no
    room, or a copy where there can be none. What ``target`` has already stays as it is.

    Returns:
        How many entries were carried over.
    """
    carrying = _Carrying(source, target)
    inside: str | None = None
    for node in walk(source):
        if inside is None or not node.path.startswith(inside):
            if not wanted(node.path):
                inside = None
                continue
            inside = f"{node.path}/"
        carrying.take(node)
    carrying.dress()
    return carrying.count


class _Carrying:
    """One run: the directories touched get their looks at the end, for each entry changes their time."""

    def __init__(self, source: Root, target: Root) -> None:
        self.count = 0
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
        self.count += 1

    def dress(self) -> None:
        """Give the directories their owners, modes and times; the deepest first."""
        for path, looks in reversed(self._looks.items()):
            fd = open_beneath(self._target.fd, path, os.O_RDONLY | os.O_DIRECTORY, follow=False)
            try:
                if os.geteuid() == 0:
                    os.fchown(fd, looks.st_uid, looks.st_gid)
                os.fchmod(fd, stat.S_IMODE(looks.st_mode))
                os.utime(fd, ns=(looks.st_atime_ns, looks.st_mtime_ns))
            finally:
                os.close(fd)

    def _has_directory(self, path: str) -> bool:
        """Tell whether ``path`` is a directory in the target, after making what was missing of it."""
        if not path:
            return True
        found = self._target.lstat(path)
        if found is not None:
            return stat.S_ISDIR(found.st_mode)
        looks = self._source.lstat(path)
        parent = path.rpartition("/")[0]
        if looks is None or not self._has_directory(parent):
            return False
        with explained(path), self._target.parent(path) as (fd, name):
            self._looks.setdefault(parent, os.fstat(fd))
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
