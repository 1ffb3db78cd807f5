"""Links in a tree, and where they lead as somebody else may see them. None is followed out of the tree."""

import os
import posixpath
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from core.errors import AppError
from core.paths.descent import Descent, Moved
from core.paths.root import Root
from core.paths.trees import MAX_PATH_BYTES

_MAX_HOPS = 40  # as many links as the kernel follows


@dataclass(frozen=True, slots=True)
class Link:
    """A link: where it lies, and what is written in it."""

    path: str
    target: str


@dataclass(slots=True)
class TreeLinks:
    """The links of a tree.

    Attributes:
        links: in no order.
        holding: the directories in which a name was found that was asked for.
        is_cut: there are more links.
    """

    links: list[Link] = field(default_factory=list)
    holding: set[str] = field(default_factory=set)
    is_cut: bool = False


def find_links(root: Root, *, holding: str, at_most: int) -> TreeLinks:
    """Find the links at any depth, and the directories that hold the name ``holding``.

    Blocking. What cannot be read, or lies too deep for a path, is passed over. Only names and kinds are read, which
    costs far less than ``walk``.
    """
    found, descent = TreeLinks(), Descent(root.fd)
    try:
        levels = [("", _look(descent.fd, "", found, holding, at_most))]
        while levels and not found.is_cut:
            path, names = levels[-1]
            if not names:
                levels.pop()
                if levels:
                    descent.up()
                continue
            name = names.pop()
            below = f"{path}/{name}" if path else name
            if len(os.fsencode(below)) > MAX_PATH_BYTES:
                continue
            with suppress(OSError):
                descent.down(name)
                levels.append((below, _look(descent.fd, below, found, holding, at_most)))
    except Moved:  # somebody moves directories about: what is left is not seen
        found.is_cut = True
    finally:
        descent.close()
    return found


def _look(fd: int, path: str, found: TreeLinks, holding: str, at_most: int) -> list[str]:
    """Note what a directory holds, and return its directories; of one that cannot be read there are none."""
    directories = []
    with suppress(OSError), os.scandir(fd) as scan:
        for one in scan:
            if one.name == holding:
                found.holding.add(path)
            if one.is_dir(follow_symlinks=False):
                directories.append(one.name)
            elif one.is_symlink():
                if len(found.links) >= at_most:
                    found.is_cut = True
                    return []
                with suppress(OSError):
                    target = os.readlink(one.name, dir_fd=fd)
                    found.links.append(Link(f"{path}/{one.name}" if path else one.name, target))
    return directories


def place_of_link(root: Root, path: str, outside: Callable[[str], str | None]) -> str | None:
    """Return where ``path`` below ``root`` leads: a path below it without links, or None when it leads out.

    Nothing need be there. A circle of links leads to the path itself.

    Args:
        outside: is given a path that leads out, absolute or beginning with ``..`` and then counted from ``root``; it
            returns where in ``root`` that is after all, or None.
    """
    passed: list[str] = []
    left = _reversed(path)
    hops = 0
    while left:
        name = left.pop()
        if name == "..":
            if passed:
                passed.pop()
                continue
            target = "/".join(["..", *reversed(left)])
        else:
            here = "/".join([*passed, name])
            written = read_link(root, here)
            if written is None:
                passed.append(name)
                continue
            hops += 1
            if hops > _MAX_HOPS:
                return path
            if not written.startswith("/"):
                left += _reversed(written)
                continue
            target = posixpath.join(written, *reversed(left))
        inside = outside(target)
        if inside is None or hops > _MAX_HOPS:
            return None
        passed, left = [], _reversed(inside)
    return "/".join(passed)


def _reversed(path: str) -> list[str]:
    return [name for name in reversed(path.split("/")) if name not in {"", "."}]


def read_link(root: Root, path: str) -> str | None:
    """Return what is written in a link; None for what is none, or not there."""
    try:
        with root.parent(path) as (parent, name):
            return os.readlink(name, dir_fd=parent)
    except (OSError, AppError):
        return None
