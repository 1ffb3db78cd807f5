"""What the engine says of the volumes that games use, kept in memory: a read asks nobody."""

import asyncio
from collections.abc import Callable, Iterable

from core.errors import AppError
from core.periodic import Periodic
from servers.docker.engine import DockerManager
from servers.docker.engine_volumes import KnownVolumes
from servers.live.engine.engine_state import EngineSnapshot
from servers.minecraft.data_root import mount_of_container

ROUND_S = 60.0
RETRY_S = 2.0

Key = tuple[str, str]  # id of a container (empty: only a file names the volume), name of the volume


class VolumeTable:
    """Belongs to one loop; ``known`` is immutable and may be read from any thread.

    A volume of a name may be made anew, elsewhere, once no container uses it: it is asked about again for each new
    container, and every ROUND_S.
    """

    def __init__(self, engine: DockerManager, names: Callable[[], Iterable[str]]) -> None:
        """``names`` returns the volumes that compose files name; it is called in a thread."""
        self.known = KnownVolumes()
        self._engine = engine
        self._names = names
        self._of_containers: frozenset[Key] = frozenset()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._questions = Periodic("volumes of games", self._turn, ROUND_S)

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._questions.start()

    async def stop(self) -> None:
        await self._questions.stop()
        self._loop = None

    def engine_changed(self, snapshot: EngineSnapshot) -> None:
        """Look whether there are containers with volumes that have not been asked about."""
        used = {(key, mount.name) for key, one in snapshot.containers.items() if (mount := mount_of_container(one))}
        keys = frozenset(key for key in used if key[1])
        if keys - self._of_containers:
            self._questions.wake()
        self._of_containers = keys

    def ask_soon(self) -> None:
        """Have all of them asked about: somebody wants one that was not. From any thread, as often as one likes."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._questions.wake)

    async def refresh(self) -> None:
        """Ask about all of them now; no process where there is none.

        Raises:
            EngineUnreachable.
        """
        names = {name for _, name in self._of_containers} | set(await asyncio.to_thread(self._names))
        if names:
            self.known = await self._engine.volumes(sorted(names))

    async def _turn(self) -> float | None:
        try:
            await self.refresh()
        except AppError:  # whoever wants to know meanwhile makes it no faster
            await asyncio.sleep(RETRY_S)
            return 0.0
        return None
