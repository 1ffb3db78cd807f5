"""Who writes in a folder: one answer from the engine's mounts, whatever project made a container, or none.

Labels of Compose tell which containers are a server's own, not which ones write its world: a second game in the same
file, a project under another name, the folder mounted at a second place, a container made by ``docker run``.
"""

import asyncio
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from core.paths import MountPoint, Place, mount_points_at_or_below, place_of_mount, places
from servers.docker.cli import DockerCli, EngineUnreachable
from servers.docker.container import Container, Mount
from servers.docker.engine import DockerManager
from servers.docker.engine_volumes import EngineVolume
from servers.docker.seen_places import lies_around, mounted_places

_SELF = re.compile(r"/([0-9a-f]{64})/\S* /etc/(?:hostname|hosts|resolv\.conf) ")


async def list_writers(
    folders: Iterable[Path], *, cli: DockerCli, since: datetime | None = None
) -> list[Container]:
    """List the containers with a writable mount that is one of ``folders``, holds it or lies in it.

    Those that are running or paused, and those that ran after ``since`` and have ended.

    Containers between two runs of a crash loop count, too, and so does one that is being started: the engine lists it
    as running only when that is done, but answers no inspection of it before. A folder, or a part of it, is recognised
    under each of its paths, and as the kernel has it mounted, whatever it was called then; one that is not here,
    because the engine has a machine of its own, by its name alone. One list and one inspect, whatever there is, and
    one more where a container whose process cannot be seen has a named volume. The panel's own container is left out:
    it writes there by design. What ran after ``since`` and is removed is not known to the engine any more.

    Raises:
        EngineUnreachable: nobody knows.
    """
    engine = DockerManager(cli)
    inspected = await engine.inspect_each(await engine.list_ids())
    if inspected.failed and (unknown := inspected.failed.keys() & set(await engine.list_running_ids())):
        raise EngineUnreachable(inspected.failed[min(unknown)])
    found = [one for one in inspected.found.values() if _has_run(one, since)]
    seen = {one.id: await asyncio.to_thread(mounted_places, one) for one in found}
    unseen = [mount.name for one in found if seen[one.id] is None for mount in one.mounts if mount.name]
    volumes = await engine.inspect_volumes(sorted(set(unseen)))
    return await asyncio.to_thread(_writing, found, list(folders), seen, volumes)


def _has_run(one: Container, since: datetime | None) -> bool:
    if one.is_running or one.is_restarting:
        return True
    return since is not None and one.started_at is not None and (one.finished_at or one.started_at) >= since


def _writing(
    containers: Iterable[Container], folders: Sequence[Path], seen: Mapping[str, Sequence[MountPoint] | None],
    volumes: Mapping[str, EngineVolume],
) -> list[Container]:
    real = [Path(os.path.realpath(folder)) for folder in folders]
    inside = [point for folder in real for point in mount_points_at_or_below(folder)]
    wanted, own = places([*real, *inside]), _own_container()

    def is_writer(one: Container) -> bool:
        written = _recorded(one, volumes) + [
            place_of_mount(now) for now in seen[one.id] or () if not _is_closed(now, one.mounts, real)
        ]
        return one.id != own and any(source.overlaps(place) for source in written for place in wanted)

    return [one for one in containers if is_writer(one)]


def _recorded(one: Container, volumes: Mapping[str, EngineVolume]) -> list[Place]:
    """Return where the engine mounted something writable, by the paths of that time; of ``volumes``, what they are."""
    mounts = [mount for mount in one.mounts if mount.is_writable and mount.source]
    bound = [place for mount in mounts if mount.name in volumes for place in volumes[mount.name].places]
    return places([*(mount.source for mount in mounts), *bound])


def _is_closed(now: MountPoint, mounts: Iterable[Mount], folders: Sequence[Path]) -> bool:
    """Tell whether a container may only read what is mounted there.

    An engine before 25 makes the outermost mount read-only, and what was mounted below it stays writable. That counts
    for a part of a server's folder. A monitor that was given the whole machine, or a disk, to read is no writer.
    """
    around = [mount for mount in mounts if now.path.is_relative_to(mount.target)]
    if not around:
        return False
    mount = max(around, key=lambda one: len(one.target))
    if mount.is_writable:
        return False
    return not now.is_writable or any(lies_around(mount.source, folder) for folder in folders)


def _own_container() -> str | None:
    """Return the id of the container that this process runs in, as the engine's own mounts in it tell."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        found = _SELF.search(file.read())
    return found[1] if found else None
