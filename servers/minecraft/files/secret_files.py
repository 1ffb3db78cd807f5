"""The files of a game that hold its RCON password: who may not give every command may not read them."""

from dataclasses import dataclass

from core.errors import Forbidden
from core.paths import Node, Root, file_name

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

    def has(self, root: Root, path: str) -> bool:
        """Tell whether ``path`` leads to one of them."""
        found = root.stat(path)
        return file_name(path).casefold() in self.names or (
            found is not None and (found.st_dev, found.st_ino) in self.identities
        )

    def has_node(self, node: Node) -> bool:
        """Tell the same of an entry of a walk."""
        return node.name.casefold() in self.names or (node.info.st_dev, node.info.st_ino) in self.identities


def is_secret_name(name: str) -> bool:
    """Tell whether a file of that name, wherever it lies, may hold the password."""
    return name.casefold() in NAMES


def of_root(root: Root, names: frozenset[str] = NAMES) -> SecretFiles:
    """Return the files of these names of a server whose data are held open."""
    found = [root.stat(name) for name in sorted(names)]
    return SecretFiles(frozenset((one.st_dev, one.st_ino) for one in found if one is not None), names)


def refusal(path: str) -> HoldsSecret:
    """Return the error about one of them."""
    needed = "compose" if file_name(path).casefold() in COMPOSE_NAMES else "command"
    return HoldsSecret(
        f"{file_name(path)} may hold the RCON password, which is worth every command. "
        f"Reading it needs the right `{needed}`."
    )
