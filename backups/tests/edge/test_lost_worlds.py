"""Snapshots that hold less than earlier ones: a disk that is not mounted, a folder that was moved."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from servers.tests.conftest import write_server
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)

BIG = 2 * 1024 * 1024


@pytest.fixture
def data(server_path: Path, server: str, fake: FakeDocker) -> Path:
    """The data of a server that has a world and has run."""
    found = server_path / server / "data"
    (found / "world/region").mkdir(parents=True)
    (found / "world/level.dat").write_bytes(b"level")
    (found / "world/region/r.0.0.mca").write_bytes(b"\1" * BIG)
    (found / "server.properties").write_text("motd=x\n")
    (found / "logs").mkdir()
    (found / "logs/latest.log").write_text("[00:00:00] [Server thread/INFO]: Done\n")
    return found


def save(client: APIClient, server: str, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/snapshots", {"server_id": server, **body}, format="json")
    return {"status": answer.status_code, **answer.json()}


def empty(data: Path) -> None:
    shutil.rmtree(data)
    data.mkdir()


def not_there(data: Path) -> None:
    shutil.rmtree(data)


@pytest.mark.parametrize("change", [empty, not_there])
def test_without_any_file_of_a_game_that_has_run_there_is_no_snapshot(
    owner: APIClient, server: str, data: Path, restic: FakeRestic, change: Callable[[Path], None]
) -> None:
    assert save(owner, server)["status"] == 200
    owner.post(f"/api/servers/{server}/operations", {"action": "up"}, format="json")
    owner.post(f"/api/servers/{server}/operations", {"action": "stop"}, format="json")
    change(data)

    made = save(owner, server)

    assert (made["status"], made["code"]) == (409, "nothing_to_save"), made
    assert len(restic.snapshots) == 1
    assert "data" in owner.get("/api/snapshots/health").json()["servers"][0]["last_failure"]


def test_a_new_server_is_saved_before_it_ever_ran(
    owner: APIClient, server: str, fake: FakeDocker, restic: FakeRestic
) -> None:
    assert (save(owner, server)["status"], len(restic.snapshots)) == (200, 1)


def world_gone(data: Path) -> None:
    shutil.rmtree(data / "world")


def level_gone(data: Path) -> None:
    (data / "world/level.dat").unlink()


def world_moved_behind_a_link(data: Path) -> None:
    (data / "world").rename(data.parent.parent.parent / "moved")
    (data / "world").symlink_to(data.parent.parent.parent / "moved")


def regions_gone(data: Path) -> None:
    shutil.rmtree(data / "world/region")


LOSSES = {
    "no world (level.dat)": [world_gone, level_gone, world_moved_behind_a_link],
    "only 0.0 MiB": [regions_gone],
}


@pytest.mark.parametrize(("said", "change"), [(said, one) for said, ones in LOSSES.items() for one in ones])
def test_what_earlier_ones_hold_is_missed_and_kept(
    owner: APIClient, server: str, data: Path, restic: FakeRestic, said: str, change: Callable[[Path], None]
) -> None:
    whole = save(owner, server)["snapshot"]["id"]
    change(data)

    later = [save(owner, server) for _ in range(3)]

    for one in later:
        assert any(said in warning and whole[:8] in warning for warning in one["warnings"]), one["warnings"]
    policy = {"server_id": server, "keep_last": 1, "dry_run": True}
    kept = owner.post("/api/snapshots/forget", policy, format="json").json()["keep"]
    assert kept == [whole, later[-1]["snapshot"]["id"]]
    health = owner.get("/api/snapshots/health").json()["servers"][0]
    assert health["last_good"] == whole
    assert any(said in warning for warning in health["warnings"])


def test_everything_is_compared_server_by_server(
    owner: APIClient, server: str, data: Path, restic: FakeRestic
) -> None:
    assert owner.post("/api/snapshots", {}, format="json").json()["warnings"] == []
    level_gone(data)

    warnings = owner.post("/api/snapshots", {}, format="json").json()["warnings"]

    assert [one.startswith(f"{server}: this snapshot holds no world") for one in warnings] == [True]


def test_a_world_that_comes_back_is_good_again(
    owner: APIClient, server: str, data: Path, restic: FakeRestic
) -> None:
    save(owner, server)
    level_gone(data)
    save(owner, server)
    (data / "world/level.dat").write_bytes(b"level")

    again = save(owner, server)

    assert again["warnings"] == []
    health = owner.get("/api/snapshots/health").json()["servers"][0]
    assert (health["last_good"], health["warnings"]) == (again["snapshot"]["id"], [])


def test_a_server_that_never_had_a_world_loses_none(
    owner: APIClient, server: str, server_path: Path, fake: FakeDocker, restic: FakeRestic
) -> None:
    (server_path / server / "data/velocity.toml").write_text("bind = 0")
    assert [save(owner, server)["warnings"] for _ in range(2)] == [[], []]


def test_a_world_in_a_folder_of_another_name_is_seen(
    owner: APIClient, server: str, data: Path, restic: FakeRestic
) -> None:
    (data.parent / "compose.yaml").write_text((data.parent / "compose.yaml").read_text().replace("./data", "./mc-data"))
    data.rename(data.parent / "mc-data")
    owner.post(f"/api/servers/{server}/operations", {"action": "up"}, format="json")
    owner.post(f"/api/servers/{server}/operations", {"action": "stop"}, format="json")
    save(owner, server)

    assert save(owner, server)["status"] == 200
    (data.parent / "mc-data/world/level.dat").unlink()
    assert "no world" in save(owner, server)["warnings"][0]


def test_what_one_server_lost_takes_nothing_from_the_others_in_a_snapshot_of_all(
    owner: APIClient, server_path: Path, server: str, data: Path, restic: FakeRestic
) -> None:
    write_server(server_path, "other")
    (server_path / "other/data/level.dat").write_bytes(b"level")
    first = owner.post("/api/snapshots", {}, format="json").json()["snapshot"]["id"]
    shutil.rmtree(data / "world")
    second = owner.post("/api/snapshots", {}, format="json").json()["snapshot"]["id"]

    judged = {one["server_id"]: one for one in owner.get("/api/snapshots/health").json()["servers"]}
    assert {name: one["last_good"] for name, one in judged.items()} == {server: first, "other": second}
    assert [bool(judged[name]["warnings"]) for name in (server, "other")] == [True, False]
