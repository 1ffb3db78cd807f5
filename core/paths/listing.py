"""What a directory holds, whatever its size: a game can make more files in one than anybody can be shown.

Pages of entries, names alone, and the directories and links in it.
"""

import heapq
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.errors import AppError
from core.paths.beneath import explained, is_link, open_beneath
from core.paths.by_name import lstat
from core.paths.root import Entry, Root

MAX_NAMES = 1_000_000  # of one directory; the rest is not looked at


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries of a directory, sorted by name.

    Attributes:
        total: entries of the whole directory, at most MAX_NAMES.
        has_more: there are entries after the last of these, or names past MAX_NAMES.
        last: the name to go on after; "" where there is none.
    """

    entries: list[Entry]
    total: int
    has_more: bool = False
    last: str = ""


def page(root: Root, path: str = "", *, after: str = "", at_most: int) -> Page:
    """List up to ``at_most`` entries of a directory whose names come after ``after``; what vanishes is left out.

    Of all other entries only the names are seen, and none is kept.
    """
    with explained(path):
        fd = open_beneath(root.fd, path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            names = _Names(fd)
            chosen = heapq.nsmallest(at_most + 1, (name for name in names if name > after))
            entries = [one for name in chosen[:at_most] if (one := _entry(root, path, name, fd)) is not None]
        finally:
            os.close(fd)
    last = chosen[:at_most][-1] if chosen else after
    return Page(entries, names.count, has_more=len(chosen) > at_most or names.is_cut, last=last)


def names_in(root: Root, path: str = "", *, directories: bool, at_most: int) -> list[str]:
    """Return names in a directory, without a look at what they are: of its directories, or of all else; in no order.

    Args:
        root, path: the directory.
        directories: which of the two; a link is no directory.
        at_most: then it ends; of MAX_NAMES entries at most.
    """
    with explained(path):
        fd = open_beneath(root.fd, path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with os.scandir(fd) as scan:
                wanted = (one.name for one in islice(scan, MAX_NAMES) if _is_directory(one) is directories)
                return list(islice(wanted, at_most))
        finally:
            os.close(fd)


def list_directories(root: Path) -> list[str]:
    """Return the names of the directories in ``root``, sorted, links left out."""
    with os.scandir(root) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))


def list_holding(root: Root, files: Collection[str], *, at_most: int) -> list[str]:
    """Return the names of the directories in ``root`` that hold one of ``files`` or a file of such a name, sorted.

    Links are not followed. Of a large directory the first ``at_most`` entries are looked into.
    """
    found = []
    with os.scandir(root.fd) as entries:
        directories = [entry.name for entry in islice(entries, at_most) if entry.is_dir(follow_symlinks=False)]
    for name in directories:
        with suppress(AppError), root.subdirectory(name, follow=False) as held:
            if any(held.lstat(file) is not None for file in files):
                found.append(name)
    return sorted(found)


def list_links(root: Path, *, holding: Collection[str]) -> list[str]:
    """Return the names of the links in ``root`` that lead to a directory with one of the files ``holding``, sorted.

    Only names are looked up there; nothing is read.
    """
    with os.scandir(root) as entries:
        links = sorted(entry.name for entry in entries if entry.is_symlink())
    return [name for name in links if any(os.path.isfile(os.path.join(root, name, file)) for file in holding)]


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:  # gone meanwhile, where the file system does not tell the kind with the name
        return False


def _entry(root: Root, path: str, name: str, fd: int) -> Entry | None:
    info = lstat(name, fd)
    if info is None:
        return None
    return root.led_to(path, name, info) if is_link(info) else Entry(name, info)


class _Names:
    """The names in a directory, counted."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.count = 0
        self.is_cut = False

    def __iter__(self) -> Iterator[str]:
        with os.scandir(self._fd) as scan:
            for one in islice(scan, MAX_NAMES):
                self.count += 1
                yield one.name
            self.is_cut = next(scan, None) is not None
