"""A restore that is cancelled while a thread changes the disk: whoever cleans up waits, and nothing is left."""

import asyncio
import uuid
from contextlib import suppress
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from backups.restores import restore
from backups.restores.request import RestoreRequest
from backups.tests.edge.conftest import save
from servers.operations.caller import Caller
from servers.operations.progress import Progress

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic]
LEFT_OUT_FILES = 1000
A_MOMENT_S = 0.5  # in which a thread that goes on would show

async def no_return() -> None:
    """Take note of the point of no return, as the operation's row would."""


async def cancelled_at(request: RestoreRequest, stage: str) -> None:
    """Restore, and cancel as soon as ``stage`` is told of."""
    job = await restore.restore_job(request, by=Caller("test"))
    progress = Progress(uuid.uuid4(), no_return=no_return)
    running = asyncio.ensure_future(job.work(progress))
    while progress.stage != stage and not running.done():
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.005)
    assert not running.done(), progress.stage
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await asyncio.sleep(A_MOMENT_S)


STAGES = ["looking whether there is room", "restoring", "carrying over what snapshots leave out"]


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_is_left_of_a_cancelled_restore(owner: APIClient, home: Path, vault: Path, stage: str) -> None:
    snapshot = save(owner, server_id=home.name)
    (home / "data/cache").mkdir()
    for number in range(LEFT_OUT_FILES):
        (home / f"data/cache/{number}").touch()
    (home / "data/ab").write_text("newer")
    request = RestoreRequest(snapshot_id=snapshot, server_id=home.name, skip_safety_check=True)

    async_to_sync(cancelled_at)(request, stage)

    assert (home / "data/ab").read_text() == "newer"
    assert len(list((home / "data/cache").iterdir())) == LEFT_OUT_FILES
    assert not list(home.parent.glob(".restoring/*"))
