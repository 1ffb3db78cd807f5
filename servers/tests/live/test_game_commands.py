import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import InvalidRequest
from servers import wiring
from servers.docker.cli import EngineUnreachable
from servers.docker.container import WORKING_DIR_LABEL
from servers.live.rcon import game_commands
from servers.live.services import Services
from servers.minecraft.instance import RconCliFailed, ServerNotFound, ServerNotRunning
from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeContainer, FakeDocker
from testing.fake_game import FakeGame


@pytest.fixture
async def game() -> AsyncIterator[FakeGame]:
    async with FakeGame(password="not-a-secret").running() as running:
        yield running


@pytest.fixture
async def live(fake: FakeDocker) -> AsyncIterator[Services]:
    services = wiring.live()
    yield services
    await services.rcon.close()


async def started(server_path: Path, fake: FakeDocker, game: FakeGame, *, health: str | None = "healthy") -> str:
    """A running server whose published command port is the fake game's."""
    write_server(server_path, "survival", compose_text("survival", rcon_port=game.port))
    fake.first_health = health
    await wiring.manager().get_instance("survival").project.up()
    await wiring.live().engine.refresh()
    return "survival"


def container(fake: FakeDocker) -> FakeContainer:
    return fake.find("mc-survival")


async def test_commands_go_over_one_kept_connection(
    server_path: Path, fake: FakeDocker, live: Services, game: FakeGame
) -> None:
    server_id = await started(server_path, fake, game)
    assert [await live.command(server_id, text) for text in ("list", " seed ")] == ["ran list", "ran seed"]
    assert game.logins == 1


async def test_where_the_port_is_deaf_the_images_own_client_answers(
    server_path: Path, fake: FakeDocker, live: Services, game: FakeGame
) -> None:
    server_id = await started(server_path, fake, game)
    game.password = "changed in the game"
    fake.answers["list"] = "§aby rcon-cli\n"
    assert await live.command(server_id, "list") == "by rcon-cli"


async def test_a_password_changed_in_server_properties_is_found(
    server_path: Path, fake: FakeDocker, live: Services, game: FakeGame
) -> None:
    server_id = await started(server_path, fake, game)
    game.password = "changed:in the game"
    properties = server_path / server_id / "data" / "server.properties"
    properties.write_text("#a comment\nrcon.password=changed\\:in the game\nrcon.port=25575\n")
    assert await live.command(server_id, "list") == "ran list"


async def test_a_file_edited_without_up_sends_no_command_to_another_servers_game(
    server_path: Path, fake: FakeDocker, live: Services, game: FakeGame
) -> None:
    server_id = await started(server_path, fake, game)
    async with FakeGame(password="not-a-secret").running() as others:
        write_server(server_path, "creative", compose_text("creative", game_port=24999, rcon_port=others.port))
        await wiring.manager().get_instance("creative").project.up()
        (server_path / server_id / "compose.yaml").write_text(compose_text(server_id, rcon_port=others.port))
        await live.engine.refresh()

        assert await live.command(server_id, "stop") == "ran stop"
        assert await live.manager.get_instance(server_id).send_rcon_command("list") == "ran list"
        assert await live.command("creative", "seed") == "ran seed"
        assert (game.commands, others.commands) == (["stop", "list"], ["seed"])


async def test_a_password_edited_without_up_is_not_the_games(
    server_path: Path, fake: FakeDocker, live: Services, game: FakeGame
) -> None:
    server_id = await started(server_path, fake, game)
    file = server_path / server_id / "compose.yaml"
    file.write_text(file.read_text().replace("not-a-secret", "new"))
    assert await live.command(server_id, "list") == "ran list"
    assert (game.commands, game.logins) == (["list"], 1)


async def test_a_stopped_server_takes_no_commands(
    server_path: Path, fake: FakeDocker, live: Services, game: FakeGame
) -> None:
    server_id = await started(server_path, fake, game)
    fake.end(container(fake), 0)
    await live.engine.refresh()
    with pytest.raises(ServerNotRunning, match="Start it first"):
        await live.command(server_id, "list")


async def test_an_unknown_server_is_not_found(live: Services) -> None:
    with pytest.raises(ServerNotFound):
        await live.command("ghost", "list")


async def test_what_no_game_should_get_is_refused_before_anything_else(live: Services) -> None:
    with pytest.raises(InvalidRequest):
        await live.command("ghost", "say a\nstop")


