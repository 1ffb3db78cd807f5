"""Confine this process, then become the program that it was started for. A script of its own: see confinement.py.

    python -I -S confined_exec.py probe
    python -I -S confined_exec.py MEANS KIND=PATH ... -- PROGRAM ARGUMENTS

It runs before the program in the same process, because a process can only confine itself, and the panel has threads,
among which nothing but an exec is safe after a fork. It imports as little as it can: every restic waits for it.
"""

import ctypes
import os
import sys

CANNOT_CONFINE = 123  # exit code: what was asked for could not be done, and the program was not started
CANNOT_START = 127
LANDLOCK, MOUNTS = "landlock", "mounts"
READ, WRITE, EXECUTE = "read", "write", "execute"  # kinds of rules
_DATA = "data-"  # before the kind: server data
DATA_READ, DATA_WRITE = _DATA + READ, _DATA + WRITE
COPY, INSTEAD_OF = "copy", "instead-of"  # one after the other: a file is shown in the place of another

_SYS_OPENAT2, _SYS_CREATE_RULESET, _SYS_ADD_RULE, _SYS_RESTRICT_SELF = 437, 444, 445, 446
_RESOLVE_NO_SYMLINKS = 0x04
_AT_FDCWD = -100
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWNS = 0x20000
_MS_REMOUNT, _MS_NOSYMFOLLOW, _MS_BIND, _MS_REC, _MS_SLAVE = 0x20, 0x100, 0x1000, 0x4000, 0x80000
_ST_NOSYMFOLLOW = 0x2000
_MOUNT_FLAGS = {
    "ro": 1, "nosuid": 2, "nodev": 4, "noexec": 8, "noatime": 0x400, "nodiratime": 0x800, "relatime": 1 << 21,
}

# Landlock's rights, bit by bit, with the version of its interface from which the kernel knows them. All of them are
# taken away; a kernel refuses a bit that it does not know.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE, _IOCTL_DEV = 1, 2, 4, 8, 1 << 14, 1 << 15
_KNOWN_SINCE = {1: 0x1FFF, 2: 1 << 13, 3: _TRUNCATE, 5: _IOCTL_DEV}
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_READ = _READ_FILE | _READ_DIR

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def _called(result: int, what: str) -> int:
    """Return what a C function returned; raise OSError when it failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def _rights(version: int) -> int:
    """Return every right that this version of Landlock's interface knows."""
    return sum(bits for since, bits in _KNOWN_SINCE.items() if since <= version)


def _landlock_version() -> int:
    """Return the version of Landlock's interface; raises OSError where it is missing or switched off."""
    return _called(_libc.syscall(_SYS_CREATE_RULESET, None, 0, 1), "landlock")


def _open_data(kind: str, path: str) -> int | None:
    """Open a place of server data, of whose path no component may be a link; None where there is nothing to read."""
    how = _OpenHow(os.O_PATH | os.O_CLOEXEC, 0, _RESOLVE_NO_SYMLINKS)
    size = ctypes.sizeof(how)
    try:
        return _called(_libc.syscall(_SYS_OPENAT2, _AT_FDCWD, os.fsencode(path), ctypes.byref(how), size), path)
    except FileNotFoundError:
        if kind == DATA_READ:  # a dry run for what is gone by now
            return None
        raise


def _open_other(path: str) -> int | None:
    """Open what belongs to the machine; None for what is not there."""
    try:
        return os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None


