"""One step that cannot leave: opening a path relative to a held directory."""

import base64
import binascii
import ctypes
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import AppError, Conflict, DiskFull, Forbidden, InvalidRequest, NotFound, Unavailable
from core.paths.by_name import walked

_SYS_OPENAT2 = 437
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_NO_SYMLINKS = 0x04
_RESOLVE_BENEATH = 0x08
MAX_PATH_BYTES = 4096  # what the kernel takes in one piece (PATH_MAX); a longer path can be used by nobody
_MAX_NAME_BYTES = 255
_libc = ctypes.CDLL(None, use_errno=True)


class OutsideRoot(InvalidRequest):
    """The path leads, or could lead, out of the directory it must stay in."""

    code = "outside_root"


class FileMissing(NotFound):
    """Nothing is there under that name."""

    code = "file_not_found"


class FileExists(Conflict):
    """Something is there already under that name."""

    code = "file_exists"


class NotAFile(InvalidRequest):
    """It needs a regular file, and this is a directory, a pipe, a socket or a device."""

    code = "not_a_file"


class PathBusy(Conflict):
    """The kernel uses it, as a mount point, or it changed while we worked on it."""

    code = "path_busy"


class DiskFailed(Unavailable):
    """The disk, or the machine behind it, does not give what lies there."""

    code = "disk_failed"


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


_missing = (FileMissing, "{} does not exist.")
_forbidden = (Forbidden, "The operating system does not let MC Admin use {}. Check its owner and mode.")
_full = (DiskFull, "There is no room left on the disk to write {}. Free some space and try again.")
_unusable = (InvalidRequest, "{} is not a usable name.")
_exists_already = (FileExists, "{} exists already.")
_failed = (DiskFailed, "The disk does not give {}: look into the system's log, and whether the disk is there.")
_busy = (PathBusy, "{} is in use or was just changed. Try again.")
# What a broken disk, a locked encrypted folder, and a FUSE or network file system that went away answer.
_DISK_FAILURES = (
    errno.EIO, errno.ENXIO, errno.ENODEV, errno.EUCLEAN, errno.EBADMSG, errno.EREMOTEIO, errno.ENOTCONN,
    errno.ECONNABORTED, errno.ESHUTDOWN, errno.EHOSTDOWN, errno.ETIMEDOUT, errno.ENOKEY,
)
_MEANING: dict[int, tuple[type[AppError], str]] = {
    errno.ENOENT: _missing,
    errno.ENOTDIR: _missing,
    errno.EXDEV: (OutsideRoot, "{} leads out of the server's directory."),
    errno.ELOOP: (OutsideRoot, "{} is, or goes through, a link that leads out, leads nowhere or is not followed."),
    errno.EACCES: _forbidden,
    errno.EPERM: _forbidden,
    errno.EROFS: (Forbidden, "The disk with {} is read-only. Check how it is mounted."),
    errno.ENOSPC: _full,
    errno.EDQUOT: _full,
    errno.ENAMETOOLONG: _unusable,
    errno.EINVAL: _unusable,
    errno.EISDIR: (NotAFile, "{} is a directory."),
    errno.EEXIST: _exists_already,
    errno.ENOTEMPTY: _exists_already,
    errno.EBUSY: _busy,
    errno.ETXTBSY: _busy,
    errno.ESTALE: _busy,
    **dict.fromkeys(_DISK_FAILURES, _failed),
    errno.EFBIG: (InvalidRequest, "{} would become larger than the file system allows."),
}


def path_of(text: str) -> str:
    """Turn a path as a client writes it, with or without ``/`` in front, into one for ``Root``; "" is the root.

    Raises:
        OutsideRoot: ``..``, a backslash or a NUL in it, never clamped.
        InvalidRequest: it is no text that a file name could be.
    """
    if "\\" in text or "\0" in text:
        raise OutsideRoot("A path must not contain a backslash or a NUL.")
    if any("\ud800" <= one <= "\udfff" for one in text):
        raise InvalidRequest("The path is not valid Unicode; send raw_path for a name that is not UTF-8.")
    return _joined(text)


def raw_path_of(text: str) -> str:
    """Turn ``raw_path``, the base64 of a path's bytes, into a path for ``Root``.

    Raises:
        OutsideRoot: as ``path_of``, but a backslash is a character like any other.
        InvalidRequest: it is no base64.
    """
    try:
        raw = base64.b64decode(text.replace(" ", "+"), validate=True)  # a plus sign that was not escaped
    except (binascii.Error, ValueError):
        raise InvalidRequest("raw_path is not base64.") from None
    return _joined(os.fsdecode(raw))


def _joined(text: str) -> str:
    path = "/".join(names_of(text.lstrip("/")))
    if len(os.fsencode(path)) >= MAX_PATH_BYTES:
        raise InvalidRequest(f"A path may have at most {MAX_PATH_BYTES - 1} bytes; use a directory further up.")
    return path


