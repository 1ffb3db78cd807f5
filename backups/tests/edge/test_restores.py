"""Restores over HTTP with a real restic; the engine is the fake one."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_IMODE
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from accounts.models import User, UserRole
from backups.models import MadeSnapshot
from backups.tests.edge.conftest import save
from servers.changes import removed
from servers.models import Operation
from testing.fake_docker import FakeDocker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic]
BOTH = pytest.mark.parametrize("vault", ["0.14", "0.18"], indirect=True)


def restore(client: APIClient, snapshot_id: str, **body: Any) -> Any:
    return client.post("/api/snapshots/restore", {"snapshot_id": snapshot_id, **body}, format="json")


def age(snapshot_id: str, *, seconds: float) -> None:
    """Let a snapshot have ended long ago, and its server have been started since."""
    MadeSnapshot.objects.filter(pk=snapshot_id).update(ended_at=datetime.now(UTC) - timedelta(seconds=seconds))
    backup = Operation.objects.get(kind="backup")
    Operation.objects.create(
        server_id=backup.server_id, kind="up", started_by="test", origin="api", started_at=datetime.now(UTC)
    )


@BOTH
def test_whole_server_comes_back_and_the_old_one_is_kept(owner: APIClient, home: Path, vault: Path) -> None:
    snapshot = save(owner, server_id=home.name)
    (home / "data/world/level.dat").write_text("newer")
    (home / "data/made-since").touch()
    os.utime(home / "data/world/session.lock", (1, 1))

    answer = restore(owner, snapshot, server_id=home.name)

    assert answer.status_code == 200, answer.json()
    assert (home / "data/world/level.dat").read_text() == "old"
    assert not (home / "data/made-since").exists()
    assert (home / "data/world/session.lock").read_text() == "present"
    kept = home.parent / answer.json()["removed"]
    assert (kept / "data/world/level.dat").read_text() == "newer"
    assert kept.parent.name == ".removed"
    assert list((home.parent / ".restoring").iterdir()) == []
    assert "is kept as .removed/" in answer.json()["message"]


@pytest.mark.parametrize("was", [0o700, 0o755])
@pytest.mark.parametrize("present", [0o700, 0o750, 0o755, None])
def test_who_can_enter_a_restored_folder_is_decided_by_the_present_one(
    owner: APIClient, home: Path, vault: Path, was: int, present: int | None
) -> None:
    home.chmod(was)
    data = (home / "data").stat().st_mode
    snapshot = save(owner, server_id=home.name)
    if present is None:
        shutil.rmtree(home)
    else:
        home.chmod(present)

    assert restore(owner, snapshot, server_id=home.name).status_code == 200

    assert S_IMODE(home.stat().st_mode) == (0o700 if present is None else present)
    assert (home / "data").stat().st_mode == data


def test_what_snapshots_leave_out_by_now_is_carried_over(owner: APIClient, home: Path, vault: Path) -> None:
    snapshot = save(owner, server_id=home.name)
    (home / "data/tiles").mkdir()
    (home / "data/tiles/map").write_text("in no snapshot")
    (home / ".mcadminignore").write_text("/tiles\n")

    assert restore(owner, snapshot, server_id=home.name).status_code == 200

    assert (home / "data/tiles/map").read_text() == "in no snapshot"


@BOTH
@pytest.mark.parametrize("path", ["/a[b]*?\nü", "a[b]*?\nü/-x"])
def test_path_of_any_name_comes_back_alone(owner: APIClient, home: Path, vault: Path, path: str) -> None:
    snapshot = save(owner, server_id=home.name)
    (home / "data/a[b]*?\nü/-x").write_text("newer")
    (home / "data/ab").write_text("newer")

    answer = restore(owner, snapshot, server_id=home.name, path=path)

    assert answer.status_code == 200, answer.json()
    assert (home / "data/a[b]*?\nü/-x").read_text() == "old"
    assert (home / "data/ab").read_text() == "newer"
    assert list(home.parent.glob(".removed/*/data/*ü*"))


def test_what_a_restore_put_aside_is_purged_in_time(owner: APIClient, home: Path, vault: Path) -> None:
    kept = home.parent / restore(owner, save(owner, server_id=home.name), server_id=home.name).json()["removed"]

    assert async_to_sync(removed.purge)([], keep_days=1) == []
    assert kept.exists()
    assert async_to_sync(removed.purge)([], keep_days=0) == [kept.name]
    assert not kept.exists()


def test_server_that_is_gone_comes_back_from_a_global_snapshot(owner: APIClient, home: Path, vault: Path) -> None:
    snapshot = save(owner)
    shutil.rmtree(home)

    assert restore(owner, snapshot).json()["code"] == "invalid"
    answer = restore(owner, snapshot, server_id=home.name)

    assert answer.status_code == 200, answer.json()
    assert answer.json()["removed"] is None
    assert (home / "data/world/level.dat").read_text() == "old"


def test_restore_without_a_fresh_snapshot_is_refused(
    owner: APIClient, api: APIClient, home: Path, vault: Path
) -> None:
    snapshot = save(owner, server_id=home.name)
    age(snapshot, seconds=61)
    (home / "data/ab").write_text("newer")

    refused = restore(owner, snapshot, server_id=home.name)

    assert refused.status_code == 400
    assert "1 minute" in refused.json()["detail"]
    assert (home / "data/ab").read_text() == "newer"
    saved = restore(owner, snapshot, server_id=home.name, safety_snapshot=True)
    assert saved.status_code == 200, saved.json()
    safety = owner.get(f"/api/snapshots/{saved.json()['safety_snapshot_id']}").json()
    assert (safety["trigger"], safety["saved"]) == ("safety", "stopped")
    assert safety["short_id"] in saved.json()["message"]
    assert restore(owner, snapshot, server_id=home.name, skip_safety_check=True).status_code == 200
    api.force_authenticate(User.objects.create(username="adam", role=UserRole.ADMIN))
    assert restore(api, snapshot, server_id=home.name, skip_safety_check=True).status_code == 403


def test_snapshot_of_the_stopped_server_stays_fresh_until_it_is_started(
    owner: APIClient, home: Path, vault: Path
) -> None:
    snapshot = save(owner, server_id=home.name)
    MadeSnapshot.objects.filter(pk=snapshot).update(ended_at=datetime.now(UTC) - timedelta(days=1))

    assert restore(owner, snapshot, server_id=home.name).status_code == 200
    (home / "data/logs").mkdir()
    (home / "data/logs/latest.log").write_text("the game ran, whoever started it")

    assert restore(owner, snapshot, server_id=home.name).status_code == 400


def test_running_server_is_not_restored(owner: APIClient, home: Path, vault: Path, fake: FakeDocker) -> None:
    snapshot = save(owner, server_id=home.name)
    assert owner.post(f"/api/servers/{home.name}/operations", {"action": "up"}, format="json").status_code == 200

    answer = restore(owner, snapshot, server_id=home.name, skip_safety_check=True)

    assert (answer.status_code, answer.json()["code"]) == (409, "server_running")
    assert not list(home.parent.glob(".restoring/*"))


def test_new_server_is_made_of_a_snapshot(owner: APIClient, home: Path, vault: Path) -> None:
    snapshot = save(owner, server_id=home.name)

    answer = restore(owner, snapshot, **{"as": "second"})

    assert answer.status_code == 200, answer.json()
    made = owner.get("/api/servers/second").json()
    old = owner.get(f"/api/servers/{home.name}").json()
    assert made["problem"] is None
    assert made["gamePort"] != old["gamePort"]
    assert S_IMODE((home.parent / "second").stat().st_mode) == 0o700
    assert (home.parent / "second/data/world/level.dat").read_text() == "old"
    assert restore(owner, snapshot, **{"as": "second"}).status_code == 409
    assert restore(owner, snapshot, **{"as": "Not An Id"}).status_code == 400
    assert restore(owner, snapshot, **{"as": "third"}, path="world").status_code == 400


def test_compose_file_that_comes_back_is_held_against_the_policy(
    owner: APIClient, api: APIClient, home: Path, vault: Path
) -> None:
    compose = home / "compose.yaml"
    good = compose.read_text()
    compose.write_text(good.replace("    volumes:", "    privileged: true\n    volumes:"))
    snapshot = save(owner, server_id=home.name)
    compose.write_text(good)

    api.force_authenticate(User.objects.create(username="adam", role=UserRole.ADMIN))
    refused = restore(api, snapshot, server_id=home.name)

    assert refused.status_code == 403, refused.json()
    assert compose.read_text() == good
    assert list((home.parent / ".restoring").iterdir()) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"path": "nope"}, 404, "path_not_in_snapshot"),
        ({"path": "../../../etc"}, 400, "invalid"),
        ({"path": "link/passwd"}, 400, "outside_root"),
        ({"server_id": "another"}, 400, "not_in_snapshot"),
        ({"snapshot_id": "--help"}, 400, "invalid"),
        ({"snapshot_id": "0" * 64}, 404, "snapshot_not_found"),
    ],
)
def test_what_cannot_be_restored_is_told_and_changes_nothing(
    owner: APIClient, home: Path, vault: Path, body: dict[str, str], status: int, code: str
) -> None:
    snapshot = save(owner, server_id=home.name)
    (home / "data/link").symlink_to("/etc")

    answer = restore(owner, **{"snapshot_id": snapshot, "server_id": home.name, **body})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not list(home.parent.glob(".restoring/*"))


@BOTH
def test_preview_tells_what_would_change_or_which_restic_it_needs(owner: APIClient, home: Path, vault: Path) -> None:
    snapshot = save(owner, server_id=home.name)
    (home / "data/ab").write_text("newer")
    (home / "data/extra").touch()
    (home / "data/world/level.dat").unlink()

    answer = owner.post(
        "/api/snapshots/restore/preview", {"snapshot_id": snapshot, "server_id": home.name}, format="json"
    )

    if answer.status_code == 501:
        assert "restic 0.14.0" in answer.json()["detail"]
        assert "0.17.0" in answer.json()["detail"]
        return
    told = {one["item"]: one["action"] for one in answer.json()["actions"]}
    assert told == {"/data/ab": "updated", "/data/extra": "deleted", "/data/world/level.dat": "restored"}
    assert answer.json()["preview_summary"] == "1 files would be changed, 1 deleted, 1 brought back."
    one = owner.post(
        "/api/snapshots/restore/preview",
        {"snapshot_id": snapshot, "server_id": home.name, "path": "ab"}, format="json",
    )
    assert [action["item"] for action in one.json()["actions"]] == ["/data/ab"]


def test_restore_that_died_after_the_swap_is_told_at_the_next_start(
    owner: APIClient, home: Path, vault: Path
) -> None:
    from backups.restores import staging
    from backups.restores.plan import Place
    from backups.restores.recovery import RestoreRecovery

    row = Operation.objects.create(
        server_id=home.name, kind="restore", started_by="test", origin="api", started_at=datetime.now(UTC),
        state="interrupted",
    )
    MadeSnapshot.objects.create(
        pk="5afe" * 16, operation_id=row.id, began_at=row.started_at, ended_at=row.started_at
    )
    plan = staging.make(
        home.parent, str(row.id), Place(server_id=home.name, target=home.name, source="/then")
    )
    (home.parent / plan.staged).mkdir()
    staging.swap(home.parent, staging.complete(home.parent, plan))

    told = async_to_sync(RestoreRecovery(running=set).run_once)()

    row.refresh_from_db()
    assert told == [row.error]
    assert "the restored ones" in row.error
    assert "5afe" * 16 in row.error
    assert row.result is not None
    assert (home.parent / row.result["removed"] / "data/world/level.dat").read_text() == "old"
