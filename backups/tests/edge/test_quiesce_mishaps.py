"""The bracket around a copy when engine, server or path go away inside of it."""

import asyncio
import shutil
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from backups import services
from backups.models import SavingOff
from backups.services import BackupServices
from backups.snapshots import saving_off
from backups.snapshots.save_guard import MAX_FOREIGN, SaveGuard
from backups.snapshots.saving_off import SavingOffRecord
from backups.tests.conftest import started
from backups.tests.edge.test_quiesce import back_up, facts_left, guard, level
from core.errors import AppError
from core.process import ProgramMissing
from servers import wiring as servers_wiring
from servers.docker.cli import DockerCli
from servers.models import OperationState
from servers.records import operation_rows
from testing.fake_docker import FakeDocker
from testing.fake_game import FakeGame
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)


async def test_an_engine_that_goes_away_during_the_copy_leaves_saving_on(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    restic.gate = asyncio.Event()
    running = asyncio.create_task(back_up())
    await restic.entered.wait()
    fake.reachable = False  # its containers live on, as they do with live-restore
    restic.gate.set()
    operation = await running
    assert operation.state == OperationState.SUCCEEDED
    assert game.commands[-1] == "save-on"
    assert await facts_left() == 0
    assert level(operation) == "unconfirmed"
    assert "saved:flushed" not in restic.snapshots[0]["tags"]


async def test_a_stopped_server_of_which_nobody_knows_any_more_is_not_called_stopped(
    server_path: Path, fake: FakeDocker, server: str, restic: FakeRestic
) -> None:
    restic.gate = asyncio.Event()
    running = asyncio.create_task(back_up(server_id=server))
    await restic.entered.wait()
    fake.reachable = False
    restic.gate.set()
    assert level(await running) == "unconfirmed"


async def test_one_server_that_the_guard_fails_at_keeps_no_other_waiting(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    async def disturbed(record: SavingOffRecord) -> None:
        raise RuntimeError(record.server_id)

    await started(server_path, fake, game)
    container = await servers_wiring.manager().get_instance("survival").get_container()
    assert container is not None
    for name in ("../no-name", "bad"):  # of one that is none, and of one whose game has ended
        await operation_rows.in_database(saving_off.store, (name, ""), uuid.uuid4(), replace(container, id="0" * 64))
    await operation_rows.in_database(saving_off.store, ("survival", ""), uuid.uuid4(), container)

    await SaveGuard(
        servers_wiring.manager(), running=services.running_operations, disturbed=disturbed
    ).run_once()

    left = await operation_rows.in_database(lambda: list(SavingOff.objects.all()))
    assert {row.server_id for row in left} == {"../no-name", "bad"}
    assert {row.guarded_until for row in left} == {None}, "the next round takes them up again"
    assert game.commands[-1] == "save-on"


async def test_the_guard_forgets_a_server_that_was_removed(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    name = await started(server_path, fake, game)
    container = await servers_wiring.manager().get_instance(name).get_container()
    assert container is not None
    await operation_rows.in_database(saving_off.store, (name, ""), uuid.uuid4(), container)
    fake.containers.clear()
    shutil.rmtree(server_path / name)
    await guard().run_once()
    assert await facts_left() == 0


async def test_a_folder_that_becomes_a_link_while_the_game_flushes_is_not_followed(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic, tmp_path: Path
) -> None:
    name = await started(server_path, fake, game)
    data = server_path / name / "data"
    (data / "world/region").mkdir(parents=True)
    (tmp_path / "host/region").mkdir(parents=True)
    (tmp_path / "host/region/secret").write_text("nobody's business")
    game.silent.add("save-all flush")
    running = asyncio.create_task(back_up(server_id=name, path="world/region"))
    async with asyncio.timeout(5):
        while "save-all flush" not in game.commands:
            await asyncio.sleep(0.02)
    (data / "world").rename(data / "moved")
    (data / "world").symlink_to(tmp_path / "host")
    with pytest.raises(AppError) as error:
        await running
    assert restic.snapshots == []
    assert game.commands[-1] == "save-on"
    assert str(tmp_path) not in str(error.value)


async def test_the_panel_starts_while_the_folder_of_servers_is_away(
    server_path: Path, fake: FakeDocker, restic: FakeRestic
) -> None:
    server_path.rename(server_path.parent / "away")
    services = BackupServices()
    await services.recovery.start()
    await services.recovery.stop()


async def test_the_panel_starts_past_a_restore_that_cannot_be_settled(
    server_path: Path, fake: FakeDocker, restic: FakeRestic
) -> None:
    (server_path / ".restoring/x/restore.json").mkdir(parents=True)
    services = BackupServices()
    await services.recovery.start()
    await services.recovery.stop()


async def test_a_machine_without_docker_saves_files_and_says_what_that_is_worth(
    server_path: Path, fake: FakeDocker, server: str, restic: FakeRestic
) -> None:
    async def missing(*_: object, **__: object) -> str:
        raise ProgramMissing("docker could not be started: is it installed and in PATH?")

    servers_wiring.cli_override = DockerCli("docker", "docker-compose", run=missing)
    servers_wiring.reset()
    operation = await back_up(server_id=server)
    assert level(operation) == "live"
    assert "is it installed" in operation.warnings[0]


async def test_a_command_that_the_game_does_not_know_turned_nothing_off(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    game.answers |= dict.fromkeys(("save-off", "save-on"), b"Unknown command. Type /help for help.")

    operation = await back_up()

    assert (level(operation), await facts_left()) == ("live", 0)
    assert game.commands == ["save-off"]


async def test_the_guard_gives_up_where_the_game_always_says_the_same(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic, caplog: pytest.LogCaptureFixture
) -> None:
    name = await started(server_path, fake, game)
    container = await servers_wiring.manager().get_instance(name).get_container()
    assert container is not None
    await operation_rows.in_database(saving_off.store, (name, ""), uuid.uuid4(), container)
    game.answers["save-on"] = b"Done, my friend."

    one = guard()
    for _ in range(MAX_FOREIGN + 3):
        await one.run_once()

    assert game.commands.count("save-on") == MAX_FOREIGN
    assert await facts_left() == 1  # nobody knows whether it is on
    assert "it is asked no more" in caplog.text
