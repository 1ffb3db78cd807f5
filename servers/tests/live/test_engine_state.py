"""What the engine's containers are doing, as it is told while things happen at once."""

import asyncio
from collections.abc import Callable

from servers.docker.container import State
from servers.docker.engine import DockerManager
from servers.live.engine_state import EngineSnapshot, EngineState
from servers.tests.fake_docker import FakeContainer, FakeDocker, now


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


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.005)
