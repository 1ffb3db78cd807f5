"""The bracket around a copy, on a fake game: what it says decides how much a snapshot may claim."""

import asyncio
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from backups import services, wiring
from backups.models import SavingOff
from backups.restic.failures import RepositoryLocked
from backups.snapshots import create, saving_off
from backups.snapshots.create import SnapshotRequest
from backups.snapshots.save_guard import SaveGuard
from backups.snapshots.skipping import FlushNotConfirmed
from backups.tests.conftest import started
from servers import wiring as servers_wiring
from servers.models import Operation
from servers.operations import kinds, runner
from servers.operations.caller import Caller
from servers.operations.runner import OperationCancelled
from servers.records import operation_rows
from testing.fake_docker import FakeDocker
from testing.fake_game import FakeGame
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)


async def back_up(**request: Any) -> Operation:
    job = await operation_rows.in_database(
        create.snapshot_job, SnapshotRequest(**({"server_id": "survival"} | request)), by=Caller("olivia")
    )
    return await runner.run(job)


def level(operation: Operation) -> Any:
    return (operation.result or {})["snapshot"]["saved"]


async def facts_left() -> int:
    return await operation_rows.in_database(SavingOff.objects.count)


async def test_a_running_server_is_flushed_before_and_saves_again_after(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    operation = await back_up()
    assert game.commands == ["save-off", "save-all flush", "save-on"]
    assert level(operation) == "flushed"
    assert f"operation:{operation.id}" in restic.snapshots[0]["tags"]
    assert f"instance:{await operation_rows.in_database(wiring.instance_id)}" in restic.snapshots[0]["tags"]
    assert await facts_left() == 0


async def test_a_server_without_a_container_is_stopped(
    server_path: Path, fake: FakeDocker, server: str, restic: FakeRestic
) -> None:
    assert level(await back_up(server_id=server)) == "stopped"


async def test_a_line_of_the_log_confirms_where_the_answer_does_not(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    game.answers["save-all flush"] = b"Saving the game (this may take a moment!)"
    logs = server_path / "survival/data/logs"
    logs.mkdir()
    (logs / "latest.log").write_text("[10:00:00] [Server thread/INFO]: Saved the game\n")
    running = asyncio.create_task(back_up())
    async with asyncio.timeout(5):
        while "save-all flush" not in game.commands:
            await asyncio.sleep(0.02)
    with (logs / "latest.log").open("a") as log:
        log.write("[10:00:02] [Server thread/INFO]: Saved the game\n")
    assert level(await running) == "flushed"


async def test_old_lines_and_players_confirm_nothing(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    game.silent.add("save-all flush")
    logs = server_path / "survival/data/logs"
    logs.mkdir()
    (logs / "latest.log").write_text(
        "[10:00:00] [Server thread/INFO]: Saved the game\n[10:00:01] [Server thread/INFO]: <Eve> Saved the game\n"
    )
    operation = await back_up()
    assert level(operation) == "unconfirmed"
    assert "did not confirm within 1 s" in operation.warnings[0]
    assert game.commands[-1] == "save-on"


async def test_where_flushed_is_required_there_is_a_sentence_and_no_snapshot(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    game.silent.add("save-all flush")
    with pytest.raises(FlushNotConfirmed, match="survival: the game did not confirm"):
        await back_up(require_flushed=True)
    assert restic.snapshots == []
    assert game.commands[-1] == "save-on"
    assert await facts_left() == 0


async def test_a_game_that_takes_no_commands_is_copied_live(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    game.answers["save-off"] = b"Unknown command"
    operation = await back_up()
    assert level(operation) == "live"
    assert "Unknown command" in operation.warnings[0]


async def test_an_error_that_is_a_sentence_ends_as_one(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    game.hangs_up_on.add("save-off")
    operation = await back_up()
    assert operation.warnings[0].rstrip(".?") + "." == operation.warnings[0]


async def test_a_server_that_stops_while_it_is_copied_is_not_called_flushed(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    restic.gate = asyncio.Event()
    running = asyncio.create_task(back_up())
    await restic.entered.wait()
    fake.end(fake.find("mc-survival"), 137)
    restic.gate.set()
    operation = await running
    assert level(operation) == "unconfirmed"
    assert "it stopped while it was copied" in operation.warnings[0]
    assert "saved:flushed" not in restic.snapshots[0]["tags"]
    assert await facts_left() == 0


async def test_a_claim_that_cannot_be_lowered_now_is_lowered_by_the_guard(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    restic.gate = asyncio.Event()
    running = asyncio.create_task(back_up())
    await restic.entered.wait()
    fake.end(fake.find("mc-survival"), 137)

    restic.locked = True
    restic.gate.set()
    with pytest.raises(RepositoryLocked):
        await running
    restic.locked = False
    assert "saved:flushed" in restic.snapshots[0]["tags"]
    await guard().run_once()
    assert "saved:unconfirmed" in restic.snapshots[0]["tags"]
    assert await facts_left() == 0


async def test_a_game_that_ends_while_it_flushes_is_not_waited_for(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic, settings: LazySettings
) -> None:
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"quiesce_timeout_s": 50})
    await started(server_path, fake, game)
    game.hangs_up_on.add("save-all flush")
    running = asyncio.create_task(back_up())
    async with asyncio.timeout(20):
        while "save-all flush" not in game.commands:
            await asyncio.sleep(0.02)
        fake.end(fake.find("mc-survival"), 137)
        operation = await running
    assert level(operation) == "unconfirmed"
    assert "the game ended before" in operation.warnings[0]
    assert await facts_left() == 0


async def test_a_cancelled_backup_leaves_saving_on_and_no_fact(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    restic.gate = asyncio.Event()
    running = asyncio.create_task(back_up())
    await restic.entered.wait()
    assert await facts_left() == 1
    [operation] = await operation_rows.in_database(lambda: list(Operation.objects.filter(kind="backup")))
    await runner.cancel(operation.id, by="olivia")
    with pytest.raises(OperationCancelled):
        await running
    assert game.commands[-1] == "save-on"
    assert await facts_left() == 0
    assert restic.snapshots == []


async def test_the_guard_turns_saving_on_where_the_operation_is_gone(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    name = await started(server_path, fake, game)
    container = await servers_wiring.manager().get_instance(name).get_container()
    assert container is not None
    await operation_rows.in_database(saving_off.store, (name, ""), uuid.uuid4(), container)
    await guard().run_once()
    assert game.commands == ["save-on"]
    assert await facts_left() == 0


async def test_the_guard_keeps_off_a_running_backup(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    restic.gate = asyncio.Event()
    running = asyncio.create_task(back_up())
    await restic.entered.wait()
    await guard().run_once()
    assert game.commands == ["save-off", "save-all flush"]
    restic.gate.set()
    assert level(await running) == "flushed"


async def test_the_guard_goes_on_where_the_game_does_not_answer(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    name = await started(server_path, fake, game)
    container = await servers_wiring.manager().get_instance(name).get_container()
    assert container is not None
    await operation_rows.in_database(saving_off.store, (name, ""), uuid.uuid4(), container)
    game.hangs_up_on.add("save-on")
    await guard().run_once()
    assert await facts_left() == 1
    game.hangs_up_on.clear()
    await guard().run_once()
    assert await facts_left() == 0


async def test_a_backup_waits_while_the_guard_is_at_work(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    name = await started(server_path, fake, game)
    container = await servers_wiring.manager().get_instance(name).get_container()
    assert container is not None
    earlier = await operation_rows.in_database(saving_off.store, (name, ""), uuid.uuid4(), container)
    assert await operation_rows.in_database(saving_off.take_guard, earlier)
    running = asyncio.create_task(back_up())
    await asyncio.sleep(0.3)
    assert game.commands == []
    await operation_rows.in_database(saving_off.clear, earlier)
    assert level(await running) == "flushed"


async def test_a_snapshot_whose_game_ended_with_the_panel_loses_its_claim(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    name = await started(server_path, fake, game)
    operation = await back_up()
    container = await servers_wiring.manager().get_instance(name).get_container()
    assert container is not None
    await operation_rows.in_database(saving_off.store, (name, ""), operation.id, container)
    fake.end(fake.find("mc-survival"), 137)
    await guard().run_once()
    assert "saved:unconfirmed" in restic.snapshots[0]["tags"]
    assert await facts_left() == 0


async def test_a_global_snapshot_quiesces_all_and_names_the_busy(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    (server_path / ".removed/old").mkdir(parents=True)
    for name in ("calm", "busy"):
        (server_path / name / "data").mkdir(parents=True)
        (server_path / name / "compose.yaml").write_text("services: {}\n")
    entered, gate = asyncio.Event(), asyncio.Event()

    async def hold(_: Any) -> None:
        entered.set()
        await gate.wait()

    held = asyncio.create_task(runner.run(
        runner.Job(kind=kinds.find("up"), server_id="busy", work=hold, by=Caller("olivia"))
    ))
    await entered.wait()
    operation = await back_up(server_id="")
    gate.set()
    await held
    result = operation.result or {}
    assert result["skipped"] == ["busy"]
    assert {"saved:flushed", "saved:survival:flushed", "saved:calm:stopped", "server:calm", "scope:global"} - set(
        restic.snapshots[0]["tags"]
    ) == {"saved:flushed"}
    left_out = restic.snapshots[0]["excludes"]
    assert {str(server_path / ".removed"), str(server_path / "busy")} <= set(left_out)
    assert game.commands == ["save-off", "save-all flush", "save-on"]
    assert not (server_path / ".mcadmin/state.tar").exists()


def guard() -> SaveGuard:
    return SaveGuard(
        servers_wiring.manager(), running=services.running_operations, disturbed=services.lower_claims
    )
