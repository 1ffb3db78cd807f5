"""What the engine's containers are doing, kept in memory: fed by its events, asked in full only now and then."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from mcadmin.core.errors import AppError
from mcadmin.core.tasks import cancel
from servers.docker.container import Container
from servers.docker.engine import DockerManager
from servers.live.container_notes import ContainerNotes, Notes, NoteStore

logger = logging.getLogger(__name__)

RECONCILE_S = 60.0
GATHER_S = 0.02  # events come in bursts: one inspect answers them all
FIRST_RETRY_S, LAST_RETRY_S = 0.25, 5.0
OVERLAP = timedelta(seconds=2)
LOOKS = 3
SETTLE_S = 0.5  # what happens while the stream of events opens is found by a second look
SAVE_S = 1.0
FIRST_OVERLAP = timedelta(days=1)  # what the engine still remembers (256 events) tells how containers ended

Listener = Callable[["EngineSnapshot"], None]


@dataclass(frozen=True, slots=True)
class EngineSnapshot:
    """One moment, immutable: safe to read from any thread.

    Attributes:
        reachable: False while the engine cannot be asked; ``containers`` are then the last known.
        since: since when it is reachable, or is not.
        problem: why it is not reachable, a sentence.
        containers: by id.
        notes: what was observed of containers, by id, and no inspect tells.
    """

    reachable: bool = False
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    problem: str | None = "The Docker engine has not been asked yet."
    containers: Mapping[str, Container] = field(default_factory=lambda: MappingProxyType({}))
    notes: Notes = field(default_factory=lambda: MappingProxyType({}))


class EngineState:
    """Follows one engine. Belongs to one loop; ``snapshot`` may be read from any thread."""

    def __init__(self, engine: DockerManager, store: NoteStore | None = None) -> None:
        """``store`` keeps what was observed across a restart of ours; without one it is forgotten."""
        self.snapshot = EngineSnapshot()
        self._engine = engine
        self._store = store
        self._notes = ContainerNotes()
        self._connected_at: datetime | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._listeners: list[Listener] = []
        self._dirty: set[str] = set()
        self._wake = asyncio.Event()
        self._ask_all = False
        self._asking = asyncio.Lock()

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` on the loop after every change of the snapshot; it must not block."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Begin to follow the engine, whether it is there or not."""
        self._tasks = [
            asyncio.create_task(self._follow(), name="engine events"),
            asyncio.create_task(self._look_again(), name="engine inspect"),
            asyncio.create_task(self._keep(), name="container notes"),
        ]

    async def stop(self) -> None:
        """End following; what was observed is stored."""
        await cancel(self._tasks)
        self._tasks = []
        await self._save()

    async def refresh(self) -> None:
        """Ask for everything now: one ``ps`` and one ``inspect``.

        Raises:
            EngineUnreachable: recorded in the snapshot, too.
        """
        async with self._asking:
            try:
                containers = await self._look(set(await self._engine.list_ids()))
            except AppError as error:
                self._lost(str(error))
                raise
            self._publish(containers)

    async def _follow(self) -> None:
        retry_s = FIRST_RETRY_S
        await self._restore()
        while True:
            try:
                since = (self._connected_at or datetime.now(UTC) - FIRST_OVERLAP) - OVERLAP
                await self.refresh()
                retry_s = FIRST_RETRY_S
                # A wall clock that steps, or differs from the engine's, may hide events from ``since``.
                asyncio.get_running_loop().call_later(SETTLE_S, self._look_at_all)
                async with aclosing(self._engine.events(since)) as events:  # type: ignore[type-var]
                    async for event in events:
                        self._connected_at = event.at
                        self._notes.note(event)
                        self._dirty.add(event.id)
                        self._wake.set()
                self._lost("The Docker engine ended the connection.")
            except AppError as error:
                self._lost(str(error))
            except Exception:  # the loop must live: a status would stand still without anyone knowing
                logger.exception("following the Docker engine failed")
                self._lost("MC Admin failed while it followed the Docker engine; its log says more.")
            await asyncio.sleep(retry_s)
            retry_s = min(retry_s * 2, LAST_RETRY_S)

    async def _restore(self) -> None:
        """Take up what an earlier process of ours has seen."""
        if self._store is None:
            return
        try:
            self._notes.restore(await self._store.load())
        except Exception:  # the statuses do without
            logger.exception("what was observed of containers earlier cannot be read")

    async def _look_again(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RECONCILE_S):
                    await self._wake.wait()
            try:
                if self._ask_all or not self._wake.is_set():
                    self._ask_all = False
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
            found = await self._look(ids)
            kept = {key: one for key, one in self.snapshot.containers.items() if key not in ids}
            self._publish(kept | found)

    async def _look(self, ids: set[str]) -> dict[str, Container]:
        """Inspect, and again what something happened to meanwhile: else its end is told of a state that still runs."""
        found = {one.id: one for one in await self._engine.inspect(ids)}
        for _ in range(LOOKS - 1):
            if not (again := self._dirty & ids):
                break
            self._dirty -= again
            found = {key: one for key, one in found.items() if key not in again}
            found |= {one.id: one for one in await self._engine.inspect(again)}
        return found

    def _look_at_all(self) -> None:
        self._ask_all = True
        self._wake.set()

    async def _keep(self) -> None:
        """Store what was observed, some changes at a time."""
        while True:
            await asyncio.sleep(SAVE_S)
            try:
                await self._save()
            except Exception:  # the loop must live; the database is back some time
                logger.exception("storing what was observed of containers failed")

    async def _save(self) -> None:
        changed, gone = self._notes.take_unsaved()
        if self._store is not None and (changed or gone):
            await self._store.save(changed, gone)

    def _publish(self, containers: dict[str, Container]) -> None:
        old = self.snapshot
        self._notes.look(containers)
        self.snapshot = EngineSnapshot(
            reachable=True,
            since=old.since if old.reachable else datetime.now(UTC),
            problem=None,
            containers=MappingProxyType(containers),
            notes=self._notes.all,
        )
        self._tell()

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
