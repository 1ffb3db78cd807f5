"""Where a path really lies, for programs that follow links by themselves."""

import os
from pathlib import Path

from core.paths.beneath import explained, open_beneath
from core.paths.root import Root


def real_path(root: Root, path: str) -> Path:
    """Return where ``path`` below ``root`` really lies, every link followed, none of them out of it.

    Raises:
        OutsideRoot, FileMissing, Forbidden: as from ``Root``.
    """
    with explained(path):
        fd = open_beneath(root.fd, path, os.O_PATH)
        try:
            return Path(os.readlink(f"/proc/self/fd/{fd}"))
        finally:
            os.close(fd)


def place_inside(directory: Path, place: str) -> str | None:
    """Return where ``place`` lies below ``directory``, "" for that itself; None when it lies elsewhere.

    ``directory`` may be known by another name there: by a link above it, or because its disk is mounted twice.
    What lies below it is taken as it is written; nobody has looked whether it is a link.

    Args:
        place: an absolute path, or one relative to ``directory``.
    """
    path = os.path.normpath(os.path.join(directory, place))
    for top in (str(directory), os.path.realpath(directory)):
        if path == top or path.startswith(f"{top}/"):
            return path[len(top) :].lstrip("/")
    for parent in (Path(path), *Path(path).parents):
        try:
            if os.path.samefile(parent, directory):
                return path[len(str(parent)) :].lstrip("/")
        except OSError:
            continue
    return None
