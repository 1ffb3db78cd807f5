"""Who writes in a folder: one answer from the engine's mounts, whatever project made a container, or none.

Labels of Compose tell which containers are a server's own, not which ones write its world: a second game in the same
file, a project under another name, the folder mounted at a second place, a container made by ``docker run``.
"""

import asyncio
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from servers.docker.cli import DockerCli
from servers.docker.container import Container
from servers.docker.engine import DockerManager

_SELF = re.compile(r"/([0-9a-f]{64})/\S* /etc/(?:hostname|hosts|resolv\.conf) ")

Identity = tuple[int, int]  # device and inode


async def list_writers(folders: Iterable[Path], *, cli: DockerCli) -> list[Container]:
    """List the running or paused containers with a writable mount that is one of ``folders``, holds it or lies in it.

    One list and one inspect, whatever runs. The panel's own container is left out: it writes there by design.

    Raises:
        EngineUnreachable: nobody knows.
    """
    engine = DockerManager(cli)
    running = await engine.inspect(await engine.list_running_ids())
    return await asyncio.to_thread(_writing, running, list(folders))


def _writing(containers: Iterable[Container], folders: Sequence[Path]) -> list[Container]:
    ways, own = [(folder, _way_to(folder)) for folder in folders], _own_container()

    def is_writer(one: Container) -> bool:
        places = [Path(mount.source) for mount in one.mounts if mount.is_writable and mount.source]
        return one.id != own and any(_touches(place, folder, way) for place in places for folder, way in ways)

    return [one for one in containers if is_writer(one)]


def _touches(source: Path, folder: Path, way: list[Identity]) -> bool:
    """Tell whether ``source`` is, holds or lies in ``folder``, by whatever path the two are seen.

    A source that is not here, because the engine has a machine of its own, is compared by its name alone.
    """
    real = Path(os.path.realpath(source))
    there = Path(os.path.realpath(folder))
    if real == there or real in there.parents or there in real.parents:
        return True
    way_of_source = _way_to(real)
    return bool(way and way_of_source) and (way_of_source[0] in way or way[0] in way_of_source)


def _way_to(folder: Path) -> list[Identity]:
    """Return what ``folder`` is, and each directory above it but the top one; empty when it is not there."""
    found = []
    real = Path(os.path.realpath(folder))
    for place in (real, *real.parents[:-1]):
        try:
            info = os.stat(place)
        except OSError:
            return []
        found.append((info.st_dev, info.st_ino))
    return found


def _own_container() -> str | None:
    """Return the id of the container that this process runs in, as the engine's own mounts in it tell."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        found = _SELF.search(file.read())
    return found[1] if found else None
