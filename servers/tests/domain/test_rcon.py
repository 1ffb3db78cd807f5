import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servers.minecraft.rcon import client, protocol
from servers.minecraft.rcon.client import RconAddress, RconConnection, RconRefused, RconTimedOut, RconUnavailable
from servers.minecraft.rcon.protocol import RconBroken
from testing.fake_game import ANSWER, COMMAND, FakeGame, packet


@asynccontextmanager
async def connected(game: FakeGame) -> AsyncIterator[RconConnection]:
    async with game.running():
        connection = await RconConnection.connect(game.address)
        try:
            yield connection
        finally:
            await connection.close()


async def test_commands_are_answered_one_after_the_other() -> None:
    async with connected(FakeGame()) as connection:
        assert [await connection.command(f"say {n}") for n in range(5)] == [f"ran say {n}" for n in range(5)]


async def test_an_empty_answer_is_an_answer() -> None:
    async with connected(FakeGame(answers={"say hi": b""})) as connection:
        assert await connection.command("say hi") == ""


@pytest.mark.parametrize("size", [4095, 4096, 4097, 8192, 300_000])
async def test_an_answer_of_several_packets_is_put_together(size: int) -> None:
    answer = (b"0123456789" * (size // 10 + 1))[:size]
    async with connected(FakeGame(answers={"help": answer})) as connection:
        assert await connection.command("help") == answer.decode()
        assert await connection.command("list") == "ran list"


@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 5])
async def test_characters_split_between_packets_stay_whole(piece_bytes: int) -> None:
    async with connected(FakeGame(answers={"list": "Jürgen, 雪, 🙂".encode()}, piece_bytes=piece_bytes)) as connection:
        assert await connection.command("list") == "Jürgen, 雪, 🙂"


async def test_bytes_that_are_no_utf8_are_replaced() -> None:
    async with connected(FakeGame(answers={"list": b"a\xffb"})) as connection:
        assert await connection.command("list") == "a\ufffdb"


async def test_the_longest_command_arrives_in_one_read() -> None:
    longest = "ü" * 723
    async with connected(FakeGame()) as connection:
        assert await connection.command(longest) == f"ran {longest}"


async def test_a_wrong_password_is_refused() -> None:
    async with FakeGame().running() as game:
        with pytest.raises(RconRefused, match="password"):
            await RconConnection.connect(RconAddress(game.host, game.port, "wrong"))


def test_the_password_is_not_shown() -> None:
    assert "sesame" not in repr(FakeGame().address)


async def test_nobody_there_is_unavailable() -> None:
    async with FakeGame().running() as game:
        address = game.address
    with pytest.raises(RconUnavailable):
        await RconConnection.connect(address)


@pytest.mark.parametrize("host", ["localhost", "::1", "[::1]"])
async def test_names_and_ipv6_addresses_are_reached(host: str) -> None:
    async with FakeGame(host=host.strip("[]")).running() as game:
        connection = await RconConnection.connect(RconAddress(host, game.port, game.address.password))
        assert await connection.command("list") == "ran list"
        await connection.close()


@pytest.mark.parametrize(
    "greeting",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        struct.pack("<i", -5),
        struct.pack("<i", 9) + b"x" * 9,
        struct.pack("<i", 2_000_000),
        b"\x0a",
        b"",
        packet(77, COMMAND),
    ],
    ids=["http", "negative", "too short", "huge", "half a length", "silence", "foreign id"],
)
@pytest.mark.slow
async def test_whatever_else_answers_a_login_is_unavailable_in_time(greeting: bytes) -> None:
    async with FakeGame(greeting=greeting).running() as game, asyncio.timeout(5):
        with pytest.raises(RconUnavailable):
            await RconConnection.connect(game.address, timeout_s=0.3)


async def test_endless_packets_after_a_login_do_not_hang() -> None:
    async with FakeGame(greeting=packet(77, ANSWER, b"x") * 100_000).running() as game, asyncio.timeout(5):
        with pytest.raises(RconUnavailable):
            await RconConnection.connect(game.address, timeout_s=2)


@pytest.mark.parametrize("length", [-1, 0, 9, 1024 * 1024 + 1, 2**31 - 1])
async def test_an_impossible_length_ends_the_connection(length: int) -> None:
    game = FakeGame(raw={"list": lambda _: struct.pack("<i", length) + b"x" * 64})
    async with connected(game) as connection, asyncio.timeout(5):
        with pytest.raises(RconBroken):
            await connection.command("list")
        assert connection.closed


async def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_ANSWER_BYTES", 50_000)
    game = FakeGame(raw={"list": lambda sent: packet(sent, ANSWER, b"x" * 1000) * 100})
    async with connected(game) as connection, asyncio.timeout(5):
        with pytest.raises(RconBroken, match="exceeds"):
            await connection.command("list")
        assert connection.closed


