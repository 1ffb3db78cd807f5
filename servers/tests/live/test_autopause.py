"""A game that its image has put to sleep is not woken by the panel's own curiosity."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from servers import wiring
from servers.docker.container import parse_container
from servers.docker.stopped_process import has_stopped_process
from servers.live.rcon import players
from servers.live.rcon.game_commands import GameAsleep
from servers.live.services import Services
from servers.minecraft.autopause import ASLEEP
from servers.minecraft.status import MCServerStatus
from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeContainer, FakeDocker, now
from testing.fake_game import FakeGame

NAME = "castle"
ROUNDS = 5


class Knocks:
    """Counts the connections to the game's own port; as a stopped process, it answers none."""

    def __init__(self) -> None:
        self.count = 0

    async def take(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.count += 1
        writer.transport.abort()


@pytest.fixture
async def knocks() -> AsyncIterator[tuple[Knocks, int]]:
    one = Knocks()
    async with await asyncio.start_server(one.take, "127.0.0.1", 0) as server:
        yield one, server.sockets[0].getsockname()[1]


@pytest.fixture
async def game() -> AsyncIterator[FakeGame]:
    answers = {"list": b"There are 1 of a max of 20 players online: Alex"}
    async with FakeGame(password="not-a-secret", answers=answers).running() as running:
        yield running


async def run_server(
    server_path: Path, fake: FakeDocker, game: FakeGame, game_port: int, monkeypatch: pytest.MonkeyPatch
) -> Services:
    """A healthy server with one player on, whose players are asked for all the time."""
    monkeypatch.setattr(players, "UNWATCHED_S", 0.05)
    write_server(server_path, NAME, compose_text(NAME, game_port=game_port, rcon_port=game.port))
    fake.first_health = "healthy"
    await wiring.manager().get_instance(NAME).project.up()
    live = wiring.live()
    await live.engine.refresh()
    live.players_sampler.start()
    await until(lambda: live.count_players(NAME) == 1)
    return live


async def until(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def rounds(live: Services) -> None:
    """Let the sampler go round some times, each of which would be due."""
    for _ in range(ROUNDS):
        live.players_sampler.wake()
        await asyncio.sleep(0.1)


async def test_a_sleeping_game_is_neither_asked_nor_pinged_and_nobody_is_on_it(
    server_path: Path, fake: FakeDocker, game: FakeGame, knocks: tuple[Knocks, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    door, port = knocks
    live = await run_server(server_path, fake, game, port, monkeypatch)
    (server_path / NAME / "data/.paused").touch()
    await rounds(live)
    before = (door.count, game.logins, list(game.commands))
    assert door.count, "while it was awake it was pinged"

    await rounds(live)

    assert (door.count, game.logins, list(game.commands)) == before
    assert live.count_players(NAME) == 0
    (server_path / NAME / "data/.paused").unlink()
    await until(lambda: live.count_players(NAME) == 1)
    await live.players_sampler.stop()
    await live.rcon.close()


async def test_the_status_says_that_it_sleeps_and_when_it_does_no_more(
    server_path: Path, fake: FakeDocker, game: FakeGame, knocks: tuple[Knocks, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = await run_server(server_path, fake, game, knocks[1], monkeypatch)
    await live.players_sampler.stop()
    await live.rcon.close()
    marker = server_path / NAME / "data/.paused"

    def status() -> tuple[MCServerStatus, str | None]:
        found = live.status(NAME)
        return found.status, found.reason

    async def told(reason: str | None) -> None:
        while (await asyncio.to_thread(status)) != (MCServerStatus.HEALTHY, reason):
            await asyncio.sleep(0.05)

    async with asyncio.timeout(20):
        await told(None)
        marker.touch()
        await told(ASLEEP)
        marker.unlink()
        await told(None)


async def test_a_command_wakes_it_over_a_new_connection(
    server_path: Path, fake: FakeDocker, game: FakeGame, knocks: tuple[Knocks, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = await run_server(server_path, fake, game, knocks[1], monkeypatch)
    await live.players_sampler.stop()
    before = game.logins
    (server_path / NAME / "data/.paused").touch()

    assert await live.command(NAME, "say hello") == "ran say hello"

    assert game.logins == before + 1
    await live.rcon.close()


async def test_one_that_does_not_wake_is_said_to_be_asleep(
    server_path: Path, fake: FakeDocker, game: FakeGame, knocks: tuple[Knocks, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = await run_server(server_path, fake, game, knocks[1], monkeypatch)
    await live.players_sampler.stop()
    game.greeting = b""  # the kernel takes the connection, the stopped process answers nothing
    (server_path / NAME / "data/.paused").touch()

    with pytest.raises(GameAsleep, match="did not wake"):
        await live.command(NAME, "say hello")


@pytest.mark.parametrize("odd", ["folder", "link", "elsewhere"])
async def test_what_only_looks_like_the_marker_is_none(
    server_path: Path, fake: FakeDocker, tmp_path: Path, odd: str
) -> None:
    text = compose_text(NAME)
    write_server(server_path, NAME, text.replace("./data:/data", "cache:/cache") if odd == "elsewhere" else text)
    marker = server_path / NAME / "data/.paused"
    if odd == "link":
        (tmp_path / "file").touch()
        marker.symlink_to(tmp_path / "file")
    else:
        marker.mkdir()
    await wiring.manager().get_instance(NAME).project.up()
    live = wiring.live()
    await live.engine.refresh()
    assert not await asyncio.to_thread(live.sleeping.is_asleep, NAME)
    assert not await asyncio.to_thread(live.sleeping.is_asleep, "nobody")


ID = "ab" * 32


@pytest.mark.parametrize(
    ("states", "cgroup", "is_stopped"),
    [
        ({1: "S", 7: "T"}, f"0::/docker/{ID}\n", True),
        ({1: "T", 7: "S"}, f"0::/docker/{ID}\n", True),
        ({1: "S", 7: "S"}, f"0::/docker/{ID}\n", False),
        ({1: "T", 7: "T"}, "0::/user.slice\n", False),  # the number is another process's here
        ({7: "T"}, "", False),  # it has ended
    ],
)
def test_a_stopped_process_is_found_below_the_first(
    tmp_path: Path, states: dict[int, str], cgroup: str, is_stopped: bool
) -> None:
    for pid, state in states.items():
        (tmp_path / f"{pid}/task/{pid}").mkdir(parents=True)
        (tmp_path / f"{pid}/stat").write_text(f"{pid} (a ) T (java) {state} 0 0")
        (tmp_path / f"{pid}/cgroup").write_text(cgroup)
        (tmp_path / f"{pid}/task/{pid}/children").write_text("7 " if pid == 1 else "")
    shown = FakeContainer("mc-x", "image", {}, state="running", started=now(), pid=1).inspect()
    first = parse_container(shown | {"Id": ID})
    assert has_stopped_process(first, proc=tmp_path) is is_stopped
