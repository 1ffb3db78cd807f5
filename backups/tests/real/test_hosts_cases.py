"""What happens to the machine of a panel: its clock, its disks, its mounts, its other panels; on a real restic."""

import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from servers.tests.conftest import write_server
from testing.panel import Panel, operate, real_text, running_panel, status, wait_for
from testing.repositories import BINARIES, PASSWORD, make_empty

pytestmark = [pytest.mark.docker, pytest.mark.restic, pytest.mark.process, pytest.mark.timeout(300)]

LOG = "[00:00:00] [Server thread/INFO]: Done\n"


def settings(folder: Path) -> dict[str, str]:
    return {"RESTIC__REPOSITORY_PATH": str(folder / "repository"), "RESTIC__PASSWORD": PASSWORD}


def restic(folder: Path, *argv: str) -> str:
    """Call restic by hand."""
    access = {"RESTIC_REPOSITORY": str(folder / "repository"), "RESTIC_PASSWORD": PASSWORD, "HOME": str(folder)}
    return subprocess.run([BINARIES["0.18"], *argv], env=access, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    folder = tmp_path_factory.mktemp("hosts")
    make_empty(folder / "repository")
    with running_panel(folder, **settings(folder)) as one:
        yield one


@pytest.fixture
def client(panel: Panel) -> Iterator[httpx.Client]:
    with panel.client() as one:
        yield one


@pytest.fixture
def server(panel: Panel) -> Iterator[Path]:
    """The folder of a server that has run, and has a world."""
    name = f"h{uuid.uuid4().hex[:8]}"
    data = write_server(panel.servers, name, real_text(name, memory="512m")) / "data"
    (data / "world/region").mkdir(parents=True)
    (data / "world/level.dat").write_bytes(b"level")
    (data / "logs").mkdir()
    (data / "logs/latest.log").write_text(LOG)
    yield data.parent
    subprocess.run(["docker", "rm", "--force", f"mc-{name}"], capture_output=True, check=False)
    subprocess.run(["docker", "network", "rm", f"{name}_default"], capture_output=True, check=False)


@contextmanager
def disk(folder: Path, *, size: str = "16m") -> Iterator[None]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def save(client: httpx.Client, server: Path, **more: Any) -> dict[str, Any]:
    answer = client.post("/snapshots", json={"server_id": server.name, **more})
    return {"status": answer.status_code, **answer.json()}


def health_of(client: httpx.Client, server: Path) -> dict[str, Any]:
    found = client.get("/snapshots/health").json()["servers"]
    return dict(next(one for one in found if one["server_id"] == server.name))


def test_a_clock_that_was_ahead_takes_no_real_snapshot(panel: Panel, client: httpx.Client, server: Path) -> None:
    made = [str(save(client, server)["snapshot"]["id"]) for _ in range(3)]
    for number, one in enumerate(made[:2]):
        restic(panel.folder, "rewrite", "--forget", "--new-time", f"2031-01-0{number + 1} 00:00:00", one)
    body = {"cron": "0 4 * * *", "server_id": server.name, "policy": {"keep_last": 2}}
    schedule = client.post("/snapshots/schedules/", json=body).json()["id"]

    for _ in range(2):
        client.post(f"/snapshots/schedules/{schedule}/run", headers={"Prefer": "wait"})

    runs = client.get(f"/snapshots/schedules/{schedule}").json()["runs"]
    left = {one["id"] for one in json.loads(restic(panel.folder, "snapshots", "--json"))}
    assert [one["state"] for one in runs] == ["succeeded"] * 2, runs
    assert {one["snapshot_id"] for one in runs} <= left
    told = health_of(client, server)
    assert told["last_good"] == runs[0]["snapshot_id"]
    assert any("dated ahead" in one for one in told["warnings"])
    assert "dated ahead" in panel.manage("doctor")


def test_a_disk_that_is_not_mounted_after_a_reboot(panel: Panel, client: httpx.Client, server: Path) -> None:
    shutil.rmtree(server / "data")
    (server / "data").mkdir()
    with disk(server / "data"):
        (server / "data/world/region").mkdir(parents=True)
        (server / "data/world/level.dat").write_bytes(b"level")
        (server / "data/logs").mkdir()
        (server / "data/logs/latest.log").write_text(LOG)
        whole = save(client, server)["snapshot"]["id"]

    nothing = save(client, server)
    (server / "data/server.properties").write_text("motd=x\n")  # as a game that is started there would
    without = save(client, server)

    assert (nothing["status"], nothing["code"]) == (409, "nothing_to_save")
    assert any("no world (level.dat)" in one and whole[:8] in one for one in without["warnings"]), without
    body = {"server_id": server.name, "keep_last": 1}
    kept = client.post("/snapshots/forget", json=body).json()["keep"]
    assert whole in kept
    assert health_of(client, server)["last_good"] == whole


@pytest.mark.parametrize("place", ["world", "world/region", "world_nether"])
def test_a_world_behind_a_link_is_missed(client: httpx.Client, server: Path, tmp_path: Path, place: str) -> None:
    away = tmp_path / "away"
    away.mkdir()
    found = server / "data" / place
    if found.exists():
        found.rename(away / "moved")
    found.symlink_to(away / "moved")

    made, required = save(client, server), save(client, server, require="flushed")

    assert made["snapshot"]["saved"] == "partial", made
    assert [one["place"] for one in made["snapshot"]["missing"]] == [f"/data/{place}"]
    assert (required["status"], required["code"]) == (409, "not_all_in_snapshot")
    assert health_of(client, server)["last_good"] is None


def test_a_server_moved_to_another_disk_by_a_link(client: httpx.Client, server: Path, tmp_path: Path) -> None:
    save(client, server)
    assert operate(client, server.name, "up").status_code == 200
    server.rename(tmp_path / server.name)
    server.symlink_to(tmp_path / server.name)

    made = save(client, server)
    down = operate(client, server.name, "down")

    assert (made["status"], made["code"]) == (409, "server_folder_is_a_link"), made
    assert down.status_code == 200, down.text  # to end a game is always possible
    server.unlink()
    (tmp_path / server.name).rename(server)
    assert save(client, server)["status"] == 200


def test_a_paused_container_is_asked_nothing_and_copied_live(client: httpx.Client, server: Path) -> None:
    assert operate(client, server.name, "up").status_code == 200
    wait_for(lambda: status(client, server.name), "HEALTHY".__eq__, limit_s=60)
    subprocess.run(["docker", "pause", f"mc-{server.name}"], check=True, capture_output=True)
    try:
        made = save(client, server)
        required = save(client, server, require="flushed")
        told = client.get(f"/servers/{server.name}/status").json()
    finally:
        subprocess.run(["docker", "unpause", f"mc-{server.name}"], check=True, capture_output=True)
    after = save(client, server, require="flushed")

    assert made["snapshot"]["saved"] == "live", made
    assert "its container is paused" in made["warnings"][0]
    assert (required["status"], required["code"]) == (504, "flush_not_confirmed")
    assert "paused" in told["reason"]
    assert (after["snapshot"]["saved"], after["warnings"]) == ("flushed", []), after


def test_a_full_temporary_disk_is_told_as_that(tmp_path: Path) -> None:
    make_empty(tmp_path / "repository")
    cache = tmp_path / "logs"
    cache.mkdir()
    with disk(cache, size="3m"), running_panel(tmp_path, **settings(tmp_path)) as panel, panel.client() as client:
        data = write_server(panel.servers, "big") / "data"
        (data / "level.dat").write_bytes(os.urandom(24 * 1024**2))

        made = save(client, data.parent)

    assert (made["status"], made["code"]) == (507, "temporary_disk_full"), made
    assert "snapshots and restores use the disk of logs_dir" in made["detail"]


def test_two_panels_with_one_repository_count_their_own(
    panel: Panel, client: httpx.Client, server: Path, tmp_path: Path
) -> None:
    made = save(client, server)["snapshot"]["id"]
    with running_panel(tmp_path, **settings(panel.folder)) as other, other.client() as asked:
        mine = write_server(other.servers, server.name)
        (mine / "data/level.dat").write_bytes(b"other")
        listed = asked.get("/snapshots/", params={"server_id": server.name}).json()["snapshots"]
        before = health_of(asked, mine)["last_good"]
        own = save(asked, mine)["snapshot"]["id"]
        after = health_of(asked, mine)["last_good"]
        deleted = asked.delete(f"/snapshots/{made}")

    assert [(one["id"], one["foreign"]) for one in listed] == [(made, True)]
    assert (before, after) == (None, own)
    assert (deleted.status_code, deleted.json()["code"]) == (409, "foreign_snapshot")
    assert health_of(client, server)["last_good"] == made


def test_a_relative_repository_is_the_same_from_everywhere(tmp_path: Path) -> None:
    panel = Panel(tmp_path, RESTIC__PASSWORD=PASSWORD)
    config = tmp_path / "config.toml"
    config.write_text('[restic]\nrepository_path = "backups/repository"\n')
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    panel.manage("migrate")
    made = panel.manage("snapshot", "init")
    panel.folder = elsewhere

    assert str(tmp_path / "backups/repository") in made
    assert (tmp_path / "backups/repository/config").is_file()
    assert panel.manage("snapshot", "list") == "There are no snapshots yet.\n"  # it is there, and empty
    config.write_text('[restic]\nrepository_path = "~/mc-backup"\n')
    with pytest.raises(AssertionError, match="repository_path"):
        panel.manage("snapshot", "list")


def test_a_drill_that_had_no_world_to_look_at_proves_nothing(client: httpx.Client, server: Path) -> None:
    shutil.rmtree(server / "data/world")
    shutil.rmtree(server / "data/logs")
    made = save(client, server)["snapshot"]["id"]

    drill = client.post(f"/snapshots/{made}/verify").json()

    assert (drill["passed"], [one["levels"] for one in drill["servers"]]) == (None, [0]), drill
    assert health_of(client, server)["last_drill_passed"] is None
