"""The files of a game that hold its RCON password: who may not give every command may not read them."""

from dataclasses import dataclass

from core.errors import Forbidden
from core.paths import Node, Root, file_name

NAMES = frozenset({"server.properties", ".rcon-cli.env", ".rcon-cli.yaml"})


class HoldsSecret(Forbidden):
    """The file holds the RCON password."""

    code = "holds_secret"


@dataclass(frozen=True)
class SecretFiles:
    """Those of one server: known by name, whatever its case, and by what they are, whatever link leads there."""

    identities: frozenset[tuple[int, int]]

    def has(self, root: Root, path: str) -> bool:
        """Tell whether ``path`` leads to one of them."""
        found = root.stat(path)
        return is_secret_name(file_name(path)) or (
            found is not None and (found.st_dev, found.st_ino) in self.identities
        )

    def has_node(self, node: Node) -> bool:
        """Tell the same of an entry of a walk."""
        return is_secret_name(file_name(node.path)) or (node.info.st_dev, node.info.st_ino) in self.identities


def is_secret_name(name: str) -> bool:
    """Tell whether a file of that name, wherever it lies, may hold the password."""
    return name.casefold() in NAMES


def of_root(root: Root) -> SecretFiles:
    """Return the secret files of a server whose data are held open."""
    found = [root.stat(name) for name in sorted(NAMES)]
    return SecretFiles(frozenset((one.st_dev, one.st_ino) for one in found if one is not None))


def refusal(path: str) -> HoldsSecret:
    """Return the error about one of them."""
    return HoldsSecret(
        f"{file_name(path)} holds the RCON password, which is worth every command. "
        "Reading it needs the right `command`."
    )
