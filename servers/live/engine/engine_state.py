"""What the engine's containers are doing, kept in memory: fed by its events, asked in full only now and then."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from core.errors import AppError
from core.periodic import Periodic
from core.tasks import cancel
from servers.docker.container import Container
from servers.docker.engine import DockerManager
from servers.docker.inspection import Inspection
from servers.live.engine.container_notes import ContainerNotes, Notes, NoteStore
from servers.minecraft import status_reason
from servers.minecraft.status_reason import Reason

logger = logging.getLogger(__name__)

RECONCILE_S = 60.0
GATHER_S = 0.02  # events come in bursts: one inspect answers them all
FIRST_RETRY_S, LAST_RETRY_S = 0.25, 5.0
OVERLAP = timedelta(seconds=2)
AGAIN_S, LAST_AGAIN_S = 1.0, 30.0  # between looks at a container that could not be inspected
DOUBTS = 2  # failed questions in a row that count as the engine's absence while its events still come
LOOKS = 3
SETTLE_S = 0.5  # what happens while the stream of events opens is found by a second look
SAVE_S = 1.0
FIRST_OVERLAP = timedelta(days=1)  # what the engine still remembers (256 events) tells how containers ended

Listener = Callable[["EngineSnapshot"], None]


class Failed(NamedTuple):
    """What the engine says instead of a container's state, and since when."""

    message: str
    since: datetime


class Doubt(NamedTuple):
    """Why something is not known, and since when."""

    why: Reason
    since: datetime


@dataclass(frozen=True, slots=True)
class EngineSnapshot:
    """One moment, immutable: safe to read from any thread.

    Attributes:
        reachable: False while the engine cannot be asked; ``containers`` are then the last known.
        since: since when it is reachable, or is not.
        problem: why it is not reachable, a sentence.
        containers: by id.
        failed: by id, why a container cannot be inspected now; ``containers`` has what was known of it, if anything.
        notes: what was observed of containers, by id, and no inspect tells.
    """

    reachable: bool = False
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    problem: str | None = "The Docker engine has not been asked yet."
    containers: Mapping[str, Container] = field(default_factory=lambda: MappingProxyType({}))
    failed: Mapping[str, Failed] = field(default_factory=lambda: MappingProxyType({}))
    notes: Notes = field(default_factory=lambda: MappingProxyType({}))

    def doubt(self, container: Container | None) -> Doubt | None:
        """Say why ``container`` may not be what it seems, or, for None, why there may be one; None when it is sure."""
        if not self.reachable:
            return Doubt(status_reason.engine_away(self.problem or ""), self.since)
        if container is not None:
            failed = self.failed.get(container.id)
            return failed and Doubt(status_reason.container_unread(failed.message), failed.since)
        unseen = next((key for key in self.failed if key not in self.containers), "")
        failed = self.failed.get(unseen)
        return failed and Doubt(status_reason.owner_unknown(unseen, failed.message), failed.since)


