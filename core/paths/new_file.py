"""A file that is nowhere to be seen until it is whole."""

import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

from core.errors import Conflict
from core.paths.beneath import open_regular
from core.paths.by_name import lstat
from core.paths.rename import rename_exclusively

Owner = tuple[int, int]
Expect = Callable[[os.stat_result | None], None]

TEMPORARY_PREFIX = ".mcadmin-"
_NO_UNNAMED = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL}  # file systems and kernels without O_TMPFILE

LOCK_S, LOCK_AGAIN_S = 5.0, 0.005


class DirectoryLocked(Conflict):
    """Another program holds a lock on the directory that a file should be written into."""

    code = "directory_locked"


class NewFile:
    """A file in the making, in the directory ``parent``; closing it without ``commit`` leaves nothing behind.

    Where the file system can (O_TMPFILE), it has no name until ``commit``, so that not even a kill leaves
    anything; elsewhere it is called ``.mcadmin-….tmp``. Its descriptor is ``fd``. Blocking.
    """

    def __init__(self, parent: int, *, owner: Owner, name: str | None = None, is_there: bool = False) -> None:
        """``name`` asks for a file that can be kept half done and taken up again, by ``is_there``."""
        self._owner = owner
        self._temporary = name
        self._parent = os.dup(parent)
        try:
            self.fd = self._open() if name is None else self._open_named(name, is_there=is_there)
        except BaseException:
            os.close(self._parent)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, content: bytes | bytearray | memoryview) -> None:
        """Append all of ``content``."""
        left = memoryview(content)
        while left:
            left = left[os.write(self.fd, left) :]

    def commit(self, name: str, *, over: bool, mode: int = 0o644, expect: Expect | None = None) -> os.stat_result:
        """Give the file its name in one step and return what it is now: a reader sees the old file or the new, whole.

        An old file's owner and mode are kept, without set-user-id and set-group-id;
        a new file gets ``owner`` and ``mode``.

        Args:
            name: in the directory given; never a link.
            over: replace a file of that name; otherwise it is FileExistsError.
            mode: of a file that was not there.
            expect: called with the present file's figures (None: there is none) under a lock that every
                ``commit`` in this directory takes; what it raises stops the commit.
        """
        with _locked(self._parent):
            old = lstat(name, self._parent)
            if expect is not None:
                expect(old)
            if old is not None:
                _require_replaceable(old, name, over=over)
            self._dress(old, mode)
            self._name(name, over=old is not None)
            os.fsync(self._parent)
        return os.fstat(self.fd)

    def keep(self) -> None:
        """Give everything back and leave the file, by the name it was asked for with, as it is."""
        self._temporary = None
        self.close()

    def close(self) -> None:
        """Give everything back; safe to call twice."""
        if self.fd < 0:
            return
        if self._temporary is not None:
            with suppress(FileNotFoundError):
                os.unlink(self._temporary, dir_fd=self._parent)
        os.close(self.fd)
        os.close(self._parent)
        self.fd = self._parent = -1

    def _open(self) -> int:
        try:
            return os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600, dir_fd=self._parent)
        except OSError as error:
            if error.errno not in _NO_UNNAMED:
                raise
        self._temporary = _temporary_name()
        return self._open_named(self._temporary, is_there=False)

    def _open_named(self, name: str, *, is_there: bool) -> int:
        if is_there:
            return open_regular(name, dir_fd=self._parent, flags=os.O_RDWR | os.O_APPEND)
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_CREAT | os.O_EXCL  # never opens what is there
        return os.open(name, flags, 0o600, dir_fd=self._parent)

    def _dress(self, old: os.stat_result | None, mode: int) -> None:
        uid, gid = (old.st_uid, old.st_gid) if old else self._owner
        if (uid, gid) != (os.geteuid(), os.getegid()):
            with suppress(PermissionError):  # not root: the file is ours, which is all we can do
                os.fchown(self.fd, uid, gid)
        os.fchmod(self.fd, plain_mode(old.st_mode) if old else mode)
        os.fsync(self.fd)

    def _name(self, name: str, *, over: bool) -> None:
        if self._temporary is None:
            wanted = _temporary_name() if over else name
            os.link(f"/proc/self/fd/{self.fd}", wanted, dst_dir_fd=self._parent, follow_symlinks=True)
            if not over:
                return
            self._temporary = wanted
        if over:
            os.rename(self._temporary, name, src_dir_fd=self._parent, dst_dir_fd=self._parent)
        else:
            rename_exclusively(self._temporary, name, source_fd=self._parent, target_fd=self._parent)
        self._temporary = None


def plain_mode(mode: int) -> int:
    """Return a file's mode without set-user-id and set-group-id: new content never runs as somebody else."""
    return stat.S_IMODE(mode) & ~(stat.S_ISUID | stat.S_ISGID)


def _require_replaceable(old: os.stat_result, name: str, *, over: bool) -> None:
    if stat.S_ISDIR(old.st_mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    if not over:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)
    if stat.S_ISLNK(old.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)


def _temporary_name() -> str:
    return f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}.tmp"


@contextmanager
def _locked(directory: int) -> Iterator[None]:
    """Keep other commits in the directory out, of other processes too, for the moment of a check and a rename.

    The directory is a game's, and the game can hold the same lock for ever: whoever waits without an end for it waits
    with a thread of the panel's.
    """
    own = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
    try:
        last = time.monotonic() + LOCK_S
        while not _is_taken(own):
            if time.monotonic() > last:
                raise DirectoryLocked(
                    f"Another program, perhaps the game, has held a lock on this directory for {LOCK_S:g} s. Nothing "
                    "was written. Stop it, or try again later."
                )
            time.sleep(LOCK_AGAIN_S)
        yield
    finally:
        os.close(own)


def _is_taken(directory: int) -> bool:
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
