"""A new panel with an old repository, and moved servers: old snapshots are found, and whose they are is said."""

import shutil
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from rest_framework.test import APIClient

from backups import wiring
from backups.models import MadeSnapshot, PanelInstance
from backups.tests.edge.conftest import save
from backups.tests.edge.test_restores import BOTH, restore
from backups.tests.edge.test_snapshot_command import snapshot
from servers.tests.conftest import write_server
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)


def new_panel() -> str:
    """Go on as a panel with an empty database; return the instance of the old one."""
    old = wiring.instance_id()
    PanelInstance.objects.update(uuid=uuid.uuid4())
    MadeSnapshot.objects.all().delete()
    wiring.reset()
    return old


def listed(client: APIClient, address: str) -> list[tuple[str, bool]]:
    return [(one["id"], one["foreign"]) for one in client.get(f"/api{address}").json()["snapshots"]]


def move(server_path: Path, settings: Any) -> Path:
    """Give the panel another folder of servers, with the same servers in it."""
    moved = server_path.parent / "moved"
    shutil.copytree(server_path, moved)
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"server_path": moved})
    return moved


@pytest.fixture
def saved(owner: APIClient, server: str, server_path: Path, fake: FakeDocker, restic: FakeRestic) -> dict[str, str]:
    """Snapshots of each kind, by what they are of."""
    write_server(server_path, "other")
    (server_path / server / "data/plugins").mkdir()
    (server_path / server / "data/plugins/x").touch()
    requests: dict[str, dict[str, str]] = {
        "whole": {"server_id": server}, "path": {"server_id": server, "path": "plugins"},
        "other": {"server_id": "other"}, "all": {},
    }
    return {name: save(owner, **request) for name, request in requests.items()}


@pytest.mark.parametrize("is_moved", [False, True])
@pytest.mark.parametrize("is_new", [False, True])
def test_a_server_finds_its_snapshots_by_their_tags(
    owner: APIClient, server: str, server_path: Path, saved: dict[str, str], settings: Any, *, is_moved: bool,
    is_new: bool,
) -> None:
    if is_moved:
        move(server_path, settings)
    if is_new:
        new_panel()

    expected = {
        f"/servers/{server}/snapshots": ["whole", "all"],
        f"/snapshots?server_id={server}": ["whole", "all"],
        f"/servers/{server}/snapshots?path=plugins": ["whole", "path", "all"],
        f"/servers/{server}/snapshots?path=plugins/x": ["whole", "path", "all"],
        f"/servers/{server}/snapshots?path=ops.json": ["whole", "all"],
        "/servers/other/snapshots": ["other", "all"],
        "/snapshots": ["whole", "path", "other", "all"],
    }
    assert {address: listed(owner, address) for address in expected} == {
        address: [(saved[name], is_new) for name in names] for address, names in expected.items()
    }
    rows = snapshot("list", server).splitlines()
    assert [row[:8] for row in rows] == [saved[name][:8] for name in ("whole", "all")]
    assert [" foreign" in row for row in rows] == [is_new, is_new]


def test_one_without_tags_is_found_by_its_paths(
    owner: APIClient, server: str, saved: dict[str, str], restic: FakeRestic
) -> None:
    restic.snapshots[0]["tags"] = ["home"]
    wiring.snapshot_cache().forget()
    assert listed(owner, f"/servers/{server}/snapshots") == [(saved["whole"], True), (saved["all"], False)]


def test_the_snapshots_of_a_lost_panel_are_taken_over(
    owner: APIClient, server: str, saved: dict[str, str], restic: FakeRestic
) -> None:
    old = new_panel()
    address = f"/api/snapshots/{saved['other']}"
    refused = owner.delete(address).json()
    assert (refused["code"], "adopt-instance" in refused["detail"]) == ("foreign_snapshot", True)
    assert owner.get("/api/snapshots/health").json()["servers"][0]["last_good"] is None
    assert snapshot("adopt-instance").startswith(f"{old}  4 snapshots, the newest of 2026-")

    assert "4 snapshots are this panel's now" in snapshot("adopt-instance", old, "--lost")

    assert [one["foreign"] for one in owner.get("/api/snapshots").json()["snapshots"]] == [False] * 4
    rows = owner.get("/api/snapshots/health").json()["servers"]
    assert {one["server_id"]: bool(one["last_good"]) for one in rows} == {server: True, "other": True}
    assert "this one's" in snapshot("adopt-instance")
    assert owner.delete(address).status_code == 200


def test_a_panel_that_may_be_alive_keeps_its_snapshots(
    saved: dict[str, str], restic: FakeRestic, owner: APIClient
) -> None:
    old, just_now = new_panel(), datetime.now(UTC) - timedelta(hours=25)
    restic.snapshots[-1]["time"] = just_now.isoformat()
    wiring.snapshot_cache().forget()
    with pytest.raises(CommandError, match="--lost"):
        snapshot("adopt-instance", old)
    for one in (str(uuid.uuid4()), "a,b", wiring.instance_id()):
        with pytest.raises(CommandError, match="no snapshot of such a panel"):
            snapshot("adopt-instance", one)
    assert all(one["foreign"] for one in owner.get("/api/snapshots").json()["snapshots"])
    restic.snapshots[-1]["time"] = (just_now - timedelta(hours=2)).isoformat()
    assert "4 snapshots" in snapshot("adopt-instance", old)


@BOTH
@pytest.mark.restic
def test_a_real_repository_is_taken_over_and_holds_no_present_state(
    owner: APIClient, home: Path, vault: Path, settings: Any
) -> None:
    """What another machine saved of a stopped server says nothing of the files here: nothing is replaced for it."""
    made = [save(owner, server_id=home.name) for _ in range(2)]
    owner.patch(f"/api/snapshots/{made[0]}", {"pinned": True}, format="json")
    old = new_panel()
    (home / "data/world/level.dat").write_text("of this machine")

    snapshot("adopt-instance", old, "--lost")

    rows = owner.get(f"/api/servers/{home.name}/snapshots").json()["snapshots"]
    assert [(one["foreign"], one["pinned"], one["saved"]) for one in rows] == [
        (False, True, "stopped"), (False, False, "stopped")
    ]
    refused = restore(owner, made[0], server_id=home.name)
    assert (refused.status_code, refused.json()["code"]) == (400, "no_fresh_snapshot")
    assert restore(owner, made[0], server_id=home.name, safety_snapshot=True).status_code == 200
    assert (home / "data/world/level.dat").read_text() == "old"