class EngineState:
    """Follows one engine. Belongs to one loop; ``snapshot`` may be read from any thread.

    An event only says that something happened to a container; what it is now is always asked (`inspect`), so a lost
    or doubled event does no harm. Events of GATHER_S are answered by one inspection. While it runs, further events
    may come for the same containers: those are inspected again before anything is published, or an end would be told
    of a state that still ran. All is asked for anew every RECONCILE_S, after each connection, and SETTLE_S after it:
    a clock that differs from the engine's may hide events at that moment.
    """

    def __init__(self, engine: DockerManager, store: NoteStore | None = None) -> None:
        """``store`` keeps what was observed across a restart of ours; without one it is forgotten."""
        self.snapshot = EngineSnapshot()
        self._engine = engine
        self._store = store
        self._notes = ContainerNotes()
        self._connected_at: datetime | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._again_s = AGAIN_S
        self._periodic = [
            Periodic("engine inspect again", self._ask_failed, first_s=AGAIN_S),
            Periodic("container notes", self._save, SAVE_S, first_s=SAVE_S),
        ]
        self._listeners: list[Listener] = []
        self._dirty: set[str] = set()
        self._wake = asyncio.Event()
        self._ask_all = False
        self._asking = asyncio.Lock()
        self._failed: dict[str, Failed] = {}
        self._is_followed = False
        self._doubts = 0

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` on the loop after every change of the snapshot; it must not block."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Begin to follow the engine, whether it is there or not."""
        self._tasks = [
            asyncio.create_task(self._follow(), name="engine events"),
            asyncio.create_task(self._look_again(), name="engine inspect"),
        ]
        for periodic in self._periodic:
            periodic.start()

    async def stop(self) -> None:
        """End following; what was observed is stored."""
        await cancel(self._tasks)
        self._tasks = []
        for periodic in self._periodic:
            await periodic.stop()
        try:
            await self._save()
        except Exception:  # an end in order does not depend on it
            logger.exception("what was observed of containers last could not be stored")

    async def refresh(self) -> None:
        """Ask for everything now: one ``ps`` and one ``inspect``. What failed before is left to its own looks.

        Raises:
            EngineUnreachable: recorded in the snapshot, too, unless the events tell that it is there.
        """
        async with self._asking:
            try:
                listed = set(await self._engine.list_ids())
                wanted = listed - self._failed.keys()
                looked = await self._look(wanted)
            except AppError as error:
                self._doubt(str(error))
                raise
            gone = (self.snapshot.containers.keys() | self._failed.keys()) - listed
            self._take(looked, ids=wanted | gone)

    async def _follow(self) -> None:
        retry_s = FIRST_RETRY_S
        await self._restore()
        while True:
            try:
                since = (self._connected_at or datetime.now(UTC) - FIRST_OVERLAP) - OVERLAP
                await self.refresh()
                retry_s = FIRST_RETRY_S
                self._is_followed = True
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
            self._is_followed = False
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
            except AppError:  # in doubt already
                continue
            except Exception:  # as above
                logger.exception("asking the Docker engine failed")

    async def _inspect_dirty(self) -> None:
        async with self._asking:
            ids, self._dirty = self._dirty, set()
            self._wake.clear()
            if not ids:
                return  # asked nothing, nothing is known anew
            try:
                looked = await self._look(ids)
            except AppError as error:
                self._doubt(str(error))
                raise
            self._take(looked, ids=ids)

    async def _look(self, ids: set[str]) -> Inspection:
        """Inspect, and again what something happened to meanwhile: else its end is told of a state that still runs."""
        looked = await self._engine.inspect_each(ids)
        for _ in range(LOOKS - 1):
            if not (again := self._dirty & ids):
                break
            self._dirty -= again
            newer = await self._engine.inspect_each(again)
            looked.found = {key: one for key, one in looked.found.items() if key not in again} | newer.found
            looked.failed = {key: why for key, why in looked.failed.items() if key not in again} | newer.failed
        return looked

    async def _ask_failed(self) -> float:
        """Look again and again at what could not be inspected, beside all other looks: docker may hang on it."""
        try:
            if ids := set(self._failed):
                looked = await self._engine.inspect_each(ids)
                ids &= self._failed.keys()  # the others were looked at meanwhile
                looked.found = {key: one for key, one in looked.found.items() if key in ids}
                looked.failed = {key: why for key, why in looked.failed.items() if key in ids}
                self._take(looked, ids=ids)
        except AppError as error:
            self._doubt(str(error))
        self._again_s = min(self._again_s * 2, LAST_AGAIN_S) if self._failed else AGAIN_S
        return self._again_s

    def _take(self, looked: Inspection, *, ids: set[str]) -> None:
        """Publish what a look at ``ids`` has brought; of those that failed the last known stays."""
        now = datetime.now(UTC)
        failed = {key: Failed(why, self._failed.get(key, Failed("", now)).since) for key, why in looked.failed.items()}
        self._failed = {key: one for key, one in self._failed.items() if key not in ids} | failed
        gone = ids - self._failed.keys()
        kept = {key: one for key, one in self.snapshot.containers.items() if key not in gone}
        self._publish(kept | looked.found)

    def _look_at_all(self) -> None:
        self._ask_all = True
        self._wake.set()

    async def _save(self) -> None:
        """Store what was observed, some changes at a time; where that fails, they wait for a database that is back."""
        changed, gone = self._notes.take_unsaved()
        if self._store is None or not (changed or gone):
            return
        try:
            await self._store.save(changed, gone)
        except BaseException:  # cancelled, too: nobody knows whether they were written
            self._notes.give_back([*changed, *gone])
            raise

    def _publish(self, containers: dict[str, Container]) -> None:
        old = self.snapshot
        self._doubts = 0
        self._notes.look(containers)
        self.snapshot = EngineSnapshot(
            reachable=True,
            since=old.since if old.reachable else datetime.now(UTC),
            problem=None,
            containers=MappingProxyType(containers),
            failed=MappingProxyType(dict(self._failed)),
            notes=self._notes.all,
        )
        self._notify()

    def _doubt(self, problem: str) -> None:
        """Ask again soon after a question that failed; without events, or if it fails again, the engine is lost."""
        self._doubts += 1
        if not self._is_followed or self._doubts >= DOUBTS:
            self._lost(problem)
        if self._is_followed:
            delay_s = min(FIRST_RETRY_S * 2 ** min(self._doubts, 10), LAST_RETRY_S)
            asyncio.get_running_loop().call_later(delay_s, self._look_at_all)

    def _lost(self, problem: str) -> None:
        if not self.snapshot.reachable and self.snapshot.problem == problem:
            return
        since = datetime.now(UTC) if self.snapshot.reachable else self.snapshot.since
        self.snapshot = replace(self.snapshot, reachable=False, problem=problem, since=since)
        logger.warning("Docker engine lost: %s", problem)
        self._notify()

    def _notify(self) -> None:
        for listener in self._listeners:
            listener(self.snapshot)
