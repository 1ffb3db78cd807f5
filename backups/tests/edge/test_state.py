"""The panel's own state in a global snapshot, when something is wrong with its place."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from rest_framework.test import APIClient

from backups.snapshots import panel_state
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic
from testing.repositories import PASSWORD
from web.config import ResticSettings

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_full_disk_is_told_as_that(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, restic: FakeRestic
) -> None:
    (server_path / ".mcadmin").mkdir()
    (server_path / ".mcadmin/state.tar").symlink_to("/dev/full")
    answer = owner.post("/api/snapshots", {}, format="json")
    assert (answer.status_code, restic.snapshots) == (507, [])
    assert "no room" in answer.json()["detail"]


def test_what_a_killed_snapshot_left_of_the_state_is_removed(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, restic: FakeRestic
) -> None:
    (server_path / ".mcadmin/tmpabc").mkdir(parents=True)
    (server_path / ".mcadmin/tmpabc/db.sqlite3").write_text("a copy of the database")
    assert owner.post("/api/snapshots", {}, format="json").status_code == 200
    assert list((server_path / ".mcadmin").iterdir()) == []


def test_a_disk_of_servers_that_is_away_is_not_saved_as_everything(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, restic: FakeRestic
) -> None:
    assert owner.post("/api/snapshots", {}, format="json").status_code == 200
    (server_path / server).rename(server_path.parent / "elsewhere")
    answer = owner.post("/api/snapshots", {}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_servers_found")
    assert "mounted" in answer.json()["detail"]
    assert len(restic.snapshots) == 1


def test_a_panel_that_never_had_a_server_can_be_saved(
    owner: APIClient, fake: FakeDocker, server_path: Path, restic: FakeRestic
) -> None:
    assert owner.post("/api/snapshots", {}, format="json").status_code == 200
    assert owner.post("/api/snapshots", {}, format="json").status_code == 200


def test_a_repositorys_password_in_its_address_is_left_out(settings: LazySettings) -> None:
    address = "rest:https://panel:pass-of-the-server@backup.example/mc"
    section = ResticSettings(repository_path=address, password=PASSWORD)
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"restic": section})
    kept = panel_state.safe_settings()["restic"]
    assert kept["repository_path"] == "rest:https://***@backup.example/mc"
    assert "password" not in kept
