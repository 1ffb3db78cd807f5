"""Whether a snapshot holds every place where a server's game writes: what is missing is said, never passed over."""

import asyncio
from dataclasses import dataclass

from backups.snapshots.linked import LASTING, is_in_server, links_out
from core.errors import AppError, CommandFailed, Conflict, Unavailable
from servers.docker.container import PART, Mount
from servers.minecraft.data_root import PROXY_TARGET, TARGET, DataKind, DataRoot
from servers.minecraft.instance import MCInstance

DATA_IN_CONTAINER = "/data"
_BELOW_DATA = (f"{TARGET}/", f"{PROXY_TARGET}/")


class NotAllInSnapshot(Conflict):
    """A consistent snapshot was wanted, and a place where the game writes cannot be in it."""

    code = "not_all_in_snapshot"


@dataclass(frozen=True, slots=True)
class Missing:
    """One place that the game writes to and that is not in the snapshot; ``why`` is a sentence."""

    server_id: str
    place: str
    why: str


async def find_missing(instance: MCInstance, root: DataRoot) -> list[Missing]:
    """List where the games of a server keep files out of the reach of snapshots: at /data, and below; by links, too.

    Args:
        instance: the server.
        root: of its main game, which a snapshot holds wherever it is within reach.
    """
    main, *others = await instance.list_games()
    found = await _missing_of(main, root)
    for one in others:
        found += await _missing_of(one, await find_root(one), held=root.volume)
    return list(dict.fromkeys(found))  # two games may have the same files


async def _missing_of(game: MCInstance, root: DataRoot, *, held: str | None = None) -> list[Missing]:
    """List what of one game is missing.

    Args:
        game: the game.
        root: its own.
        held: the only volume that the snapshot holds, "" for none; None: ``root`` is in the snapshot wherever it is.
    """
    whose = f"The game `{game.service}`: " if game.service else ""
    if root.kind is DataKind.ELSEWHERE:
        return [Missing(root.server_id, DATA_IN_CONTAINER, f"{whose}{root.sentence}")]
    if held is not None and root.kind is DataKind.VOLUME and root.volume != held:
        why = (
            f"{whose}{root.sentence} Of a server's volumes, snapshots hold that of its main game alone. "
            "Mount a folder of the server's directory instead."
        )
        return [Missing(root.server_id, DATA_IN_CONTAINER, why)]
    mounts = await _mounts(game)
    return await asyncio.to_thread(_missing_below, root, mounts)


async def _mounts(game: MCInstance) -> list[Mount]:
    """Return what a game sees, by its container, or as its file would have it; nothing where neither can be read."""
    try:
        container = await game.get_container()
    except (Unavailable, CommandFailed):
        container = None
    if container is not None:
        return list(container.mounts)
    try:
        compose = await game.get_minecraft_compose()
    except AppError:  # a broken file is told by others
        return []
    service = compose.file.services.get(game.service or compose.service_name or "")
    volumes = service.volumes if service is not None else []
    return [Mount(one.type, one.source or "", one.target, not one.read_only) for one in volumes]


def _missing_below(root: DataRoot, mounts: list[Mount]) -> list[Missing]:
    """Say which mounts below /data, and which links, have files of the game that are in no snapshot. Blocking."""
    target = next((one.target for one in mounts if one.target in {TARGET, PROXY_TARGET}), TARGET)
    found = [Missing(root.server_id, place, why) for place, why in links_out(root, mounts, target)]
    for mount in mounts:
        if not (mount.is_writable and mount.target.startswith(_BELOW_DATA) and mount.kind in LASTING):
            continue
        if mount.kind == "bind" and is_in_server(root, mount.source):
            continue
        what = "a volume" if mount.kind in {"volume", PART} else "a place outside the server's directory"
        why = (
            f"{mount.target[:200]} of the game is {what}, which snapshots do not hold. Mount a folder of the server's "
            f"directory there, or nothing: then it is part of {mount.target[: mount.target.index('/', 1)]}."
        )
        found.append(Missing(root.server_id, mount.target, why))
    return found


async def find_root(instance: MCInstance) -> DataRoot:
    """Find out where a game's files are; what cannot be opened from here is ELSEWHERE, with the reason.

    Raises:
        ServerNotFound, ServerFolderIsALink.
    """
    root = await instance.data_root()
    return await asyncio.to_thread(root.seen)
