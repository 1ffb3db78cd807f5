"""The files of a snapshot that are kept from somebody: known by name, and by what they were, as names of one file."""

from contextlib import suppress
from dataclasses import dataclass

from backups.restic import browsing
from backups.restic.browsing import Node, PathNotInSnapshot
from backups.restic.command import ResticCommand
from backups.restic.snapshot import ResticSnapshot
from backups.restores import locate
from servers.minecraft.files import secret_files


@dataclass(frozen=True)
class SecretNodes:
    """Those of one server in one snapshot, as far as they lie at the top of its data."""

    known: tuple[Node, ...] = ()
    names: frozenset[str] = secret_files.NAMES

    @property
    def is_unclear(self) -> bool:
        """Whether one of them is a link: restic does not tell where it leads, so any file may be it."""
        return any(node.type == "symlink" for node in self.known)

    def has(self, node: Node) -> bool:
        """Tell whether an entry is one of them, or another name of one, as a hard link is.

        Names of one file share its inode, its size and its time. A copy that kept size and time counts, too.
        """
        if node.name.casefold() in self.names:
            return True
        return node.type == "file" and any(_is_same(node, one) for one in self.known)


async def find(
    restic: ResticCommand, snapshot: ResticSnapshot, server_id: str, names: frozenset[str]
) -> SecretNodes:
    """Look which files of these names a snapshot has; one of a single path may have none, and know of none."""
    data = locate.data_in(snapshot, server_id)
    if data is not None:
        with suppress(PathNotInSnapshot):
            nodes = await browsing.list_folder(restic, snapshot.id, str(data))
            return SecretNodes(tuple(node for node in nodes if node.name.casefold() in names), names)
    return SecretNodes(names=names)


def _is_same(one: Node, other: Node) -> bool:
    if one.inode and one.inode == other.inode:
        return True
    return other.size > 0 and (one.size, one.mtime) == (other.size, other.mtime)
