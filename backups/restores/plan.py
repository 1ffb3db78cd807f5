"""What one restore swaps with what, as it is noted on the disk."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from servers.docker.folders import DATA

FOLDER = ".restoring"
REMOVED = ".removed"
TREE = "tree"


class Present(StrEnum):
    """Which tree lies under the target's name."""

    OLD = "old"
    NEW = "new"
    MIXED = "mixed"  # only of a mount point, whose files are changed one by one


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a restore replaces, and by what.

    Attributes:
        target, data: as of Plan.
        source: absolute, in the snapshot.
    """

    server_id: str
    target: str
    source: str
    data: str = ""


class Plan(BaseModel):
    """What is to be swapped; every path is relative to the folder that it was made in.

    Attributes:
        target: ``lobby``, or ``lobby/data/world``; in a volume ``_data``, or ``_data/world``. Empty: nothing but what
            is in the volume.
        staged: where restic puts what will be the target.
        removed: where the old tree goes.
        new_inode: of the staged tree, once it is complete; the swap has happened when the target has it.
        in_place: the target is a mount point, so that files are changed one by one.
        data: where the game's files are; empty: ``lobby/data``.
        volume: the folder of the volume that is swapped first, by the plan there; empty for none.
        in_volume: which tree that has, once it is settled.
    """

    model_config = ConfigDict(frozen=True)

    operation: str
    server_id: str
    target: str
    staged: str
    removed: str
    new_inode: int | None = None
    in_place: bool = False
    data: str = ""
    volume: str = ""
    in_volume: Present | None = None

    @property
    def data_folder(self) -> str:
        """Where the game's files are."""
        return self.data or f"{self.server_id}/{DATA}"

    @property
    def tree(self) -> str:
        """Where restic writes."""
        return f"{folder_of(self.operation)}/{TREE}"


def folder_of(operation: str) -> str:
    """Return an operation's own folder, relative to the folder that its plan is in."""
    return f"{FOLDER}/{operation}"
