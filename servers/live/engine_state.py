"""What the engine's containers are doing, kept in memory: fed by its events, asked in full only now and then."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from mcadmin.core.errors import AppError
from mcadmin.core.tasks import cancel
from servers.docker.container import Container
from servers.docker.engine import DockerManager
from servers.docker.events import Event
from servers.minecraft.status import EndCause

logger = logging.getLogger(__name__)

RECONCILE_S = 60.0
GATHER_S = 0.02  # events come in bursts: one inspect answers them all
FIRST_RETRY_S, LAST_RETRY_S = 0.25, 5.0
OVERLAP = timedelta(seconds=2)
OOM_SPAN = timedelta(seconds=2)  # an oom event this close before the end is its cause
STOP_SPAN = timedelta(seconds=5)

Listener = Callable[["EngineSnapshot"], None]


@dataclass(frozen=True, slots=True)
class EngineSnapshot:
    """One moment, immutable: safe to read from any thread.

    Attributes:
        reachable: False while the engine cannot be asked; ``containers`` are then the last known.
        since: since when it is reachable, or is not.
        problem: why it is not reachable, a sentence.
        containers: by id.
        causes: why containers last ended, by id, where the end was observed.
    """

    reachable: bool = False
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    problem: str | None = "The Docker engine has not been asked yet."
    containers: Mapping[str, Container] = field(default_factory=lambda: MappingProxyType({}))
    causes: Mapping[str, EndCause] = field(default_factory=lambda: MappingProxyType({}))


class EngineState:
    """Follows one engine. Belongs to one loop; ``snapshot`` may be read from any thread."""

    def __init__(self, engine: DockerManager) -> None:
        self.snapshot = EngineSnapshot()
        self._engine = engine
        self._tasks: list[asyncio.Task[None]] = []
        self._listeners: list[Listener] = []
        self._dirty: set[str] = set()
        self._oom_at: dict[str, datetime] = {}
        self._ended_at: dict[str, datetime] = {}
        self._wake = asyncio.Event()
        self._asking = asyncio.Lock()

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` on the loop after every change of the snapshot; it must not block."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Begin to follow the engine, whether it is there or not."""
        self._tasks = [
            asyncio.create_task(self._follow(), name="engine events"),
            asyncio.create_task(self._look_again(), name="engine inspect"),
        ]

    async def stop(self) -> None:
        """End following."""
        await cancel(self._tasks)
        self._tasks = []

    async def refresh(self) -> None:
        """Ask for everything now: one ``ps`` and one ``inspect``.

        Raises:
            EngineUnreachable: recorded in the snapshot, too.
        """
        async with self._asking:
            try:
                containers = await self._engine.inspect(await self._engine.list_ids())
            except AppError as error:
                self._lost(str(error))
                raise
            self._publish({one.id: one for one in containers})

    async def _follow(self) -> None:
        retry_s = FIRST_RETRY_S
        while True:
            try:
                since = datetime.now(UTC) - OVERLAP
                await self.refresh()
                retry_s = FIRST_RETRY_S
                async with aclosing(self._engine.events(since)) as events:  # type: ignore[type-var]
                    async for event in events:
                        self._note(event)
                self._lost("The Docker engine ended the connection.")
            except AppError as error:
                self._lost(str(error))
            except Exception:  # the loop must live: a status would stand still without anyone knowing
                logger.exception("following the Docker engine failed")
                self._lost("MC Admin failed while it followed the Docker engine; its log says more.")
            await asyncio.sleep(retry_s)
            retry_s = min(retry_s * 2, LAST_RETRY_S)

    async def _look_again(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RECONCILE_S):
                    await self._wake.wait()
            try:
                if not self._wake.is_set():
                    await self.refresh()
                    continue
                await asyncio.sleep(GATHER_S)
                await self._inspect_dirty()
            except AppError as error:
                self._lost(str(error))
            except Exception:  # as above
                logger.exception("asking the Docker engine failed")

    async def _inspect_dirty(self) -> None:
        async with self._asking:
            ids, self._dirty = self._dirty, set()
            self._wake.clear()
            found = {one.id: one for one in await self._engine.inspect(ids)}
            kept = {key: one for key, one in self.snapshot.containers.items() if key not in ids}
            self._publish(kept | found)

    def _note(self, event: Event) -> None:
        """Remember what no inspect tells: why a process ended."""
        match event.action:
            case "oom":
                self._oom_at[event.id] = event.at
            case "start":
                self._set_cause(event.id, None)
            case "die":
                oom = self._oom_at.pop(event.id, None)
                self._ended_at[event.id] = event.at
                if oom is not None and event.at - oom <= OOM_SPAN:
                    self._set_cause(event.id, EndCause.OOM)
                else:
                    self._set_cause(event.id, EndCause.KILLED if event.exit_code == 137 else EndCause.ITSELF)
            case "stop":
                ended = self._ended_at.get(event.id)
                if ended is not None and event.at - ended <= STOP_SPAN:
                    self._set_cause(event.id, EndCause.STOPPED)
        self._dirty.add(event.id)
        self._wake.set()

    def _set_cause(self, container_id: str, cause: EndCause | None) -> None:
        causes = {key: value for key, value in self.snapshot.causes.items() if key != container_id}
        if cause is not None:
            causes[container_id] = cause
        self.snapshot = replace(self.snapshot, causes=MappingProxyType(causes))

    def _publish(self, containers: dict[str, Container]) -> None:
        old = self.snapshot
        self._forget(containers)
        self.snapshot = EngineSnapshot(
            reachable=True,
            since=old.since if old.reachable else datetime.now(UTC),
            problem=None,
            containers=MappingProxyType(containers),
            causes=MappingProxyType({key: value for key, value in old.causes.items() if key in containers}),
        )
        self._tell()

    def _forget(self, known: Iterable[str]) -> None:
        for memory in (self._oom_at, self._ended_at):
            for gone in set(memory) - set(known):
                del memory[gone]

    def _lost(self, problem: str) -> None:
        if not self.snapshot.reachable and self.snapshot.problem == problem:
            return
        since = datetime.now(UTC) if self.snapshot.reachable else self.snapshot.since
        self.snapshot = replace(self.snapshot, reachable=False, problem=problem, since=since)
        logger.warning("Docker engine lost: %s", problem)
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener(self.snapshot)
