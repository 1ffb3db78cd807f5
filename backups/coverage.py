"""Whether a snapshot holds every place where a server's game writes: what is missing is said, never passed over."""

import asyncio
from dataclasses import dataclass

from mcadmin.core.errors import Conflict
from servers.minecraft.data_root import DataKind, DataRoot
from servers.minecraft.instance import MCInstance

DATA_IN_CONTAINER = "/data"


class NotAllInSnapshot(Conflict):
    """A consistent snapshot was wanted, and a place where the game writes cannot be in it."""

    code = "not_all_in_snapshot"


@dataclass(frozen=True, slots=True)
class Missing:
    """One place that the game writes to and that is not in the snapshot; ``why`` is a sentence."""

    server_id: str
    place: str
    why: str


def find_missing(root: DataRoot) -> list[Missing]:
    """List where a game keeps its files out of the reach of snapshots: at most one place, that at /data."""
    if root.kind is not DataKind.ELSEWHERE:
        return []
    return [Missing(root.server_id, DATA_IN_CONTAINER, root.sentence)]


async def find_root(instance: MCInstance) -> DataRoot:
    """Find out where a game's files are; what cannot be opened from here is ELSEWHERE, with the reason.

    Raises:
        ServerNotFound, ServerFolderIsALink.
    """
    root = await instance.data_root()
    return await asyncio.to_thread(root.seen)
