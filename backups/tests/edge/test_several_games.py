"""Several games in one compose file: each is held by itself, and the level speaks of all of them."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from backups import services
from backups.models import SavingOff
from backups.snapshots import saving_off
from backups.snapshots.save_guard import SaveGuard
from backups.snapshots.skipping import FlushNotConfirmed
from backups.tests.edge.test_quiesce import back_up, facts_left, level
from servers import wiring as servers_wiring
from servers.models import Operation
from servers.records import operation_rows
from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeDocker
from testing.fake_game import FakeGame
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)

SERVICE = """  {name}:
    image: itzg/minecraft-server:java21
    environment: {{EULA: "TRUE", VERSION: "1.16.1", RCON_PASSWORD: not-a-secret}}
    ports: ["127.0.0.1:{port}:25575"]
    volumes: ["{data}:/data"]
"""
HOLD = ["save-off", "save-all flush", "save-on"]


@dataclass
class Network:
    """A running server with the games ``mc`` and ``lobby``."""

    fake: FakeDocker
    games: dict[str, FakeGame]

    @property
    def lobby(self) -> FakeGame:
        return self.games["lobby"]

    def container_of(self, service: str) -> str:
        return "mc-survival" if service == "mc" else f"survival-{service}-1"


@pytest.fixture
async def network(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> AsyncIterator[Network]:
    lobby = FakeGame(password=game.password, answers=dict(game.answers))
    async with lobby.running():
        await start(server_path, fake, game, lobby)
        yield Network(fake, {"mc": game, "lobby": lobby})


async def start(
    server_path: Path, fake: FakeDocker, game: FakeGame, lobby: FakeGame, *, data: str = "./lobby"
) -> None:
    text = compose_text("survival", rcon_port=game.port)
    text += SERVICE.format(name="lobby", port=lobby.port, data=data)
    if not data.startswith("."):
        text += f"volumes: {{{data}: {{}}}}\n"
    folder = write_server(server_path, "survival", text)
    (folder / "data/level.dat").write_bytes(b"level")
    (folder / "lobby").mkdir()
    (folder / "lobby/level.dat").write_bytes(b"level")
    fake.first_health = "healthy"
    await servers_wiring.manager().get_instance("survival").project.up()
    await servers_wiring.live().engine.refresh()


def warning(operation: Operation) -> str:
    (said,) = operation.warnings
    return str(said)


async def test_each_game_is_held_and_the_snapshot_is_flushed(network: Network) -> None:
    operation = await back_up(require_flushed=True)

    assert level(operation) == "flushed"
    assert [one.commands for one in network.games.values()] == [HOLD, HOLD]
    assert operation.warnings == []
    assert await facts_left() == 0


async def test_of_everything_each_game_is_held_too(network: Network) -> None:
    operation = await back_up(server_id="")

    assert level(operation) == "flushed"
    assert [one.commands for one in network.games.values()] == [HOLD, HOLD]


@pytest.mark.parametrize("service", ["mc", "lobby"])
async def test_one_that_cannot_be_held_is_named(network: Network, service: str) -> None:
    network.games[service].answers["save-off"] = b"not now"

    operation = await back_up()

    assert level(operation) == "live"
    assert f"its game `{service}`: saving could not be turned off" in warning(operation)
    with pytest.raises(FlushNotConfirmed, match=f"its game `{service}`"):
        await back_up(require_flushed=True)
    assert network.games[service].commands[-1] == "save-on"
    assert await facts_left() == 0


async def test_one_that_does_not_confirm_is_named(network: Network) -> None:
    network.lobby.silent.add("save-all flush")

    operation = await back_up()

    assert level(operation) == "unconfirmed"
    assert "its game `lobby`: the game did not confirm within 1 s" in warning(operation)


async def test_one_that_does_not_run_makes_it_no_worse(network: Network) -> None:
    network.fake.end(network.fake.find("survival-lobby-1"), 0)

    assert level(await back_up()) == "flushed"
    assert (network.games["mc"].commands, network.lobby.commands) == (HOLD, [])


@pytest.mark.parametrize("service", ["mc", "lobby"])
async def test_one_that_ends_or_starts_during_the_copy_is_seen(
    network: Network, restic: FakeRestic, service: str
) -> None:
    name = network.container_of(service)
    restic.gate = asyncio.Event()
    running = asyncio.create_task(back_up())
    await restic.entered.wait()
    network.fake.end(network.fake.find(name), 137)
    restic.gate.set()

    operation = await running

    assert level(operation) == "unconfirmed"
    assert f"its game `{service}`: it stopped while it was copied" in warning(operation)


async def test_somebody_who_turns_saving_on_in_one_of_them_is_seen(
    network: Network, restic: FakeRestic, server_path: Path
) -> None:
    log = server_path / "survival/lobby/logs/latest.log"
    await asyncio.to_thread(log.parent.mkdir)
    await asyncio.to_thread(log.write_text, "[12:00:00] [Server thread/INFO]: Done\n")
    restic.gate = asyncio.Event()
    running = asyncio.create_task(back_up())
    await restic.entered.wait()

    def say() -> None:
        with log.open("a") as file:
            file.write("[12:00:01] [Server thread/INFO]: [Alex: Automatic saving is now enabled]\n")

    await asyncio.to_thread(say)
    restic.gate.set()

    assert "its game `lobby`: somebody turned saving on" in warning(await running)


async def test_the_guard_mends_each_game_by_itself(network: Network) -> None:
    network.games["mc"].silent.add("save-on")
    network.lobby.silent.add("save-on")
    await back_up()
    left = await operation_rows.in_database(lambda: sorted(one.game for one in SavingOff.objects.all()))
    assert left == ["lobby of survival", "mc of survival"]

    network.lobby.silent.clear()
    guard = SaveGuard(servers_wiring.manager(), running=list, disturbed=services.lower_claims)
    await guard.run_once()

    left = await operation_rows.in_database(lambda: [one.service for one in SavingOff.objects.all()])
    assert left == ["mc"]
    assert network.lobby.commands[-1] == "save-on"


async def test_a_second_game_whose_files_are_in_a_volume_makes_it_partial(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic, tmp_path: Path
) -> None:
    fake.root_dir = tmp_path / "engine"
    (fake.root_dir / "volumes").mkdir(parents=True)
    async with FakeGame(password=game.password, answers=dict(game.answers)).running() as lobby:
        await start(server_path, fake, game, lobby, data="lobbydata")

        operation = await back_up()

    assert level(operation) == "partial"
    assert "The game `lobby`" in warning(operation)
    assert "lobbydata" in warning(operation)


def test_a_fact_of_before_is_kept_by_the_migration() -> None:
    before = [("backups", "0005_lists_of_what_to_leave_out")]
    executor = MigrationExecutor(connection)
    after = [key for key in executor.loader.graph.leaf_nodes() if key[0] == "backups"]
    try:
        executor.migrate(before)
        old = executor.loader.project_state(before).apps.get_model("backups", "SavingOff")
        operation = uuid.uuid4()
        said = {"operation_id": operation, "container_id": "a" * 64, "since": "2026-11-01T00:00Z"}
        old.objects.create(server_id="survival", **said)
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(after)

    (record,) = saving_off.read_all()

    assert (record.server_id, record.service) == ("survival", "")
    assert (record.operation_id, record.container_id) == (operation, "a" * 64)
