"""What the engine's containers are doing, as it is told while things happen at once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import pytest
from django.db import OperationalError

from servers.docker.container import State
from servers.docker.engine import DockerManager
from servers.live.engine import engine_state
from servers.live.engine.container_notes import Notes
from servers.live.engine.engine_state import EngineSnapshot, EngineState
from servers.minecraft.status import ContainerNote
from testing.fake_docker import FakeContainer, FakeDocker, now


async def test_an_end_during_a_look_is_told_of_no_container_that_runs() -> None:
    fake = FakeDocker()
    one = FakeContainer("mc-x", "image", {}, state="running", started=now(), pid=7)
    fake.containers[one.id] = one
    state, seen = EngineState(DockerManager(fake.cli)), list[EngineSnapshot]()
    state.listen(seen.append)
    state.start()
    try:
        await until(lambda: one.id in state.snapshot.containers and fake.is_heard)
        fake.hold("inspect")
        fake.change(one, "oom")
        await fake.entered["inspect"].wait()  # it has looked, and answers late
        fake.end(one, 137)
        await until(lambda: fake.is_heard)
        fake.release("inspect")
        await until(lambda: state.snapshot.containers[one.id].state is State.EXITED)
    finally:
        await state.stop()

    told = [(each.containers[one.id].state, each.notes[one.id].exit_code) for each in seen if each.containers]
    assert set(told) == {(State.RUNNING, None), (State.EXITED, 137)}


@asynccontextmanager
async def followed(fake: FakeDocker, *names: str) -> AsyncIterator[EngineState]:
    """The state of an engine with running containers, known and settled."""
    for name in names:
        one = FakeContainer(name, "image", {}, state="running", started=now(), pid=7)
        fake.containers[one.id] = one
    state = EngineState(DockerManager(fake.cli))
    state.start()
    try:
        await until(lambda: len(state.snapshot.containers) == len(names) and fake.is_heard)
        await asyncio.sleep(engine_state.SETTLE_S + 0.2)
        yield state
    finally:
        await state.stop()


@pytest.mark.parametrize("how", ["says no", "hangs"])
async def test_a_container_that_cannot_be_inspected_spoils_no_other_and_is_looked_at_again(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_state, "AGAIN_S", 0.1)
    fake = FakeDocker()
    async with followed(fake, "mc-good", "mc-bad", "mc-late") as state:
        good, bad, late = (fake.find(name) for name in ("mc-good", "mc-bad", "mc-late"))
        if how == "hangs":
            fake.hanging.add(bad.id)
        else:
            fake.broken[bad.id] = "the layer is gone"
        fake.end(good, 1)
        fake.end(bad, 1)
        await until(lambda: bad.id in state.snapshot.failed)
        assert state.snapshot.reachable
        assert state.snapshot.containers[good.id].state is State.EXITED
        doubt = state.snapshot.doubt(state.snapshot.containers[bad.id])
        assert doubt is not None
        assert "asked for again" in doubt.why.sentence
        assert state.snapshot.doubt(state.snapshot.containers[late.id]) is None
        await state.refresh()
        assert state.snapshot.reachable
        assert state.snapshot.failed.keys() == {bad.id}
        await asyncio.sleep(0.3)  # it is asked for meanwhile, and fails again
        assert state.snapshot.failed[bad.id].since == doubt.since

        fake.hanging.clear()
        fake.broken.clear()
        await until(lambda: not state.snapshot.failed)
        assert state.snapshot.containers[bad.id].state is State.EXITED


async def test_one_question_that_fails_is_not_the_end_of_the_engine() -> None:
    fake = FakeDocker()
    async with followed(fake, "mc-x", "mc-y") as state:
        seen = list[EngineSnapshot]()
        state.listen(seen.append)
        fake.lost_calls["inspect"] = 1
        fake.end(fake.find("mc-x"), 1)
        await until(lambda: state.snapshot.containers[fake.find("mc-x").id].state is State.EXITED)
        assert all(each.reachable for each in seen)


async def test_questions_that_go_on_failing_are_and_the_first_that_is_answered_tells_of_it() -> None:
    fake = FakeDocker()
    async with followed(fake, "mc-x") as state:
        fake.lost_calls |= {"inspect": 1, "ps": 2}
        fake.end(fake.find("mc-x"), 1)
        await until(lambda: not state.snapshot.reachable)
        await until(lambda: state.snapshot.reachable)  # no event comes
        assert state.snapshot.containers[fake.find("mc-x").id].state is State.EXITED


async def test_of_a_container_never_seen_nobody_says_that_it_is_not_there() -> None:
    fake = FakeDocker()
    async with followed(fake, "mc-x") as state:
        new = FakeContainer("mc-new", "image", {})
        fake.containers[new.id] = new
        fake.broken[new.id] = "the layer is gone"
        fake.change(new, "create")
        await until(lambda: new.id in state.snapshot.failed)
        doubt = state.snapshot.doubt(None)
        assert doubt is not None
        assert "layer is gone" in doubt.why.sentence
        del fake.containers[new.id]
        fake.change(new, "destroy")
        await until(lambda: not state.snapshot.failed)


class Moody:
    """A database of notes that refuses for a while."""

    def __init__(self) -> None:
        self.refuses = True
        self.refused = 0
        self.kept: dict[str, ContainerNote] = {}

    async def load(self) -> dict[str, ContainerNote]:
        return {}

    async def save(self, changed: Notes, gone: Iterable[str]) -> None:
        if self.refuses:
            self.refused += 1
            raise OperationalError("database is locked")
        self.kept |= changed
        for one in gone:
            self.kept.pop(one, None)


@pytest.mark.parametrize("back", ["while it runs", "at its end", "never"])
async def test_notes_that_the_database_refuses_are_kept_until_it_takes_them(
    back: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_state, "SAVE_S", 0.05 if back == "while it runs" else 0.3)
    fake, store = FakeDocker(), Moody()
    one = FakeContainer("mc-x", "image", {}, state="running", started=now(), pid=7)
    fake.containers[one.id] = one
    state = EngineState(DockerManager(fake.cli), store)
    state.start()
    try:
        await until(lambda: bool(store.refused))
        store.refuses = back == "never"
        if back == "while it runs":
            await until(lambda: bool(store.kept))
    finally:
        await state.stop()
    assert store.kept.keys() == (set() if back == "never" else {one.id})


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.005)
