"""The compose file where it lies among the game's own files: who may not change it there finds no way round."""

import os
from dataclasses import dataclass

from core.paths import Root, is_directory, walk
from servers.minecraft.files.secret_files import COMPOSE_NAMES, followed, of_root


@dataclass(frozen=True)
class ComposeNames:
    """What Compose reads in a server's directory, there or not: known by place, and by what it is."""

    directory: tuple[int, int]
    identities: frozenset[tuple[int, int]]
    have_other_names: bool  # one of them is a link, or has several names: it may lie deeper, under any

    def first_touched(self, root: Root, path: str) -> str | None:
        """Return which of them would be another if the entry at ``path`` were written, made, moved or deleted.

        That is the entry itself, a directory above it (which would be made), or what lies below it under another name.
        """
        steps = path.split("/")
        for count in range(1, len(steps) + 1):
            if self._is_place(root, "/".join(steps[:count])):
                return "/".join(steps[:count])
        found = followed(root, path)
        if found is not None and _identity(found) in self.identities:
            return path
        own = root.lstat(path) if path and self.have_other_names else None
        if own is None or not is_directory(own):
            return None
        below = walk(root, path, unreadable=lambda _: None)
        return next((node.path for node in below if _identity(node.info) in self.identities), None)

    def _is_place(self, root: Root, path: str) -> bool:
        directory, _, name = path.rpartition("/")
        if name.casefold() not in COMPOSE_NAMES:
            return False
        found = followed(root, directory) if directory else None
        return not directory or (found is not None and _identity(found) == self.directory)


def in_root(root: Root) -> ComposeNames:
    """Return those of a server whose directory is held open as its data."""
    known = of_root(root, COMPOSE_NAMES)
    return ComposeNames(_identity(os.fstat(root.fd)), known.identities, known.have_other_names)


def _identity(info: os.stat_result) -> tuple[int, int]:
    return info.st_dev, info.st_ino