def restrict(rules: list[tuple[str, str]]) -> None:
    """Let this process and its children open what ``rules`` (kind and path) name, and nothing else, for good."""
    everything = _rights(_landlock_version())
    allowed = {READ: _READ, WRITE: everything & ~_EXECUTE, EXECUTE: _READ | _EXECUTE}
    ruleset = _Ruleset(everything)
    handle = _called(_libc.syscall(_SYS_CREATE_RULESET, ctypes.byref(ruleset), 8, 0), "landlock")
    for kind, path in rules:
        if kind in {COPY, INSTEAD_OF}:
            continue
        place = _open_data(kind, path) if kind.startswith(_DATA) else _open_other(path)
        if place is None:
            continue
        rights = allowed[kind.removeprefix(_DATA)]
        if (os.fstat(place).st_mode & 0o170000) != 0o040000:
            rights &= _OF_FILES
        rule = _Beneath(rights & everything, place)
        _called(_libc.syscall(_SYS_ADD_RULE, handle, 1, ctypes.byref(rule), 0), path)
        os.close(place)
    # Without it a program with a set-user-id bit would be confined, too, which only root may ask for.
    _called(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _called(_libc.syscall(_SYS_RESTRICT_SELF, handle, 0), "landlock")
    os.close(handle)


def follow_no_links(rules: list[tuple[str, str]]) -> None:
    """Get mounts of our own, in which no link in the server data of ``rules`` is followed."""
    _called(_libc.unshare(_CLONE_NEWNS), "unshare")
    _mount(b"none", "/", _MS_REC | _MS_SLAVE)  # what the machine unmounts meanwhile goes here, too
    for kind, path in rules:
        place = _open_data(kind, path) if kind.startswith(_DATA) else None  # raises where a component is a link
        if place is None:
            continue
        os.close(place)
        _mount(os.fsencode(path), path, _MS_BIND | _MS_REC)
        # The outer ones come first, so that the path to an inner one is already free of links.
        for point, flags in _mounts_at_or_below(path):
            _mount(None, point, _MS_REMOUNT | _MS_BIND | _MS_NOSYMFOLLOW | flags)
            if not os.statvfs(point).f_flag & _ST_NOSYMFOLLOW:  # kernels before 5.10 pass an unknown flag over
                raise OSError(95, "this kernel cannot leave links alone", point)
    try:
        os.chdir(os.getcwd())  # by its path into the new mounts: we still stand in the old ones
    except OSError:
        os.chdir("/")


def show_copies(rules: list[tuple[str, str]]) -> None:
    """Show copies in the place of files, in the mounts that ``follow_no_links`` has made: there is no link on the way.

    A file that has gone meanwhile is passed over, and that is said.
    """
    copies = [path for kind, path in rules if kind == COPY]
    for copy, path in zip(copies, [path for kind, path in rules if kind == INSTEAD_OF], strict=True):
        try:
            _mount(os.fsencode(copy), path, _MS_BIND)
        except OSError as error:
            sys.stderr.write(f"{path}: no sound copy could be shown: {error.strerror}\n")


def _mount(source: bytes | None, target: str, flags: int) -> None:
    _called(_libc.mount(source, os.fsencode(target), None, ctypes.c_ulong(flags), None), target)


def _mounts_at_or_below(path: str) -> list[tuple[str, int]]:
    """Return each mount point with the flags that it has and must keep."""
    found = []
    with open("/proc/self/mountinfo", "rb") as file:
        for line in file:
            words = line.split(b" ")
            point = os.fsdecode(_unescaped(words[4]))
            if point == path or point.startswith(f"{path}/"):
                found.append((point, sum(_MOUNT_FLAGS.get(word, 0) for word in words[5].decode().split(","))))
    return found


def _unescaped(name: bytes) -> bytes:
    """Undo what the kernel does to blanks and the like in its list of mounts; the backslash goes last."""
    for escaped, character in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        name = name.replace(escaped, character)
    return name


def probe() -> list[str]:
    """Try both means on this process, which is good for nothing else afterwards, and return those that work."""
    found = []
    here = os.path.dirname(os.path.realpath(__file__))
    for name in (MOUNTS, LANDLOCK):  # in this order: Landlock forbids to mount
        try:
            (follow_no_links if name == MOUNTS else restrict)([(DATA_READ, here)])
        except OSError as error:
            sys.stderr.write(f"{name}: {error}\n")
        else:
            found.append(name)
    return found


def _find(program: str) -> str:
    """Return the path of what is started by that name."""
    folders = [] if "/" in program else os.environ.get("PATH", os.defpath).split(os.pathsep)
    paths = (os.path.join(folder, program) for folder in folders)
    return next((path for path in paths if os.access(path, os.X_OK) and os.path.isfile(path)), program)


def main(words: list[str]) -> None:
    """Do what the command line says."""
    if words == ["probe"]:
        print(",".join(probe()))  # noqa: T201 - its answer
        return
    end = words.index("--")
    means, program = words[0].split(","), words[end + 1 :]
    rules = [(kind, path) for kind, _, path in (word.partition("=") for word in words[1:end])]
    file = _find(program[0])  # now, as Python itself may be out of reach later
    try:
        if MOUNTS in means:
            follow_no_links(rules)
            show_copies(rules)
        if LANDLOCK in means:
            restrict(rules)
    except OSError as error:
        sys.stderr.write(f"cannot be confined: {error}\n")
        sys.exit(CANNOT_CONFINE)
    try:
        os.execv(file, program)  # noqa: S606 - no shell: the panel made these words
    except OSError as error:
        sys.stderr.write(f"{program[0]}: {error.strerror}\n")
        sys.exit(CANNOT_START)


if __name__ == "__main__":
    main(sys.argv[1:])
