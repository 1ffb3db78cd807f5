"""A directory held open, and what one does with single files below it."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from core.errors import InvalidRequest, TooLarge
from core.paths.beneath import FileMissing, OutsideRoot, explained, names_of, open_beneath, printable, reopen_regular
from core.paths.by_name import lstat, walked
from core.paths.new_file import Expect, NewFile, Owner


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a directory.

    ``info`` is what the name leads to; for a link that leads out or nowhere, the link itself, with ``problem``
    saying so. ``name`` carries bytes that are not UTF-8 as Python's file system encoding does.
    """

    name: str
    info: os.stat_result
    is_link: bool = False
    problem: str | None = None


class Root:
    """A directory held open; every path given to its methods stays beneath it.

    Paths are relative, with ``/`` between names; "" is the directory itself. A link whose target stays beneath
    is followed, unless a method says otherwise. New files and directories get the owner of the directory.
    Blocking: from a coroutine, call it in a thread. Use it as a context manager.

    Raises (from every method):
        OutsideRoot: ``..``, an absolute path or a link that leads out or nowhere.
        FileMissing: nothing there, or a parent is no directory.
        Forbidden: the operating system refuses us.
        DiskFull: no room to write.
    """

    def __init__(self, directory: Path) -> None:
        with explained(directory.name):
            self.fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        own = os.fstat(self.fd)
        self.owner: Owner = (own.st_uid, own.st_gid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the descriptor back; safe to call twice."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def subdirectory(self, path: str, *, follow: bool = True) -> "Root":
        """Hold a directory below as a root of its own, with the same owner for new files; the caller closes it.

        Without ``follow``, a link anywhere in ``path`` is OutsideRoot.
        """
        with explained(path):
            fd = open_beneath(self.fd, path, os.O_RDONLY | os.O_DIRECTORY, follow=follow)
        below = Root.__new__(Root)
        below.fd, below.owner = fd, self.owner
        return below

    def own_subdirectory(self, path: str) -> "Root":
        """Hold a directory below as a root of its own, whose new files get its own owner; the caller closes it.

        A link anywhere in ``path`` is OutsideRoot, wherever it leads.
        """
        below = self.subdirectory(path, follow=False)
        own = os.fstat(below.fd)
        below.owner = (own.st_uid, own.st_gid)
        return below

    # Reading

    def open_file(self, path: str, *, follow: bool = True) -> int:
        """Open a regular file for reading and return its descriptor; the caller closes it.

        A FIFO or a device in its place is refused without being opened. Without ``follow``, a link anywhere in
        ``path`` is OutsideRoot.
        """
        with explained(path):
            return reopen_regular(open_beneath(self.fd, path, os.O_PATH, follow=follow), path)

    def read_bytes(self, path: str, *, max_bytes: int, follow: bool = True) -> bytes:
        """Read a regular file whole; ``follow`` as in ``open_file``.

        Raises:
            TooLarge: it holds more than ``max_bytes``.
        """
        with os.fdopen(self.open_file(path, follow=follow), "rb") as file, explained(path):
            content = file.read(max_bytes + 1)
        if len(content) > max_bytes:
            raise TooLarge(f"{printable(path)} is larger than {max_bytes} bytes.")
        return content

    def stat(self, path: str, *, follow: bool = True) -> os.stat_result | None:
        """Return what ``path`` leads to, or None when nothing is there.

        Without ``follow``, a link anywhere in ``path`` is OutsideRoot: None or a result proves the path real.
        """
        try:
            with explained(path):
                fd = open_beneath(self.fd, path, os.O_PATH, follow=follow)
        except FileMissing:
            return None
        try:
            return os.fstat(fd)
        finally:
            os.close(fd)

    def lstat(self, path: str) -> os.stat_result | None:
        """Return what the last name of ``path`` is, a link itself included, or None when nothing is there."""
        try:
            with explained(path), self.parent(path) as (parent, name):
                return lstat(name, parent)
        except FileMissing:
            return None

    def entries(self, path: str = "") -> list[Entry]:
        """List a directory, unsorted, whatever is in it; what vanishes meanwhile is left out."""
        with explained(path):
            fd = open_beneath(self.fd, path, os.O_RDONLY | os.O_DIRECTORY)
            found = []
            try:
                with os.scandir(fd) as scan:
                    for one in scan:
                        with suppress(FileNotFoundError):
                            info = one.stat(follow_symlinks=False)
                            is_link = stat.S_ISLNK(info.st_mode)
                            found.append(self.led_to(path, one.name, info) if is_link else Entry(one.name, info))
            finally:
                os.close(fd)
        return found

    # Writing

    def make_directory(self, path: str, *, mode: int = 0o755) -> bool:
        """Make one directory; its parent must be there. Returns False when there is one already.

        Raises:
            FileMissing: something else has the name.
        """
        with explained(path), self.parent(path) as (parent, name):
            try:
                os.mkdir(name, mode, dir_fd=parent)
            except FileExistsError:
                os.close(open_beneath(self.fd, path, os.O_RDONLY | os.O_DIRECTORY))
                return False
            fd = open_beneath(parent, name, os.O_RDONLY | os.O_DIRECTORY, follow=False)
            try:
                with suppress(PermissionError):  # not root: it is ours, which is all we can do
                    os.fchown(fd, *self.owner)
            finally:
                os.close(fd)
        return True

    def make_directories(self, path: str) -> None:
        """Make the directory and whatever is missing above it; raises FileMissing when a file has one of the names."""
        names = names_of(path)
        if self.stat(path) is None:
            for count in range(1, len(names) + 1):
                self.make_directory("/".join(names[:count]))

    def write_bytes(
        self, path: str, content: bytes, *, mode: int = 0o644, over: bool = True, expect: Expect | None = None
    ) -> os.stat_result:
        """Replace a file, or make it, in one step: a reader sees the old content or the new, whole.

        An existing file keeps its owner and mode; a new one gets ``mode`` and the directory's owner.
        ``over`` and ``expect`` are those of ``NewFile.commit``.
        """
        with explained(path), self.parent(path, follow_last=True) as (parent, name):  # noqa: SIM117 - reads better
            with NewFile(parent, owner=self.owner) as file:
                file.write(content)
                return file.commit(name, over=over, mode=mode, expect=expect)

    def new_file(self, directory: str, *, name: str | None = None, is_there: bool = False) -> NewFile:
        """Begin a file in ``directory``; nothing is seen of it until its ``commit``. The rest is as in ``NewFile``."""
        with explained(directory):
            fd = open_beneath(self.fd, directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                return NewFile(fd, owner=self.owner, name=name, is_there=is_there)
            finally:
                os.close(fd)

    @contextmanager
    def parent(self, path: str, *, follow_last: bool = False) -> Iterator[tuple[int, str]]:
        """Hold the directory that the last name of ``path`` lies in, and tell that name.

        With ``follow_last``, a link in its place is followed to the name it leads to.

        Raises:
            InvalidRequest: the path is the root itself.
        """
        names = names_of(path)
        if not names:
            raise InvalidRequest("This needs something inside the directory, not the directory itself.")
        with walked(self.fd, names, follow_last=follow_last) as (walked_fd, name):
            if name is None:  # a link to a directory above
                raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
            parent = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=walked_fd)
            try:
                yield parent, name
            finally:
                os.close(parent)

    def led_to(self, directory: str, name: str, link: os.stat_result) -> Entry:
        """Return the entry that a link in ``directory`` is shown as: what it leads to, or itself with a problem."""
        try:
            fd = open_beneath(self.fd, f"{directory}/{name}" if directory else name, os.O_PATH)
        except (OSError, OutsideRoot):
            return Entry(name, link, is_link=True, problem="The link leads out of the directory, or nowhere.")
        try:
            return Entry(name, os.fstat(fd), is_link=True)
        finally:
            os.close(fd)
