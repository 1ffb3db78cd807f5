import asyncio
from collections import Counter
from typing import TypeVar

import pytest

from servers.live.rcon import players
from servers.live.rcon.players import PlayerSampler, PlayersSample
from servers.minecraft.rcon.client import RconUnavailable
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


class Games:
    """Two healthy games, of which ``hung`` takes connections and answers nothing."""

    def __init__(self) -> None:
        self.asked = Counter[str]()

    async def ask(self, name: str) -> str:
        self.asked[name] += 1
        if name == "hung":
            await asyncio.Event().wait()
        return LIST

    async def ping(self, name: str) -> ServerPing:
        if name == "hung":
            await asyncio.Event().wait()
        return PING


async def test_a_game_that_hangs_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(players, "UNWATCHED_S", 0.2)
    games = Games()
    sampler = PlayerSampler(games.ask, games.ping, lambda: ["hung", "survival"])
    sampler.start()
    try:
        async with asyncio.timeout(10):
            while games.asked["survival"] < 3:
                sampler.wake()
                await asyncio.sleep(0.01)
    finally:
        await sampler.stop()
    assert games.asked["hung"] == 1  # one question at a time


async def test_a_game_that_hangs_is_asked_again_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(players, "UNWATCHED_S", 0.05)
    monkeypatch.setattr(players, "SAMPLE_TIMEOUT_S", 0.05)
    games = Games()
    sampler = PlayerSampler(games.ask, games.ping, lambda: ["hung"])
    sampler.start()
    try:
        async with asyncio.timeout(10):
            while games.asked["hung"] < 3:
                sampler.wake()
                await asyncio.sleep(0.01)
    finally:
        await sampler.stop()
