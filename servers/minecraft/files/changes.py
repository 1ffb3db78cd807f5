"""Create, rename, move, copy and delete; what may take long tells its progress and can be stopped."""

from collections.abc import Callable
from enum import StrEnum

from core import paths
from core.errors import InvalidRequest
from core.paths import FileExists, FileMissing, Root, printable, valid_name

LARGE_ENTRIES = 2000
LARGE_BYTES = 256 * 1024 * 1024

Tell = Callable[[int], None]


class Kind(StrEnum):
    """What can be created."""

    FILE = "file"
    DIRECTORY = "directory"


def create(root: Root, parent: str, name: str, *, kind: Kind) -> str:
    """Make an empty file or a directory, and the directories missing above it; return its path.

    Raises:
        FileExists, OutsideRoot.
        InvalidRequest: no name for a file.
    """
    path = joined(parent, valid_name(name))
    make_parents(root, parent)
    if root.lstat(path) is not None:
        raise FileExists(f"{printable(path)} exists already.")
    if kind is Kind.DIRECTORY:
        root.make_directory(path)
    else:
        root.write_bytes(path, b"", over=False)
    return path


def rename_entry(root: Root, path: str, new_name: str) -> str:
    """Give the entry (a link itself) another name in its directory; return its new path; raises FileExists."""
    target = joined(path.rpartition("/")[0], valid_name(new_name))
    if target != path:
        paths.move(root, path, target)
    return target


def move(root: Root, path: str, target: str, *, overwrite: bool = False) -> None:
    """Move the entry (a link itself) to the path ``target``; its parent directories are made.

    Raises:
        FileExists: something is there, or ``overwrite`` would replace a directory.
        OtherFileSystem, OutsideRoot, FileMissing.
    """
    _require_source(root, path)
    _require_outside(path, target, done="moved")
    valid_name(target.rpartition("/")[2])
    make_parents(root, target.rpartition("/")[0])
    if target != path:
        paths.move(root, path, target, over=overwrite)


def copy(root: Root, path: str, target: str, *, on_bytes: Tell | None = None) -> int:
    """Copy a file, a link as a link, or a tree to the path ``target``; return how many special files were left out.

    Raises:
        FileExists, OutsideRoot, FileMissing, DiskFull.
    """
    _require_source(root, path)
    _require_outside(path, target, done="copied")
    valid_name(target.rpartition("/")[2])
    make_parents(root, target.rpartition("/")[0])
    return paths.copy(root, path, target, keep_owner=False, on_bytes=on_bytes)


def is_large(root: Root, path: str, *, with_content: bool) -> bool:
    """Tell whether deleting (or, ``with_content``, copying) would take longer than a request should."""
    found = root.lstat(path) if path else None
    if found is None:
        return False
    entries, size = 1, found.st_size
    for node in paths.walk(root, path, unreadable=lambda _: None) if paths.is_directory(found) else ():
        entries, size = entries + 1, size + node.info.st_size
        if entries >= LARGE_ENTRIES or (with_content and size >= LARGE_BYTES):
            break
    return entries >= LARGE_ENTRIES or (with_content and size >= LARGE_BYTES)


def make_parents(root: Root, parent: str) -> None:
    """Make a directory and what is missing above it; raises InvalidRequest when a file is in the way."""
    try:
        root.make_directories(parent)
        root.subdirectory(parent).close()
    except FileMissing:
        raise InvalidRequest(f"{printable(parent)} is not a directory.") from None


def joined(parent: str, name: str) -> str:
    """Return the path of ``name`` in the directory ``parent``."""
    return f"{parent}/{name}" if parent else name


def _require_source(root: Root, path: str) -> None:
    if root.lstat(path) is None:
        raise FileMissing(f"{printable(path)} does not exist.")


def _require_outside(path: str, target: str, *, done: str) -> None:
    """Refuse what the system refuses, too, but only when the target's directories were made inside of the source."""
    if target.startswith(f"{path}/"):
        raise InvalidRequest(f"{printable(path)} cannot be {done} into itself.")
