"""A copy that stands still keeps no game from saving for long, and what may be in the way is named."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from backups.repository import stalled
from backups.restic.manager import ResticManager
from backups.restic.patience import CopyStalled
from backups.tests.conftest import started
from backups.tests.edge.test_quiesce import back_up, facts_left, level
from servers.models import Operation
from servers.records import operation_rows
from testing.fake_docker import FakeDocker
from testing.fake_game import FakeGame
from testing.fake_restic import FakeRestic
from testing.repositories import Access

pytestmark = pytest.mark.django_db(transaction=True)


async def test_saving_is_on_again_after_a_copy_that_stood_still(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stalled, "WARN_S", 0.2)
    monkeypatch.setattr(stalled, "END_S", 0.6)
    await started(server_path, fake, game)
    restic.gate = asyncio.Event()

    async with asyncio.timeout(20):
        with pytest.raises(CopyStalled, match="the disk of the servers, or the disk of the backup repository"):
            await back_up()

    assert (game.commands[-1], await facts_left(), restic.snapshots) == ("save-on", 0, [])
    [operation] = await operation_rows.in_database(lambda: list(Operation.objects.filter(kind="backup")))
    assert "made no progress" in operation.warnings[0]
    restic.gate = None
    assert level(await back_up()) == "flushed"


NFS = SimpleNamespace(device="nas.lan:/export", mountpoint="/srv", fstype="nfs4")
CIFS = SimpleNamespace(device="//box/share", mountpoint="/srv/mc", fstype="cifs")
ROOT = SimpleNamespace(device="/dev/sda1", mountpoint="/", fstype="ext4")


@pytest.mark.parametrize(
    ("location", "mounts", "named"),
    [
        ("/srv/backup", [ROOT], "the disk of the servers, or the disk of the backup repository"),
        ("/srv/backup", [ROOT, NFS], "the disk of the backup repository, which the host nas.lan has"),
        ("local:/mnt/b", [ROOT, NFS, CIFS], "the disk of the servers, which the host box has"),
        ("sftp:user@backup.lan:/mc", [ROOT], "or the host backup.lan of the backup repository"),
        ("sftp://user@[::1]:2222//mc", [ROOT], "or the host [::1] of the backup repository"),
        ("rest:https://me:secret@rest.lan:8000/mc", [ROOT], "or the host rest.lan of the backup repository"),
        ("s3:s3.amazonaws.com/bucket", [ROOT], "or the host s3.amazonaws.com of the backup repository"),
        ("b2:bucket:mc", [ROOT], "or the service that keeps the backup repository"),
        ("rclone:drive:mc", [ROOT], "or the service that keeps the backup repository"),
    ],
)
def test_the_disk_or_host_that_may_be_in_the_way_is_named(
    location: str, mounts: list[SimpleNamespace], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: mounts)

    one = stalled.watched(ResticManager(Access(location)), Path("/srv/mc/servers"), lambda _: None)

    assert one.command.patience is not None
    assert named in one.command.patience.obstacles()
    assert "secret" not in one.command.patience.obstacles()
