"""Who writes in a folder: one answer from the engine's mounts, whatever project made a container, or none.

Labels of Compose tell which containers are a server's own, not which ones write its world: a second game in the same
file, a project under another name, the folder mounted at a second place, a container made by ``docker run``.
"""

import asyncio
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.paths import MountPoint, Place, mount_points_at_or_below, place_of_mount, places
from servers.docker.cli import DockerCli, EngineUnreachable
from servers.docker.container import Container, Mount
from servers.docker.engine import DockerManager
from servers.docker.seen_places import mounted_places

_SELF = re.compile(r"/([0-9a-f]{64})/\S* /etc/(?:hostname|hosts|resolv\.conf) ")


async def list_writers(folders: Iterable[Path], *, cli: DockerCli) -> list[Container]:
    """List the running or paused containers with a writable mount that is one of ``folders``, holds it or lies in it.

    Containers between two runs of a crash loop count, too, and so does one that is being started: the engine lists it
    as running only when that is done, but answers no inspection of it before. A folder, or a part of it, is recognised
    under each of its paths, and as the kernel has it mounted, whatever it was called then; one that is not here,
    because the engine has a machine of its own, by its name alone. One list and one inspect, whatever there is. The
    panel's own container is left out: it writes there by design.

    Raises:
        EngineUnreachable: nobody knows.
    """
    engine = DockerManager(cli)
    inspected = await engine.inspect_each(await engine.list_ids())
    if inspected.failed and (unknown := inspected.failed.keys() & set(await engine.list_running_ids())):
        raise EngineUnreachable(inspected.failed[min(unknown)])
    running = [one for one in inspected.found.values() if one.is_running or one.is_restarting]
    return await asyncio.to_thread(_writing, running, list(folders))


def _writing(containers: Iterable[Container], folders: Sequence[Path]) -> list[Container]:
    real = [Path(os.path.realpath(folder)) for folder in folders]
    inside = [point for folder in real for point in mount_points_at_or_below(folder)]
    wanted, own = places([*real, *inside]), _own_container()

    def is_writer(one: Container) -> bool:
        return one.id != own and any(source.overlaps(place) for source in _written(one) for place in wanted)

    return [one for one in containers if is_writer(one)]


def _written(one: Container) -> list[Place]:
    """Return where a container may write: what the engine mounted, under the path of that time, and where it is now."""
    recorded = places(mount.source for mount in one.mounts if mount.is_writable and mount.source)
    return recorded + [place_of_mount(now) for now in mounted_places(one) or () if not _is_closed(now, one.mounts)]


def _is_closed(now: MountPoint, mounts: Iterable[Mount]) -> bool:
    """Tell whether the engine mounted it read-only, or as a part of what is: the machine's ``/``, for a monitor."""
    around = [mount for mount in mounts if now.path.is_relative_to(mount.target)]
    return bool(around) and not max(around, key=lambda mount: len(mount.target)).is_writable


def _own_container() -> str | None:
    """Return the id of the container that this process runs in, as the engine's own mounts in it tell."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        found = _SELF.search(file.read())
    return found[1] if found else None
