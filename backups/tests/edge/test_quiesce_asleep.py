"""Backups of games that are stopped in their tracks: put to sleep by their image, or paused with their container."""

from pathlib import Path

import pytest

from backups.snapshots.skipping import FlushNotConfirmed
from backups.tests.conftest import started
from backups.tests.edge.test_quiesce import back_up, facts_left, level
from testing.fake_docker import FakeDocker
from testing.fake_game import FakeGame
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_backup_that_wakes_a_game_says_so(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    (server_path / "survival/data/.paused").touch()

    operation = await back_up()

    assert level(operation) == "flushed"
    assert operation.warnings == ["The game of survival was asleep (autopause): the backup has woken it."]


async def test_a_game_that_does_not_wake_is_copied_live_with_the_reason(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    (server_path / "survival/data/.paused").touch()
    game.greeting = b""
    fake.hold("exec")  # as rcon-cli hangs there

    operation = await back_up()

    assert level(operation) == "live"
    [warning] = operation.warnings
    assert warning.startswith("The snapshot of survival is live: its game is asleep (autopause) and did not wake")
    assert await facts_left() == 0
    with pytest.raises(FlushNotConfirmed, match="asleep"):
        await back_up(require_flushed=True)


async def test_a_paused_container_is_asked_nothing(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    fake.change(fake.find("mc-survival"), "pause", state="paused")

    operation = await back_up()

    assert (level(operation), game.logins, await facts_left()) == ("live", 0, 0)
    assert "its container is paused" in operation.warnings[0]
