import asyncio
from typing import TypeVar

import pytest

from servers.live.players import PlayerSampler, PlayersSample
from servers.minecraft.rcon import RconUnavailable
from servers.minecraft.server_ping import PingFailed, ServerPing

LIST = "There are 2 of a max of 20 players online: Alex, .Stone Age"
T = TypeVar("T")
PING = ServerPing(names=("Alex",), online=2, maximum=30, motd="A Minecraft Server", latency_ms=1.5)


async def sampled(list_answer: str | Exception, ping_answer: ServerPing | Exception) -> PlayersSample:
    """The first sample of a healthy server that answers ``list`` and a ping so."""

    async def ask(_: str) -> str:
        return _give(list_answer)

    async def ping(_: str) -> ServerPing:
        done.set()
        return _give(ping_answer)

    done = asyncio.Event()
    sampler = PlayerSampler(ask, ping, lambda: ["survival"])
    sampler.start()
    try:
        async with asyncio.timeout(5):
            await done.wait()
            await asyncio.sleep(0.01)
    finally:
        await sampler.stop()
    return sampler.read("survival", now=0.0)


def _give(value: T | Exception) -> T:
    if isinstance(value, Exception):
        raise value
    return value


async def test_the_games_own_list_counts_and_the_ping_adds_what_it_alone_tells() -> None:
    sample = await sampled(LIST, PING)
    assert (sample.online, sample.maximum) == (("Alex", ".Stone Age"), 20)
    assert (sample.motd, sample.latency_ms) == ("A Minecraft Server", 1.5)


@pytest.mark.parametrize("answer", [RconUnavailable("no"), "Unknown command", ""])
async def test_a_ping_fills_in_where_the_list_cannot_be_had(answer: str | Exception) -> None:
    sample = await sampled(answer, PING)
    assert (sample.online, sample.count, sample.maximum) == (("Alex",), 2, 30)


async def test_a_list_without_a_ping_has_no_message_of_the_day() -> None:
    sample = await sampled(LIST, PingFailed("no"))
    assert (sample.online, sample.motd, sample.latency_ms) == (("Alex", ".Stone Age"), None, None)


async def test_without_either_there_is_no_sample() -> None:
    assert await sampled(RconUnavailable("no"), PingFailed("no")) == PlayersSample()
