"""Snapshots over HTTP on a fake restic."""

from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from accounts.models import User, UserRole
from backups import wiring
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic
from testing.repositories import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)


def make(client: APIClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/snapshots/", body, format="json")
    assert answer.status_code == 200, answer.json()
    found: dict[str, Any] = answer.json()["snapshot"]
    return found


def ids(client: APIClient, address: str = "/api/snapshots") -> list[str]:
    return [one["id"] for one in client.get(address).json()["snapshots"]]


def test_make_list_read(owner: APIClient, fake: FakeDocker, server: str, server_path: Path, restic: FakeRestic) -> None:
    (server_path / server / "data/ops.json").write_text("[]")
    whole = make(owner, server_id=server)
    assert (whole["server_id"], whole["scope"], whole["trigger"], whole["saved"], whole["pinned"]) == (
        server, "server", "manual", "stopped", False,
    )
    assert whole["paths"] == [str(server_path / server)]
    assert whole["summary"]["total_files_processed"] == 3
    path = make(owner, server_id=server, path="/ops.json")
    everything = make(owner)
    assert ids(owner) == [whole["id"], path["id"], everything["id"]]
    assert ids(owner, f"/api/servers/{server}/snapshots") == [whole["id"], everything["id"]]
    assert ids(owner, f"/api/snapshots?server_id={server}&path=ops.json") == ids(owner)
    assert ids(owner, f"/api/snapshots?server_id={server}&path=gone.json") == [whole["id"], everything["id"]]
    assert ids(owner, "/api/snapshots?path=ops.json") == ids(owner)
    assert owner.get(f"/api/snapshots/{whole['short_id']}").json()["id"] == whole["id"]
    assert owner.get("/api/snapshots/00000000").json()["code"] == "snapshot_not_found"
    assert owner.get("/api/snapshots/--help").status_code == 404


def test_a_hundred_rows_cost_one_restic(
    owner: APIClient, fake: FakeDocker, server: str, restic: FakeRestic
) -> None:
    make(owner, server_id=server)
    restic.commands.clear()
    for number in range(100):
        ids(owner, f"/api/snapshots?server_id={server}&path=file{number}")
    assert restic.commands == ["snapshots"]


async def test_readers_at_the_same_time_share_one_restic(restic: FakeRestic) -> None:
    import asyncio

    await asyncio.gather(*(wiring.snapshot_cache().read() for _ in range(100)))
    assert restic.commands == ["snapshots"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"path": "ops.json"}, 400, "invalid"),
        ({"server_id": "absent"}, 404, "server_not_found"),
        ({"server_id": "../../etc"}, 404, "server_not_found"),
        ({"server_id": "{}", "path": "gone"}, 404, "backup_path_missing"),
        ({"server_id": "{}", "path": "../../etc"}, 400, "invalid"),
        ({"server_id": "{}", "path": "way-out/passwd"}, 400, "outside_root"),
        ({"server_id": "{}", "require": "luck"}, 400, "invalid"),
    ],
)
def test_what_cannot_be_saved_is_told(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, restic: FakeRestic,
    body: dict[str, str], status: int, code: str,
) -> None:
    (server_path / server / "data/way-out").symlink_to("/etc")
    filled = {key: text.replace("{}", server) for key, text in body.items()}
    answer = owner.post("/api/snapshots", filled, format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert restic.snapshots == []


def test_pins_hold_and_owners_delete(owner: APIClient, fake: FakeDocker, server: str, restic: FakeRestic) -> None:
    snapshot = make(owner, server_id=server)
    address = f"/api/snapshots/{snapshot['id']}"
    assert owner.patch(address, {"pinned": True}, format="json").json()["pinned"] is True
    assert owner.delete(address).json()["code"] == "snapshot_pinned"
    assert owner.patch(address, {"pinned": False}, format="json").json()["pinned"] is False
    assert owner.delete(address).status_code == 200
    assert ids(owner) == []
    assert owner.delete(address).status_code == 404


def test_admins_do_not_delete_and_foreign_snapshots_stay(
    owner: APIClient, api: APIClient, fake: FakeDocker, server: str, restic: FakeRestic
) -> None:
    snapshot = make(owner, server_id=server)
    restic.snapshots[0]["tags"] = ["home"]
    wiring.snapshot_cache().forget()
    shown = owner.get(f"/api/snapshots/{snapshot['id']}").json()
    assert (shown["server_id"], shown["saved"]) == (None, None)
    assert owner.delete(f"/api/snapshots/{snapshot['id']}").json()["code"] == "foreign_snapshot"
    admin = User.objects.create(username="adam", role=UserRole.ADMIN)
    api.force_authenticate(admin)
    assert api.delete(f"/api/snapshots/{snapshot['id']}").status_code == 403


def test_respond_async_answers_at_once(
    owner: APIClient, fake: FakeDocker, server: str, restic: FakeRestic
) -> None:
    answer = owner.post(
        "/api/snapshots", {"server_id": server}, format="json", headers={"Prefer": "respond-async"}
    )
    assert answer.status_code == 202
    assert answer.json()["operation"]["kind"] == "backup"


def test_the_ignore_list_is_read_written_and_used(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, restic: FakeRestic
) -> None:
    address = f"/api/servers/{server}/snapshots/ignore"
    assert "session.lock" in owner.get(address).json()["content"]
    assert owner.put(address, {"content": "/dynmap/\n*.log\n"}, format="json").status_code == 200
    assert owner.get(address).json()["content"] == "/dynmap/\n*.log\n"
    assert owner.put(address, {"content": "ok\n../x\n"}, format="json").json()["detail"].startswith("Line 2")
    make(owner, server_id=server)
    data = server_path / server / "data"
    assert restic.snapshots[0]["excludes"] == [f"{data}/dynmap", f"{data}/**/*.log"]


def test_usage_and_health(owner: APIClient, fake: FakeDocker, server: str, tmp_path: Path, restic: FakeRestic) -> None:
    health = owner.get("/api/snapshots/health").json()["servers"][0]
    assert (health["server_id"], health["last_good"], health["age_seconds"]) == (server, None, None)
    snapshot = make(owner, server_id=server)
    health = owner.get("/api/snapshots/health").json()["servers"][0]
    assert (health["last_good"], health["saved"]) == (snapshot["id"], "stopped")
    (tmp_path / "repository").mkdir()
    usage = owner.get("/api/snapshots/repository-usage").json()
    assert usage["backupTotalGB"] > usage["backupUsedGB"] > 0
    assert usage["snapshotCount"] == 1


def test_without_a_repository_all_says_so(
    owner: APIClient, fake: FakeDocker, server: str
) -> None:
    assert owner.get("/api/snapshots/repository-usage").json() is None
    for address in ("/api/snapshots", f"/api/servers/{server}/snapshots", "/api/snapshots/health"):
        answer = owner.get(address)
        assert (answer.status_code, answer.json()["code"]) == (503, "restic_not_configured")
    assert owner.post("/api/snapshots", {}, format="json").json()["code"] == "restic_not_configured"


@pytest.mark.parametrize(
    ("break_it", "status", "code"),
    [
        ("missing", 503, "no_repository"),
        ("password", 503, "wrong_repository_password"),
        ("locked", 409, "repository_locked"),
    ],
)
def test_a_repository_that_does_not_let_us_in_is_told(
    owner: APIClient, fake: FakeDocker, server: str, restic: FakeRestic, break_it: str, status: int, code: str
) -> None:
    [location] = restic.passwords
    if break_it == "missing":
        del restic.passwords[location]
    if break_it == "password":
        restic.passwords[location] = PASSWORD + "!"
    restic.locked = break_it == "locked"
    answer = owner.post("/api/snapshots", {"server_id": server}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    health = owner.get("/api/snapshots/health").json()
    assert health["servers"][0]["last_failure"] == answer.json()["detail"]
    assert bool(health["problem"]) == (break_it != "locked")


def test_the_list_is_read_anew_after_a_minute(restic: FakeRestic, monkeypatch: pytest.MonkeyPatch) -> None:
    read = async_to_sync(wiring.snapshot_cache().read)
    read()
    read()
    assert restic.commands == ["snapshots"]
    monkeypatch.setattr("backups.repository.snapshot_cache.MAX_AGE_S", 0.0)
    read()
    assert restic.commands == ["snapshots"] * 2


def test_a_policy_does_not_trade_a_whole_snapshot_for_one_with_a_hole(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, restic: FakeRestic
) -> None:
    whole = make(owner, server_id=server)["id"]
    (server_path / server / "data/level.dat").write_bytes(b"level")
    restic.unreadable.add("level.dat")
    holes = [make(owner, server_id=server)["id"] for _ in range(2)]
    answer = owner.post("/api/snapshots/forget", {"keep_last": 1, "dry_run": True}, format="json").json()
    assert (answer["keep"], answer["remove"]) == ([whole, holes[1]], [holes[0]])


def test_what_another_process_makes_and_deletes_shows_at_once(
    owner: APIClient, fake: FakeDocker, server: str, restic: FakeRestic
) -> None:
    first = wiring.snapshot_cache()
    assert async_to_sync(first.read)() == ()
    wiring.snapshot_cache.cache_clear()  # what follows is done by a process that has a list of its own
    made = make(owner, server_id=server)
    assert [one.id for one in async_to_sync(first.read)()] == [made["id"]]
    restic.commands.clear()
    async_to_sync(first.read)()
    assert restic.commands == []
    assert owner.delete(f"/api/snapshots/{made['id']}").status_code == 200
    assert async_to_sync(first.read)() == ()
