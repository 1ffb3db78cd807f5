"""A health check that fails, or is off, says nothing of who plays."""

import asyncio
import time

import pytest

from servers import wiring
from servers.api.items import server_items
from servers.minecraft.status import MCServerStatus
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)
DEADLINE_S = 30.0


@pytest.mark.parametrize("health", ["unhealthy", None])
async def test_a_game_that_answers_is_asked_for_its_players(fake: FakeDocker, server: str, health: str | None) -> None:
    live = wiring.live()
    fake.answers["list"] = "There are 1 of a max of 20 players online: Alex"
    fake.first_health = health
    await wiring.manager().get_instance(server).project.up()
    await live.engine.refresh()
    assert (await asyncio.to_thread(live.status, server)).status is MCServerStatus.RUNNING
    assert (await asyncio.to_thread(server_items))[0]["onlinePlayers"] is None, "not known yet"

    live.players_sampler.start()
    end = time.monotonic() + DEADLINE_S
    while not live.players(server).online and time.monotonic() < end:
        await asyncio.sleep(0.02)
    await live.players_sampler.stop()

    assert (await asyncio.to_thread(server_items))[0]["onlinePlayers"] == ["Alex"]


async def test_a_paused_game_is_not_asked(fake: FakeDocker, server: str) -> None:
    live = wiring.live()
    await wiring.manager().get_instance(server).project.up()
    fake.change(fake.find(f"mc-{server}"), "pause", state="paused")
    await live.engine.refresh()

    assert not await asyncio.to_thread(live.may_have_players, server)
