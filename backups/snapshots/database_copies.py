"""Take a sound copy of a SQLite database that another process is writing.

The copy is made of the bytes, under the locks that SQLite itself would take, so that no line of SQLite opens a path in
a folder where a game can put a link. Rollback mode: with the shared lock held nobody writes the file. WAL mode: with
the checkpoint's lock held nobody moves pages from the log into the file, and of a log that grows meanwhile what is
whole counts. Whatever else was under way, SQLite finishes in the copy, as after a crash.

Source: https://www.sqlite.org/lockingv3.html and walformat.html; os_unix.c for the bytes of shared memory.
"""

import errno
import fcntl
import os
import shutil
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from core import database_exec, process
from core.errors import AppError, Conflict, TimedOut
from core.paths import FileMissing, Root, printable

LOCK_S = 5.0  # how long a writer may keep us waiting
# What a copy needs beside the file, and how it begins: SQLite takes nothing from one that begins otherwise, as one does
# that a finished transaction left, or a hole of any size.
COMPANIONS = {
    "-journal": (b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7",),
    "-wal": (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"),
}
_FREE_TIMES = 3  # the room that must be free: the copy, its log once more in the file, and as much for the panel
_SHARED_MEMORY = "-shm"
_PENDING, _SHARED, _CHECKPOINT = (0x40000000, 1), (0x40000002, 510), (121, 1)  # first byte and length
_PIECE_BYTES = 1024**2


class NoSoundCopy(Conflict):
    """No copy of a database could be made that is surely whole; the sentence says why."""

    code = "no_sound_copy"


async def check(file: Path, *, timeout_s: float) -> str:
    """Return what is wrong with a database that nobody else can reach, as a message may carry it; empty if sound.

    Raises:
        NoSoundCopy: it takes longer than ``timeout_s``: a schema can make each row as slow as it likes.
        AppError: nobody knows.
    """
    argv = (sys.executable, "-I", "-S", database_exec.__file__, str(file))
    try:
        said = (await process.run(*argv, timeout_s=timeout_s, isolated=True)).strip()  # killed: SQLite heeds no word
    except TimedOut:
        raise NoSoundCopy(f"its check took more than {timeout_s:.3g} s") from None
    return "" if said == "ok" else printable(said)


def copy_database(data: Root, path: str, copy: Path, *, most_bytes: int) -> int:
    """Copy the database at ``path``, and what it needs, to ``copy``; no link is followed. Blocking.

    Returns:
        The bytes that were written: holes stay holes.

    Raises:
        NoSoundCopy: it is locked for too long, has more than ``most_bytes`` with its journal and log, holes too, or
            the disk has no room for them.
        AppError: it cannot be opened.
    """
    with ExitStack() as stack:
        file = _opened(stack, data, path)
        try:
            memory: int | None = _opened(stack, data, path + _SHARED_MEMORY)
        except FileMissing:
            memory = None
        _lock_for_reading(file, memory)
        parts = {"": file} | _companions(stack, data, path)
        sizes = {suffix: os.fstat(fd).st_size for suffix, fd in parts.items()}
        _check_room(sum(sizes.values()), copy.parent, most_bytes)
        return sum(_copy(fd, copy.with_name(copy.name + one), sizes[one]) for one, fd in parts.items())


def dress(copy: Path, like: os.stat_result) -> None:
    """Give a copy the owner, mode and time of its original. Blocking."""
    os.chown(copy, like.st_uid, like.st_gid)
    os.chmod(copy, like.st_mode & 0o7777)
    os.utime(copy, ns=(like.st_atime_ns, like.st_mtime_ns))


def _opened(stack: ExitStack, data: Root, path: str) -> int:
    fd = data.open_file(path, follow=False)
    stack.callback(os.close, fd)
    return fd


def _companions(stack: ExitStack, data: Root, path: str) -> dict[str, int]:
    """Open the journal and the log of which SQLite would take something, by the ends of their names."""
    found = {}
    for suffix, beginnings in COMPANIONS.items():
        try:
            fd = _opened(stack, data, path + suffix)
        except FileMissing:
            continue
        if os.pread(fd, len(beginnings[0]), 0) in beginnings:
            found[suffix] = fd
    return found


def _check_room(size: int, folder: Path, most_bytes: int) -> None:
    """Raise NoSoundCopy where so many bytes may not, or cannot, be copied into a folder."""
    if size > most_bytes:
        sizes = f"{size / 1024**2:.0f} MiB, and {most_bytes / 1024**2:.0f} MiB are allowed"
        raise NoSoundCopy(f"it is too large: with its journal it has {sizes}")
    if shutil.disk_usage(folder).free < _FREE_TIMES * size:
        raise NoSoundCopy("the disk has no room for a copy")


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


def _copy(source: int, target: Path, size: int) -> int:
    """Copy ``size`` bytes of content and return how many were written; what fails is told as ``AppError`` says."""
    written = 0
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0) as file:
            for start, end in _data(source, size):
                at = start
                while at < end and (piece := os.pread(source, min(_PIECE_BYTES, end - at), at)):
                    os.pwrite(file.fileno(), piece, at)
                    at += len(piece)
                written += at - start
            file.truncate(size)
    except OSError as error:
        raise AppError(f"it could not be copied ({error.strerror})") from error
    return written


def _data(fd: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield where there is content in the first ``size`` bytes, from and to; what lies between are holes."""
    end = 0
    while end < size:
        try:
            start = os.lseek(fd, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # a hole up to the end
                return
            raise
        if start >= size:
            return
        end = min(max(os.lseek(fd, start, os.SEEK_HOLE), start + 1), size)
        yield start, end
