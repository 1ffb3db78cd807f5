"""Read the kernel's small files under /proc and /sys/fs/cgroup: blocking, some microseconds each."""

import errno
import os

from servers.docker.usage import ContainerGone, Unread

_GONE = {errno.ENODEV, errno.ESRCH}  # a file opened just before its cgroup or process vanished
_CHUNK_BYTES = 64 * 1024


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
    try:
        return int(text)
    except ValueError:
        return Unread(f"{name} holds no number.")


def read_table(directory: str, name: str) -> dict[str, int] | Unread:
    """Return the ``key number`` lines of ``directory/name``; raises as ``read_file`` does."""
    text = read_file(directory, name)
    if isinstance(text, Unread):
        return text
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def gone() -> ContainerGone:
    """Return the error for a container that ended under our eyes."""
    return ContainerGone("The container has just ended.")


def _read(path: str) -> str:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        chunks = []
        while chunk := os.read(fd, _CHUNK_BYTES):  # the kernel may hand out one page at a time
            chunks.append(chunk)
    finally:
        os.close(fd)
    return b"".join(chunks).decode(errors="replace")