def names_of(path: str) -> list[str]:
    """Split a relative path into its names; raises OutsideRoot."""
    if path.startswith("/") or "\0" in path:
        raise OutsideRoot("A path is relative, without NUL.")
    names = [name for name in path.split("/") if name not in {"", "."}]
    if ".." in names:
        raise OutsideRoot("A path must not contain '..'.")
    return names


def valid_name(name: str) -> str:
    """Return ``name`` if a file may be given it; raises InvalidRequest."""
    if not name or name in {".", ".."} or "/" in name or "\\" in name or "\0" in name:
        raise InvalidRequest("A name is not empty, not '.' or '..', and has no slash, backslash or NUL.")
    if len(os.fsencode(name)) > _MAX_NAME_BYTES:
        raise InvalidRequest(f"A name may have at most {_MAX_NAME_BYTES} bytes.")
    return name


def file_name(path: str) -> str:
    """Return the last name of a path as a message may carry it."""
    return printable(path.rpartition("/")[2])


def printable(path: str) -> str:
    """Return a path as a message may carry it: short, without control characters and broken bytes."""
    text = os.fsencode(path).decode(errors="replace")
    printable = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    return printable if len(printable) <= 200 else f"{printable[:200]}…"


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Turn the operating system's numbers into our errors, with ``path`` in their sentences."""
    try:
        yield
    except OSError as error:
        explanation = _MEANING.get(error.errno or 0)
        if explanation is None:
            raise
        kind, sentence = explanation
        raise kind(sentence.format(printable(path) or f"{'The' if sentence[0] == '{' else 'the'} directory")) from error


def open_beneath(root_fd: int, path: str, flags: int, *, follow: bool = True) -> int:
    """Open ``path`` relative to ``root_fd`` without ever leaving it; the caller closes the descriptor.

    With ``follow=False`` a link anywhere in the path is an error (ELOOP), not only one that leads out: the
    descriptor is proof that every component was real.

    Raises:
        OSError: EXDEV when the path leads out, ELOOP for a dangling link, else what the kernel says.
        OutsideRoot: the path itself is absolute or has ``..`` or a NUL.

    Source: openat2(2), RESOLVE_BENEATH (Linux 5.6).
    """
    names = names_of(path)
    flags |= os.O_CLOEXEC
    try:
        return _openat2(root_fd, "/".join(names) or ".", flags, follow=follow)
    except OSError as error:
        # ENOSYS, EPERM: no such call, or a seccomp filter older than it. ENOENT: the walk tells a missing name
        # from a link that dangles.
        if error.errno not in {errno.ENOSYS, errno.EPERM, errno.ENOENT}:
            raise
    with walked(root_fd, names, follow=follow) as (parent, name):
        return os.open(name or ".", flags | os.O_NOFOLLOW, dir_fd=parent)


def open_regular(name: str, *, dir_fd: int, flags: int = os.O_RDONLY) -> int:
    """Open the regular file ``name``, which is no link; the caller closes the descriptor.

    Whatever else it is was never opened: opening a FIFO waits, opening a device may do things.

    Raises:
        NotAFile, OSError.
    """
    return reopen_regular(os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=dir_fd), name, flags)


def reopen_regular(handle: int, path: str, flags: int = os.O_RDONLY) -> int:
    """Open the regular file that the O_PATH descriptor ``handle`` stands for, and close ``handle``; raises NotAFile."""
    try:
        kind = os.fstat(handle).st_mode
        if stat.S_ISLNK(kind):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        if not stat.S_ISREG(kind):
            raise NotAFile(f"{printable(path) or 'The directory'} is not a regular file.")
        return os.open(f"/proc/self/fd/{handle}", flags | os.O_CLOEXEC)
    finally:
        os.close(handle)


def _openat2(root_fd: int, path: str, flags: int, *, follow: bool) -> int:
    resolve = _RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS | (0 if follow else _RESOLVE_NO_SYMLINKS)
    how = _OpenHow(flags=flags, mode=0, resolve=resolve)
    for _ in range(64):  # EAGAIN: a rename ran beside us, the kernel asks us to try again
        fd = _libc.syscall(_SYS_OPENAT2, root_fd, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
        if fd >= 0:
            return int(fd)
        number = ctypes.get_errno()
        if number not in {errno.EAGAIN, errno.EINTR}:
            break
    raise OSError(number, os.strerror(number), path)


def is_link(found: os.stat_result) -> bool:
    """Tell whether what was found by ``lstat`` is a symbolic link."""
    return stat.S_ISLNK(found.st_mode)


def is_directory(found: os.stat_result) -> bool:
    """Tell whether what was found is a directory."""
    return stat.S_ISDIR(found.st_mode)