async def test_a_starting_game_is_tried_for_a_while_then_refused_with_the_reason(
    server_path: Path, fake: FakeDocker, live: Services, game: FakeGame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(game_commands, "STARTING_PATIENCE_S", 0.5)
    server_id = await started(server_path, fake, game, health="starting")
    game.greeting = b""
    fake.failures["list"] = "Failed to connect: dial tcp 127.0.0.1:25575: connect: connection refused"
    with pytest.raises(ServerNotRunning, match=r"does not take commands yet\. It is still starting"):
        await live.command(server_id, "list")


async def test_a_game_that_comes_up_within_the_while_answers(
    server_path: Path, fake: FakeDocker, live: Services, game: FakeGame
) -> None:
    server_id = await started(server_path, fake, game, health="starting")
    game.password = "not yet"
    fake.failures["list"] = "connection refused"
    asking = asyncio.create_task(live.command(server_id, "list"))
    while not game.logins:
        await asyncio.sleep(0.01)
    game.password = "not-a-secret"
    assert await asking == "ran list"


async def test_a_command_that_an_unhealthy_game_took_is_waited_for(
    server_path: Path, fake: FakeDocker, live: Services, game: FakeGame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(game_commands, "STARTING_PATIENCE_S", 0.1)
    server_id = await started(server_path, fake, game, health="unhealthy")
    game.marker_delay_s = 0.4
    assert await live.command(server_id, "list") == "ran list"


async def test_a_healthy_game_without_rcon_is_said_to_have_none(
    server_path: Path, fake: FakeDocker, live: Services, game: FakeGame
) -> None:
    server_id = await started(server_path, fake, game)
    game.password = "another"
    fake.failures["list"] = "connection refused"  # the words of rcon-cli, not of the engine
    with pytest.raises(RconCliFailed, match="is RCON on"):
        await live.command(server_id, "list")


async def test_the_kept_connection_goes_when_the_server_stops(
    server_path: Path, fake: FakeDocker, live: Services, game: FakeGame
) -> None:
    server_id = await started(server_path, fake, game)
    await live.start()
    try:
        await live.command(server_id, "list")
        assert live.rcon.kept == [server_id]
        fake.end(container(fake), 0)
        async with asyncio.timeout(5):
            while live.rcon.kept:
                await asyncio.sleep(0.01)
    finally:
        await live.stop()


async def test_a_command_under_way_outlives_the_engine(
    server_path: Path, fake: FakeDocker, live: Services, game: FakeGame
) -> None:
    server_id = await started(server_path, fake, game)
    await live.start()
    try:
        await live.command(server_id, "list")
        game.answer_delay_s = 0.5
        saving = asyncio.create_task(live.command(server_id, "save-all"))
        while "save-all" not in game.commands:
            await asyncio.sleep(0.01)
        fake.stop_engine()
        assert await saving == "ran save-all"
        assert not live.engine.snapshot.reachable
        with pytest.raises(EngineUnreachable):
            await live.command(server_id, "list")

        fake.reachable = True
        fake.end(container(fake), 0)  # nobody hears of it
        async with asyncio.timeout(5):
            while live.rcon.kept:
                await asyncio.sleep(0.01)
    finally:
        await live.stop()


async def test_a_command_outside_the_panel_uses_its_own_connection(
    server_path: Path, fake: FakeDocker, live: Services, game: FakeGame
) -> None:
    server_id = await started(server_path, fake, game)
    game.answers["save-all flush"] = "§aSaved the game".encode()
    instance = wiring.manager().get_instance(server_id)
    assert await instance.send_rcon_command("save-all flush", timeout_s=120) == "Saved the game"


async def test_directories_of_containers_that_are_gone_are_forgotten(
    server_path: Path, fake: FakeDocker, live: Services, game: FakeGame
) -> None:
    server_id = await started(server_path, fake, game)
    for number in range(3):
        one = FakeContainer("ci-job", "image", {WORKING_DIR_LABEL: str(server_path / f"job{number}")})
        fake.containers[one.id] = one
        await live.engine.refresh()
        await asyncio.to_thread(live.status, server_id)
        del fake.containers[one.id]
    await live.engine.refresh()
    await asyncio.to_thread(live.status, server_id)
    assert live._real_paths.keys() == {server_path / server_id}
