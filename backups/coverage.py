"""Whether a snapshot holds every place where a server's game writes: what is missing is said, never passed over."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mcadmin.core.errors import AppError, Conflict, Unavailable
from servers.docker.container import Container
from servers.docker.folders import DATA, DataElsewhere
from servers.docker.volumes import Volume
from servers.minecraft.instance import MCInstance, ServerNotFound

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


async def find_missing(instance: MCInstance, container: Container | None) -> list[Missing]:
    """List where a server's game keeps its data outside of the server's folder.

    Asked of the container where there is one, else of the compose file: a container is what really writes.
    A file that cannot be read tells nothing; what it is then is told by others.
    """
    if container is not None:
        found = _of_container(container, instance.directory)
    else:
        try:
            compose = await instance.get_minecraft_compose()
        except (AppError, Unavailable):
            return []
        if compose.service_name is None:
            return []
        found = _of_file(compose.volumes, instance.directory)
    places = await asyncio.to_thread(list, found)  # real paths are asked of the disk
    return [Missing(instance.name, place, why) for place, why in places]


async def require_usual_folder(instance: MCInstance, path: str) -> None:
    """Refuse a single path of a game whose files are not in the folder ``data``: it would be another place.

    Raises:
        DataElsewhere.
    """
    if not path:
        return
    try:
        root = await instance.data_root()
    except ServerNotFound:  # a removed one: its snapshots name the place
        return
    if root.in_server != DATA:
        raise DataElsewhere(f"{root.sentence} {_WHOLE_ONLY}")


def _of_container(container: Container, directory: Path) -> Iterator[tuple[str, str]]:
    mount = next((one for one in container.mounts if one.target.rstrip("/") == DATA_IN_CONTAINER), None)
    if mount is None:
        yield DATA_IN_CONTAINER, _NOWHERE
    elif mount.kind == "volume":
        yield _volume(mount.name)
    elif mount.kind == "bind" and not _is_inside(Path(mount.source), directory):
        yield DATA_IN_CONTAINER, _OUTSIDE


def _of_file(volumes: list[Volume], directory: Path) -> Iterator[tuple[str, str]]:
    volume = next((one for one in volumes if one.target.rstrip("/") == DATA_IN_CONTAINER), None)
    if volume is None:
        yield DATA_IN_CONTAINER, _NOWHERE
    elif volume.type == "volume":
        yield _volume(volume.source or "")
    elif volume.type == "bind" and "$" not in (volume.source or "") and not _is_inside(
        directory / (volume.source or ""), directory
    ):
        yield DATA_IN_CONTAINER, _OUTSIDE


def _volume(name: str) -> tuple[str, str]:
    place = f"volume {name}" if name else "a volume without a name"
    return place, f"The game's files are in the {place}, which snapshots do not hold. Bind `./data:/data` instead."


def _is_inside(source: Path, directory: Path) -> bool:
    try:
        return source.resolve().is_relative_to(directory.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, or a text that can be no path: it leads nowhere
        return False


_WHOLE_ONLY = "A single path is saved and restored only below the folder `data`: leave `path` out."
_NOWHERE = "Nothing is mounted at /data, so the game's files go with its container. Bind `./data:/data`."
_OUTSIDE = "The game's files lie outside of the server's folder, so snapshots do not hold them. Bind `./data:/data`."
