"""The files of a game that hold its RCON password: who may not give every command may not read them."""

import os
from contextlib import suppress
from dataclasses import dataclass

from core.errors import Forbidden
from core.paths import Node, OutsideRoot, Root, file_name, is_directory, walk

NAMES = frozenset({"server.properties", ".rcon-cli.env", ".rcon-cli.yaml"})
# Among a game's files where these are the server's own directory.
COMPOSE_NAMES = frozenset(
    {".env"} | {f"{name}.{kind}" for name in ("compose", "docker-compose", "compose.override",
                                              "docker-compose.override") for kind in ("yaml", "yml")}
)


class HoldsSecret(Forbidden):
    """The file holds the RCON password."""

    code = "holds_secret"


@dataclass(frozen=True)
class SecretFiles:
    """Those of one server: known by name, whatever its case, and by what they are, whatever link leads there."""

    identities: frozenset[tuple[int, int]]
    names: frozenset[str] = NAMES
    have_other_names: bool = False  # one of them is a link, or has several names: it may lie deeper, under any

    def has(self, root: Root, path: str) -> bool:
        """Tell whether ``path`` leads to one of them."""
        found = followed(root, path)
        return file_name(path).casefold() in self.names or (found is not None and self._is_one(found))

    def has_node(self, node: Node) -> bool:
        """Tell the same of an entry of a walk."""
        return node.name.casefold() in self.names or self._is_one(node.info)

    def first_lost(self, root: Root, path: str) -> str | None:
        """Return which of them would no longer be known if the entry at ``path`` were copied or went elsewhere.

        That is the entry itself; or what lies below it and is known by what it is alone.
        """
        if self.has(root, path):
            return path
        found = root.lstat(path) if path and self.have_other_names else None
        if found is None or not is_directory(found):
            return None
        below = walk(root, path, unreadable=lambda _: None)
        return next((node.path for node in below if self._is_one(node.info)), None)

    def is_shared(self, root: Root, path: str) -> bool:
        """Tell whether ``path`` is a name of one that has others, which would be readable without this one."""
        return self.have_other_names and self.has(root, path)

    def _is_one(self, info: os.stat_result) -> bool:
        return (info.st_dev, info.st_ino) in self.identities


def of_root(root: Root, names: frozenset[str] = NAMES) -> SecretFiles:
    """Return the files of these names of a server whose data are held open."""
    found = [(one, root.lstat(name)) for name in sorted(names) if (one := followed(root, name)) is not None]
    return SecretFiles(
        frozenset((one.st_dev, one.st_ino) for one, _ in found), names,
        have_other_names=any(one.st_nlink > 1 or own is None or own.st_ino != one.st_ino for one, own in found),
    )


def followed(root: Root, path: str) -> os.stat_result | None:
    """Return what ``path`` leads to; None for nothing, and for a link that leads out, which nobody can read."""
    with suppress(OutsideRoot):
        return root.stat(path)
    return None


def refusal(path: str) -> HoldsSecret:
    """Return the error about one of them."""
    needed = "compose" if file_name(path).casefold() in COMPOSE_NAMES else "command"
    return HoldsSecret(
        f"{file_name(path)} may hold the RCON password, which is worth every command. "
        f"Reading it, or giving it another name, needs the right `{needed}`."
    )
