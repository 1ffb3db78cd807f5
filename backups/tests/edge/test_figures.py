"""What the monitoring is told of the backups."""

import pytest

from backups import services
from backups.snapshots import create
from backups.snapshots.create import SnapshotRequest
from backups.snapshots.metrics import FiguresReader
from core import confinement
from core.confined_exec import LANDLOCK
from mcadmin import lifespan
from servers.live.metrics import backup_metrics
from servers.operations import runner
from servers.operations.caller import Caller
from servers.records import operation_rows
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic
from web import process_role
from web.process_role import Role

pytestmark = pytest.mark.django_db(transaction=True)


async def test_the_figures_name_each_servers_last_good_snapshot(
    fake: FakeDocker, server: str, restic: FakeRestic
) -> None:
    request = SnapshotRequest(server_id=server)
    job = await operation_rows.in_database(create.snapshot_job, request, by=Caller("olivia"))
    await runner.run(job)
    found = await FiguresReader().look()
    assert (found.configured, found.restic_version, found.problem) == (True, "0.18.0", None)
    assert list(found.last_snapshot_at) == [server]


async def test_a_problem_is_told_and_nothing_invented(fake: FakeDocker, server: str, restic: FakeRestic) -> None:
    restic.passwords.clear()
    found = await FiguresReader().look()
    assert (found.last_snapshot_at, found.total_bytes) == ({}, None)
    assert "snapshot init" in (found.problem or "")


@pytest.mark.parametrize("means", [frozenset(), frozenset({LANDLOCK})])
async def test_a_restic_that_cannot_be_confined_is_told(
    fake: FakeDocker, restic: FakeRestic, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    means: frozenset[str],
) -> None:
    monkeypatch.setattr(confinement, "_known", [means])  # the kernel's answer
    found = await FiguresReader().look()
    assert found.confined_by == tuple(means)
    assert ("cannot be confined" in (found.warning or "")) == (not means)
    services.services.cache_clear()
    try:
        await lifespan.start_services()
        await lifespan.stop_services()
    finally:
        services.services.cache_clear()
    assert ("cannot be confined" in caplog.text) == (not means)


async def test_it_provides_while_it_runs(fake: FakeDocker, restic: FakeRestic) -> None:
    reader = FiguresReader()
    reader.start()
    assert backup_metrics.figures().configured
    await reader.stop()
    assert not backup_metrics.figures().configured


@pytest.mark.parametrize(("role", "provides"), [(Role.WHOLE, True), (Role.WORKER, True), (Role.SUPERVISOR, False)])
async def test_every_process_that_is_asked_for_them_reads_them(
    fake: FakeDocker, restic: FakeRestic, role: Role, *, provides: bool
) -> None:
    process_role.assume(role)
    services.services.cache_clear()  # those of another test's loop
    try:
        await lifespan.start_services()
        assert backup_metrics.figures().configured == provides
        await lifespan.stop_services()
    finally:
        services.services.cache_clear()
        process_role.assume(Role.WHOLE)
