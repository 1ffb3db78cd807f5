"""Figures over HTTP, on the fake engine and recorded kernel files."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from servers import wiring
from servers.docker.compose import ComposeManager
from servers.live.metrics import backup_metrics, monitoring
from servers.live.metrics.backup_metrics import BackupFigures
from servers.live.metrics.container_metrics import Kernel
from servers.live.metrics.disk_usage import measure
from servers.minecraft.data_root import usual
from servers.tests.domain.recorded_host import RecordedHost
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)

FIGURES = ("resources", "cpu_percent", "memory", "iostats")


@pytest.fixture
def running(
    fake: FakeDocker, server: str, server_path: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[[], None]:
    """A running server whose kernel files are the recorded ones; call it for a round of the sampler."""
    host = RecordedHost.make(tmp_path / "host", getattr(request, "param", "v2-systemd-limited"))
    host.set_namespace("self", "net:[1]")
    host.set_namespace(str(host.pid), "net:[2]")
    async_to_sync(ComposeManager(server_path / server, cli=fake.cli).up)()
    one = fake.find(f"mc-{server}")
    del fake.containers[one.id]
    one.id, one.pid = host.container_id, host.pid
    fake.containers[one.id] = one
    live = wiring.live()
    async_to_sync(live.engine.refresh)()
    sampler = live.monitoring.sampler
    sampler.kernel = Kernel(host.proc, host.root)

    def sample() -> None:
        sampler._due.clear()
        sampler._due.update(dict.fromkeys(sampler._runs, 0.0))
        sampler.round()

    return sample


@pytest.mark.parametrize("figure", FIGURES)
def test_a_server_that_does_not_run_has_no_figures(
    owner: APIClient, fake: FakeDocker, server: str, figure: str
) -> None:
    async_to_sync(wiring.live().engine.refresh)()

    answer = owner.get(f"/api/servers/{server}/{figure}")

    assert (answer.status_code, answer.json()["code"]) == (409, "server_not_running")
    assert owner.get(f"/api/servers/ghost/{figure}").status_code == 404


@pytest.mark.parametrize("figure", FIGURES)
def test_a_server_that_has_just_started_has_none_yet(
    owner: APIClient, running: Callable[[], None], server: str, figure: str
) -> None:
    answer = owner.get(f"/api/servers/{server}/{figure}")

    assert (answer.status_code, answer.json()["code"]) == (409, "no_sample_yet")


@pytest.mark.parametrize("figure", FIGURES)
def test_nobody_knows_while_the_engine_is_away(
    owner: APIClient, running: Callable[[], None], fake: FakeDocker, server: str, figure: str
) -> None:
    fake.reachable = False
    with pytest.raises(Exception, match="engine"):
        async_to_sync(wiring.live().engine.refresh)()

    answer = owner.get(f"/api/servers/{server}/{figure}")

    assert (answer.status_code, answer.json()["code"]) == (503, "engine_unreachable")


def test_all_figures_of_a_running_server(owner: APIClient, running: Callable[[], None], server: str) -> None:
    running()
    assert owner.get(f"/api/servers/{server}/memory").json()["memoryUsageBytes"] == 1257472, "at the first reading"
    running()

    resources = owner.get(f"/api/servers/{server}/resources").json()
    iostats = owner.get(f"/api/servers/{server}/iostats").json()

    assert resources["memory"] == {
        "anon": 61440, "file": 31457280, "kernel": 1196032, "total": 32714752, "workingSet": 1257472,
        "limit": 67108864, "peak": 34144256,
    }
    assert (resources["oomKills"], resources["pids"], resources["reasons"]) == (0, 1, {})
    assert owner.get(f"/api/servers/{server}/cpu_percent").json() == {"cpuPercentage": 0.0, "reasons": {}}
    assert (iostats["diskWriteBytes"], iostats["networkReceiveBytes"]) == (31457280, 1252)
    assert iostats["diskWriteBytesPerSecond"] == 0.0
    assert iostats["devices"] == [
        {"major": 254, "minor": 0, "rbytes": 0, "wbytes": 31457280, "rios": 0, "wios": 31}
    ]
    item: dict[str, Any] = owner.get("/api/servers").json()[0]
    assert (item["cpuPercentage"], item["memoryUsageBytes"]) == (0.0, 1257472)


@pytest.mark.parametrize("running", ["v1-hybrid-limited"], indirect=True)
def test_what_this_kernel_does_not_count_is_null_with_its_reason(
    owner: APIClient, running: Callable[[], None], server: str
) -> None:
    running()
    running()

    iostats = owner.get(f"/api/servers/{server}/iostats").json()

    nulls = {name for name, value in iostats.items() if value is None}
    assert nulls == {"diskReadBytes", "diskWriteBytes", "diskReadBytesPerSecond", "diskWriteBytesPerSecond"}
    assert nulls == iostats["reasons"].keys()
    assert "not counted here" in iostats["reasons"]["diskReadBytes"]


def test_disk_usage_needs_no_running_server(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path
) -> None:
    (server_path / server / "data/world").write_bytes(b"x" * 12345)
    wiring.live().monitoring.disk.samples = {server: measure(usual(server_path, server), server_path)}

    answer = owner.get(f"/api/servers/{server}/disk-usage").json()

    assert answer["diskUsageBytes"] == 12345
    assert 0 < answer["diskAvailableBytes"] <= answer["diskTotalBytes"]
    assert owner.get("/api/servers").json()[0]["diskUsageBytes"] == 12345
    assert owner.get("/api/servers/ghost/disk-usage").status_code == 404


def test_only_the_first_measurement_is_waited_for_and_not_for_long(
    owner: APIClient, fake: FakeDocker, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitoring, "FIRST_SAMPLE_S", 0.01)

    for path in (f"/api/servers/{server}/disk-usage", "/api/system/info", "/api/system/cpu_percent"):
        answer = owner.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "no_sample_yet")


def test_the_host_is_described_without_backups_and_with(owner: APIClient, fake: FakeDocker) -> None:
    look_at_host()
    info = owner.get("/api/system/info").json()
    assert info["ramUsedGB"] <= info["ramTotalGB"]
    assert [info[f"backup{kind}GB"] for kind in ("Used", "Total", "Available")] == [None, None, None]
    nothing = {"version": None, "problem": None, "confinedBy": None, "warning": None}
    assert info["restic"] == {"configured": False, **nothing}
    assert info["engine"]["problem"] == "The Docker engine has not been asked yet."

    backup_metrics.provide(
        lambda: BackupFigures(configured=True, restic_version="0.18.0", used_bytes=1024**3, total_bytes=4 * 1024**3)
    )
    try:
        info = owner.get("/api/system/info").json()
    finally:
        backup_metrics.provide(None)
    assert (info["backupUsedGB"], info["backupTotalGB"]) == (1.0, 4.0)
    assert info["restic"]["version"] == "0.18.0"


def test_the_engines_versions_are_told(owner: APIClient, fake: FakeDocker) -> None:
    look_at_host()

    async def ask() -> None:
        live = wiring.live()
        await live.start()
        try:
            while live.monitoring.versions.compose is None:
                await asyncio.sleep(0.01)
        finally:
            await live.stop()

    async_to_sync(ask)()

    engine = owner.get("/api/system/info").json()["engine"]
    assert engine == {
        "reachable": True, "version": "fake", "composeVersion": "2.99.0", "cgroupVersion": "1", "problem": None,
    }


def test_the_disk_of_the_servers_is_told(owner: APIClient, fake: FakeDocker) -> None:
    look_at_host()

    disk = owner.get("/api/system/disk-usage").json()

    assert disk["diskUsedGB"] + disk["diskAvailableGB"] == pytest.approx(disk["diskTotalGB"])


def look_at_host() -> None:
    sampler = wiring.live().monitoring.sampler
    while sampler.samples.host is None:
        sampler._host_due = 0.0
        sampler.round()
