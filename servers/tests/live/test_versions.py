import asyncio

import pytest

from servers.live.engine import versions
from servers.live.engine.engine_state import EngineSnapshot
from servers.live.engine.versions import Versions
from testing.fake_docker import FakeDocker


@pytest.mark.parametrize("verb", ["info", "version"])
async def test_a_version_that_was_not_told_is_asked_for_again(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "AGAIN_S", 0.05)
    fake = FakeDocker()
    fake.lost_calls[verb] = 2
    told = Versions(fake.cli)
    told.start()
    try:
        told.engine_changed(EngineSnapshot(reachable=True))
        async with asyncio.timeout(5):
            while told.engine is None or told.compose is None:
                await asyncio.sleep(0.01)
    finally:
        await told.stop()
    assert (told.engine.engine, told.compose) == ("fake", "2.99.0")


async def test_the_one_is_told_without_the_other() -> None:
    fake = FakeDocker()
    fake.lost_calls["info"] = 1000
    told = Versions(fake.cli)
    told.start()
    try:
        told.engine_changed(EngineSnapshot(reachable=True))
        async with asyncio.timeout(5):
            while told.compose is None:
                await asyncio.sleep(0.01)
    finally:
        await told.stop()