async def test_empty_packets_without_end_are_given_up() -> None:
    game = FakeGame(raw={"list": lambda sent: packet(sent, ANSWER) * (client.MAX_PACKETS + 1)})
    async with connected(game) as connection, asyncio.timeout(10):
        with pytest.raises(RconBroken, match="exceeds"):
            await connection.command("list")


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.builds(packet, st.integers(-2, 6), st.integers(0, 5), st.binary(max_size=20)),
            st.integers(-(2**31), 2**31 - 1).map(lambda length: struct.pack("<i", length)),
        ),
        max_size=6,
    )
)
@settings(max_examples=40, deadline=None)
@pytest.mark.slow
async def test_whatever_a_hostile_game_sends_ends_in_an_answer_or_an_error_of_ours(sent: list[bytes]) -> None:
    game = FakeGame(raw={"list": lambda _: b"".join(sent)}, answers_markers=False)
    async with connected(game) as connection, asyncio.timeout(10):
        with suppress(RconBroken, RconTimedOut):
            assert isinstance(await connection.command("list", timeout_s=0.05), str)
        if not connection.closed:
            with suppress(RconBroken, RconTimedOut, RconUnavailable):
                assert await connection.command("seed", timeout_s=0.05) in {"", "ran seed"}


@pytest.mark.parametrize("cut", [2, 6, 20])
@pytest.mark.slow
async def test_half_a_packet_times_out_and_closes(cut: int) -> None:
    game = FakeGame(raw={"list": lambda sent: packet(sent, ANSWER, b"x" * 100)[:cut]})
    async with connected(game) as connection:
        with pytest.raises(RconTimedOut):
            await connection.command("list", timeout_s=0.2)
        assert connection.closed


async def test_after_a_silence_nothing_more_is_asked_on_the_connection() -> None:
    async with connected(game := FakeGame(silent={"stop"})) as connection:
        with pytest.raises(RconTimedOut):
            await connection.command("stop", timeout_s=0.1)
        with pytest.raises(RconUnavailable):
            await connection.command("list")
        assert game.commands == ["stop"]


async def test_a_hang_up_in_the_middle_says_that_the_command_may_have_run() -> None:
    async with connected(FakeGame(hangs_up_on={"stop"})) as connection, asyncio.timeout(5):
        with pytest.raises(RconBroken):
            await connection.command("stop")


async def test_a_hang_up_before_says_that_it_was_not_sent() -> None:
    async with connected(game := FakeGame()) as connection, asyncio.timeout(5):
        game.hang_up()
        while not connection.has_ended:
            await asyncio.sleep(0)
        with pytest.raises(RconUnavailable):
            await connection.command("list")
        assert game.commands == []


async def test_a_cancelled_command_takes_the_connection_with_it() -> None:
    async with connected(game := FakeGame(silent={"stop"})) as connection:
        task = asyncio.create_task(connection.command("stop"))
        while not game.commands:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert connection.closed


@pytest.mark.slow
async def test_a_game_that_answers_no_marker_is_done_when_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "QUIET_S", 0.1)
    async with connected(FakeGame(answers={"help": b"x" * 9000}, answers_markers=False)) as connection:
        assert await connection.command("help") == "x" * 9000
        assert await connection.command("list") == "ran list"


@pytest.mark.slow
async def test_a_late_answer_to_a_marker_is_no_answer_to_the_next_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "QUIET_S", 0.05)
    async with connected(FakeGame(marker_delay_s=0.15)) as connection:
        assert [await connection.command(text) for text in ("a", "b", "c")] == ["ran a", "ran b", "ran c"]


@pytest.mark.slow
async def test_a_game_that_was_only_slow_once_is_asked_with_markers_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "QUIET_S", 0.1)
    async with connected(game := FakeGame(marker_delay_s=0.2)) as connection:
        assert await connection.command("list") == "ran list"
        game.marker_delay_s = 0.0
        assert await connection.command("list") == "ran list"  # passes the late answer over, and learns from it
        monkeypatch.setattr(client, "QUIET_S", 5.0)
        async with asyncio.timeout(2):
            assert await connection.command("list") == "ran list"


async def test_the_answer_to_stop_counts_though_the_game_hangs_up_on_the_marker() -> None:
    game = FakeGame(answers={"stop": b"Stopping the server"}, ends_after={"stop"})
    async with connected(game) as connection:
        assert await connection.command("stop") == "Stopping the server"
        assert connection.closed


async def test_a_hang_up_after_a_full_piece_is_no_whole_answer() -> None:
    async with connected(FakeGame(answers={"help": b"x" * 4096}, ends_after={"help"})) as connection:
        with pytest.raises(RconBroken):
            await connection.command("help")


async def test_an_answer_to_something_else_is_passed_over() -> None:
    game = FakeGame(raw={"list": lambda sent: packet(4711, ANSWER, b"late") + packet(sent, ANSWER, b"mine")})
    async with connected(game) as connection:
        assert await connection.command("list") == "mine"


async def test_a_connection_that_lost_its_login_is_closed() -> None:
    async with connected(FakeGame(raw={"list": lambda _: packet(-1, COMMAND)})) as connection:
        with pytest.raises(RconBroken):
            await connection.command("list")
        assert connection.closed


async def test_a_peer_that_says_nothing_any_more_is_not_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PROBE_TIMEOUT_S", 0.1)
    async with connected(game := FakeGame()) as connection:
        await connection.command("list")
        assert await connection.is_alive()
        game.answers_markers = False
        assert not await connection.is_alive()
        assert connection.closed


def test_a_packet_is_little_endian_with_two_nuls() -> None:
    assert protocol.Packet(7, COMMAND, b"list").encode() == b"\x0e\0\0\0\x07\0\0\0\x02\0\0\0list\0\0"
