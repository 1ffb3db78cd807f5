import asyncio
from collections.abc import AsyncIterator

import pytest

from servers.live.rcon import rcon_pool
from servers.live.rcon.rcon_pool import RconBusy, RconPool
from servers.minecraft.rcon import client
from servers.minecraft.rcon.client import RconAddress, RconRefused, RconTimedOut, RconUnavailable
from servers.minecraft.rcon.protocol import RconBroken
from testing.fake_game import FakeGame


@pytest.fixture
async def pool() -> AsyncIterator[RconPool]:
    made = RconPool()
    yield made
    await made.close()


@pytest.fixture
async def game() -> AsyncIterator[FakeGame]:
    async with FakeGame().running() as running:
        yield running


async def ask(pool: RconPool, game: FakeGame, command: str, *, timeout_s: float = 5.0) -> str:
    async def addresses() -> list[RconAddress]:
        return [game.address]

    async with asyncio.timeout(10):
        return await pool.command("survival", command, addresses=addresses, timeout_s=timeout_s)


async def test_one_login_serves_many_commands(pool: RconPool, game: FakeGame) -> None:
    for n in range(10):
        assert await ask(pool, game, f"say {n}") == f"ran say {n}"
    assert game.logins == 1


async def test_commands_at_once_stand_in_line_and_get_their_own_answers(pool: RconPool, game: FakeGame) -> None:
    game.answers = {str(n): str(n).encode() * 5000 for n in range(20)}
    answers = await asyncio.gather(*(ask(pool, game, str(n)) for n in range(20)))
    assert answers == [str(n) * 5000 for n in range(20)]
    assert game.commands == [str(n) for n in range(20)]
    assert game.logins == 1


async def test_servers_do_not_wait_for_each_other(pool: RconPool, game: FakeGame) -> None:
    game.silent = {"stop"}
    hanging = asyncio.create_task(ask(pool, game, "stop"))
    while not game.commands:
        await asyncio.sleep(0)
    async with FakeGame().running() as other:

        async def addresses() -> list[RconAddress]:
            return [other.address]

        assert await pool.command("creative", "list", addresses=addresses) == "ran list"
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging


async def test_a_game_that_was_restarted_is_connected_anew(pool: RconPool) -> None:
    game = FakeGame()
    for expected in (1, 2):
        async with game.running():
            assert await ask(pool, game, "list") == "ran list"
            assert game.logins == expected


async def test_a_game_that_went_without_a_word_is_found_out_before_a_command_is_sent(
    pool: RconPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rcon_pool, "IDLE_S", 0.0)
    monkeypatch.setattr(client, "PROBE_TIMEOUT_S", 0.1)
    async with FakeGame().running() as mute, FakeGame().running() as alive:
        await ask(pool, mute, "list")
        mute.answers_markers = False
        mute.silent = {"stop"}
        assert await ask(pool, alive, "stop") == "ran stop"
        assert mute.commands == ["list"]


async def test_a_command_that_may_have_run_is_not_sent_again(pool: RconPool, game: FakeGame) -> None:
    await ask(pool, game, "list")
    game.hangs_up_on = {"stop"}
    with pytest.raises(RconBroken):
        await ask(pool, game, "stop")
    assert game.commands == ["list", "stop"]
    assert game.logins == 1


async def test_after_a_time_out_the_next_command_gets_its_own_answer(pool: RconPool, game: FakeGame) -> None:
    game.silent = {"save-all flush"}
    with pytest.raises(RconTimedOut):
        await ask(pool, game, "save-all flush", timeout_s=0.1)
    assert await ask(pool, game, "list") == "ran list"
    assert game.logins == 2


async def test_a_cancelled_command_leaves_the_line(pool: RconPool, game: FakeGame) -> None:
    game.silent = {"stop"}
    task = asyncio.create_task(ask(pool, game, "stop"))
    while not game.commands:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await ask(pool, game, "list") == "ran list"


async def test_a_dropped_connection_is_made_anew(pool: RconPool, game: FakeGame) -> None:
    await ask(pool, game, "list")
    await pool.drop("survival")
    await pool.drop("survival")
    await ask(pool, game, "list")
    assert game.logins == 2


async def test_no_game_is_unavailable_each_time(pool: RconPool) -> None:
    async with FakeGame().running() as gone:
        pass
    for _ in range(2):
        with pytest.raises(RconUnavailable):
            await ask(pool, gone, "list")


async def test_the_next_address_is_tried_where_one_is_deaf_or_refuses_the_password(
    pool: RconPool, game: FakeGame
) -> None:
    async with FakeGame().running() as gone:
        pass

    async def addresses() -> list[RconAddress]:
        return [gone.address, RconAddress(game.host, game.port, "an older password"), game.address]

    assert await pool.command("survival", "list", addresses=addresses) == "ran list"


async def test_a_refused_password_is_told_before_a_port_where_nobody_is(pool: RconPool, game: FakeGame) -> None:
    async with FakeGame().running() as gone:
        pass

    async def addresses() -> list[RconAddress]:
        return [RconAddress(game.host, game.port, "an older password"), gone.address]

    with pytest.raises(RconRefused):
        await pool.command("survival", "list", addresses=addresses)


async def test_a_command_behind_a_game_that_hangs_is_given_up_and_not_run(
    pool: RconPool, game: FakeGame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rcon_pool, "LINE_TIMEOUT_S", 0.2)
    game.silent = {"save-all"}
    saving = asyncio.create_task(ask(pool, game, "save-all", timeout_s=1.0))
    while not game.commands:
        await asyncio.sleep(0)
    with pytest.raises(RconBusy, match=r"was not run\. .*Try again"):
        await ask(pool, game, "stop")
    with pytest.raises(RconTimedOut):
        await saving
    assert game.commands == ["save-all"]
    assert await ask(pool, game, "list") == "ran list"


async def test_a_server_that_is_gone_leaves_nothing_in_memory(pool: RconPool, game: FakeGame) -> None:
    async def nobody() -> list[RconAddress]:
        raise RconUnavailable("no password")

    game.answer_delay_s = 0.1
    asking = [asyncio.create_task(ask(pool, game, "list")) for _ in range(3)]
    await asyncio.sleep(0.05)
    await pool.drop("survival")  # under the first one
    await asyncio.gather(*asking, return_exceptions=True)
    await pool.drop("survival")
    with pytest.raises(RconUnavailable):
        await pool.command("ghost", "list", addresses=nobody)
    assert (pool._lines, pool._used_at, pool.kept) == ({}, {}, [])
