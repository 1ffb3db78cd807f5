"""Who writes in a folder: one answer from the engine's mounts, whatever project made a container, or none.

Labels of Compose tell which containers are a server's own, not which ones write its world: a second game in the same
file, a project under another name, the folder mounted at a second place, a container made by ``docker run``.
"""

import asyncio
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.paths import mount_points_at_or_below, places
from servers.docker.cli import DockerCli, EngineUnreachable
from servers.docker.container import Container
from servers.docker.engine import DockerManager

_SELF = re.compile(r"/([0-9a-f]{64})/\S* /etc/(?:hostname|hosts|resolv\.conf) ")


async def list_writers(folders: Iterable[Path], *, cli: DockerCli) -> list[Container]:
    """List the running or paused containers with a writable mount that is one of ``folders``, holds it or lies in it.

    Containers between two runs of a crash loop count, too, and so does one that is being started: the engine lists it
    as running only when that is done, but answers no inspection of it before. A folder, or a part of it, is recognised
    under each of its paths; one that is not here, because the engine has a machine of its own, by its name alone. One
    list and one inspect, whatever there is. The panel's own container is left out: it writes there by design.

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
        sources = places(mount.source for mount in one.mounts if mount.is_writable and mount.source)
        return one.id != own and any(source.overlaps(place) for source in sources for place in wanted)

    return [one for one in containers if is_writer(one)]


def _own_container() -> str | None:
    """Return the id of the container that this process runs in, as the engine's own mounts in it tell."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        found = _SELF.search(file.read())
    return found[1] if found else None
