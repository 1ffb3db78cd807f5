"""Read the kernel's small files under /proc and /sys/fs/cgroup: blocking, some microseconds each."""

import errno
import os
from collections.abc import Container

from servers.docker.usage.counters import ContainerGone, Unread

_GONE = {errno.ENODEV, errno.ESRCH}  # a file opened just before its cgroup or process vanished
_CHUNK_BYTES = 64 * 1024
# The kernel hands out a page at a time, filled as far as whole lines fit: less than half a page is the end.
_SURELY_ALL_BYTES = 2048
_MAX_DIGITS = 20  # the kernel counts in 64 bits


def read_file(directory: str, name: str) -> str | Unread:
    """Return the text of ``directory/name``.

    Returns:
        Unread when this kernel has no such file or will not show it to us.

    Raises:
        ContainerGone: the directory itself is not there any more.
    """
    try:
        return _read(f"{directory}/{name}")
    except FileNotFoundError:
        if os.path.isdir(directory):
            return Unread(f"This kernel does not tell it: there is no {name}.")
        raise gone() from None
    except PermissionError:
        return Unread(f"MC Admin's user may not read {name}.")
    except OSError as error:
        if error.errno in _GONE:
            raise gone() from None
        return Unread(f"{name} could not be read: {error.strerror}.")


def read_number(directory: str, name: str) -> int | Unread:
    """Return the single number in ``directory/name``; raises as ``read_file`` does."""
    text = read_file(directory, name)
    if isinstance(text, Unread):
        return text
    count = parse_count(text.strip())
    return Unread(f"{name} holds no number.") if count is None else count


def read_table(directory: str, name: str, wanted: Container[str]) -> dict[str, int] | Unread:
    """Return the ``key number`` lines of ``directory/name`` whose key is wanted; raises as ``read_file`` does."""
    text = read_file(directory, name)
    if isinstance(text, Unread):
        return text
    found = {}
    for line in text.splitlines():
        key, _, number = line.partition(" ")
        if key in wanted and (count := parse_count(number)) is not None:
            found[key] = count
    return found


def parse_count(text: str) -> int | None:
    """Return the number that ``text`` is, or None when it is no count of the kernel's."""
    return int(text) if len(text) <= _MAX_DIGITS and text.isascii() and text.isdigit() else None


def parse_device(text: str) -> tuple[int, int] | None:
    """Return the numbers of a device written like ``8:16``, or None."""
    major, minor = (parse_count(part) for part in text.partition(":")[::2])
    return None if major is None or minor is None else (major, minor)


def gone() -> ContainerGone:
    """Return the error for a container that ended under our eyes."""
    return ContainerGone("The container has just ended.")


def _read(path: str) -> str:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        chunks = [os.read(fd, _CHUNK_BYTES)]
        while len(chunks[-1]) >= _SURELY_ALL_BYTES:
            chunks.append(os.read(fd, _CHUNK_BYTES))
    finally:
        os.close(fd)
    return b"".join(chunks).decode(errors="replace")
