"""Take a sound copy of a SQLite database that another process is writing.

The copy is made of the bytes, under the locks that SQLite itself would take, so that no line of SQLite opens a path in
a folder where a game can put a link. Rollback mode: with the shared lock held nobody writes the file. WAL mode: with
the checkpoint's lock held nobody moves pages from the log into the file, and of a log that grows meanwhile what is
whole counts. Whatever else was under way, SQLite finishes in the copy, as after a crash.

Source: https://www.sqlite.org/lockingv3.html and walformat.html; os_unix.c for the bytes of shared memory.
"""

import fcntl
import os
import struct
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from mcadmin.core import database_exec, process
from mcadmin.core.errors import AppError, Conflict
from mcadmin.core.paths import FileMissing, Root

LOCK_S = 5.0  # how long a writer may keep us waiting
CHECK_S = 300.0
COMPANIONS = ("-journal", "-wal")  # what a copy needs beside the file
_SHARED_MEMORY = "-shm"
_PENDING, _SHARED, _CHECKPOINT = (0x40000000, 1), (0x40000002, 510), (121, 1)  # first byte and length
_PIECE_BYTES = 1024**2


class NoSoundCopy(Conflict):
    """No copy of a database could be made that is surely whole; the sentence says why."""

    code = "no_sound_copy"


async def check(file: Path) -> str:
    """Return what is wrong with a database that nobody else can reach; empty when it is sound.

    Raises:
        AppError: nobody knows.
    """
    said = await process.run(sys.executable, "-I", "-S", database_exec.__file__, str(file), timeout_s=CHECK_S)
    return "" if said.strip() == "ok" else said.strip()


def take(data: Root, path: str, copy: Path, *, most_bytes: int) -> None:
    """Copy the database at ``path``, and what it needs, to ``copy``; no link is followed. Blocking.

    Raises:
        NoSoundCopy: it is locked for too long, or grows beyond ``most_bytes``.
        AppError: it cannot be opened.
    """
    with ExitStack() as stack:
        file = _opened(stack, data, path)
        try:
            memory: int | None = _opened(stack, data, path + _SHARED_MEMORY)
        except FileMissing:
            memory = None
        _lock_for_reading(file, memory)
        _copy(file, copy, most_bytes)
        for suffix in COMPANIONS:
            try:
                _copy(_opened(stack, data, path + suffix), copy.with_name(copy.name + suffix), most_bytes)
            except FileMissing:
                continue


def dress(copy: Path, like: os.stat_result) -> None:
    """Give a copy the owner, mode and time of its original. Blocking."""
    os.chown(copy, like.st_uid, like.st_gid)
    os.chmod(copy, like.st_mode & 0o7777)
    os.utime(copy, ns=(like.st_atime_ns, like.st_mtime_ns))


def _opened(stack: ExitStack, data: Root, path: str) -> int:
    fd = data.open_file(path, follow=False)
    stack.callback(os.close, fd)
    return fd


def _lock_for_reading(file: int, memory: int | None) -> None:
    """Take the locks that keep the file as it is; they go with the descriptors."""
    _wait_for(file, _PENDING)
    _wait_for(file, _SHARED)
    _set(file, fcntl.F_UNLCK, _PENDING)
    if memory is not None:
        _wait_for(memory, _CHECKPOINT)


def _wait_for(fd: int, part: tuple[int, int]) -> None:
    end = time.monotonic() + LOCK_S
    while True:
        try:
            _set(fd, fcntl.F_RDLCK, part)
        except OSError:
            if time.monotonic() > end:
                raise NoSoundCopy(f"it was locked for more than {LOCK_S:g} s") from None
            time.sleep(0.005)
        else:
            return


def _set(fd: int, kind: int, part: tuple[int, int]) -> None:
    """Set a lock of this descriptor, not of this process: the panel may open the same file elsewhere."""
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack("hhqqi", kind, os.SEEK_SET, *part, 0))


def _copy(source: int, target: Path, most_bytes: int) -> None:
    """Copy the content; a file that cannot be read or written is told as ``AppError`` says."""
    done = 0
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            while piece := os.pread(source, _PIECE_BYTES, done):
                done += len(piece)
                if done > most_bytes:
                    raise NoSoundCopy(f"it has more than {most_bytes // 1024**2} MiB")
                file.write(piece)
    except OSError as error:
        raise AppError(f"it could not be copied ({error.strerror})") from error
