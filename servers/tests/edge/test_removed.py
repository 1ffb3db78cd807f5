"""Removed servers through the API: listed, brought back, deleted for good, each by whom it may be."""

import errno
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import Access, Grant, Role, User, UserRole
from audit import recorder
from audit.models import AuditEvent
from servers.changes import removed
from servers.minecraft.instance import ServerExists
from servers.models import Incarnation, Operation, RemovedServer
from servers.operations import runner
from servers.operations.caller import Caller
from servers.records import incarnations, leases
from servers.tests.conftest import compose_text
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)

REMOVED = "/api/servers/removed"


def create(client: APIClient, world: str, folder: Path) -> None:
    made = client.post("/api/servers", {"id": "lobby", "yaml_content": compose_text("lobby")}, format="json")
    assert made.status_code == 201, made.json()
    (folder / "data" / "level.dat").write_text(world)


def remove(client: APIClient) -> str:
    done = client.post("/api/servers/lobby/operations", {"action": "remove"}, format="json").json()
    return str(done["operation"]["result"]["removed_as"])


def client_of(name: str, role: UserRole = UserRole.ADMIN, **more: Any) -> APIClient:
    user = User(username=name, role=role, **more)
    user.set_unusable_password()
    user.save()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user)}")
    return client


@pytest.fixture
def folder(server_path: Path) -> Path:
    return server_path / "lobby"


@pytest.fixture
def name(owner: APIClient, fake: FakeDocker, folder: Path) -> str:
    """The name of a removed server that had a world."""
    create(owner, "the first", folder)
    return remove(owner)


def test_what_was_removed_is_listed_with_who_did_it(owner: APIClient, name: str) -> None:
    (found,) = owner.get(REMOVED).json()["removed"]

    assert (found["name"], found["id"], found["removedBy"]) == (name, "lobby", "olivia")
    assert found["removedAt"].endswith("Z")


def test_a_server_comes_back_with_its_world_its_history_and_its_members(
    owner: APIClient, name: str, folder: Path
) -> None:
    member = client_of("gina", access=Access.GRANTED)
    gina, role = User.objects.get(username="gina"), Role.objects.create(name="r", verbs=["view"])
    Grant.objects.create(user=gina, role=role, server="lobby", incarnation=1, counts=False)
    create(owner, "the second", folder)
    remove(owner)

    answer = owner.post(f"{REMOVED}/{name}/restore")

    assert (answer.status_code, answer.json()["operation"]["result"]) == (200, {"server": "lobby"})
    assert (folder / "data" / "level.dat").read_text() == "the first"
    assert [one["name"] for one in owner.get(REMOVED).json()["removed"]] != [name]
    kinds = [one["kind"] for one in owner.get("/api/servers/lobby/operations").json()["operations"]]
    assert kinds == ["restore_removed", "remove", "create"]
    assert [one["id"] for one in member.get("/api/servers").json()] == ["lobby"]


def test_nothing_is_brought_back_over_a_server_that_is_there(owner: APIClient, name: str, folder: Path) -> None:
    create(owner, "the second", folder)

    answer = owner.post(f"{REMOVED}/{name}/restore")

    assert (answer.status_code, answer.json()["code"]) == (409, "server_exists")
    assert (folder / "data" / "level.dat").read_text() == "the second"
    assert incarnations.current("lobby") == 2
    assert not Operation.objects.filter(kind="restore_removed").exists()


def test_one_that_was_made_just_now_is_not_taken_for_the_removed_one(
    owner: APIClient, name: str, folder: Path
) -> None:
    job = async_to_sync(removed.restore_job)(name, by=Caller("adam"))
    create(owner, "the second", folder)

    with pytest.raises(ServerExists):
        async_to_sync(runner.run)(job)

    assert incarnations.current("lobby") == 2


def test_a_restore_that_was_killed_in_the_middle_is_done_again(owner: APIClient, name: str, folder: Path) -> None:
    """Its first step is in the database; the second, which moves the folder, never came."""
    incarnations.note_restored(name, server_id="lobby")

    assert owner.post(f"{REMOVED}/{name}/restore").status_code == 200

    assert (folder / "data" / "level.dat").read_text() == "the first"
    assert (RemovedServer.objects.count(), Incarnation.objects.get(pk="lobby").number) == (0, 1)


def test_an_owner_deletes_one_for_good_and_no_other(
    owner: APIClient, name: str, folder: Path, server_path: Path
) -> None:
    create(owner, "the second", folder)
    other = remove(owner)

    answer = owner.delete(f"{REMOVED}/{name}")

    assert (answer.status_code, answer.json()["operation"]["result"]) == (200, {"deleted": [name]})
    assert [one.name for one in (server_path / ".removed").iterdir()] == [other]
    assert owner.delete(f"{REMOVED}/{name}").status_code == 404
    assert owner.post(f"{REMOVED}/{name}/restore").json()["code"] == "removed_not_found"


def test_what_a_killed_deletion_left_is_brought_back_by_nobody_and_goes_with_the_next(
    owner: APIClient, name: str, server_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    top = server_path / ".removed"
    (top / name).rename(top / f".deleting-{name}")

    assert owner.get(REMOVED).json() == {"removed": []}
    assert owner.post(f"{REMOVED}/{name}/restore").status_code == 404
    call_command("purge_removed")

    assert (list(top.iterdir()), capsys.readouterr().out) == ([], f"Deleted {name}.\n")


def test_a_deletion_takes_the_name_away_first(
    owner: APIClient, name: str, server_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "rmdir", full)
        assert owner.delete(f"{REMOVED}/{name}").status_code == 507

    assert owner.post(f"{REMOVED}/{name}/restore").status_code == 404
    assert owner.delete(f"{REMOVED}/{name}").status_code == 200
    assert list((server_path / ".removed").iterdir()) == []


def test_who_was_given_single_servers_learns_of_none(owner: APIClient, name: str) -> None:
    """Even of a pattern that fits: with its removal all grants on a server ended."""
    member = client_of("gina", access=Access.GRANTED)
    gina, role = User.objects.get(username="gina"), Role.objects.create(name="r", verbs=["view", "remove"])
    Grant.objects.create(user=gina, role=role, server="lob*")

    assert member.get(REMOVED).json() == {"removed": []}
    foreign = member.post(f"{REMOVED}/{name}/restore")
    unknown = member.post(f"{REMOVED}/{name[:-2]}9Z/restore")
    assert (foreign.status_code, foreign.json()["code"]) == (404, "removed_not_found")
    assert foreign.json()["detail"].replace(name, f"{name[:-2]}9Z") == unknown.json()["detail"]
    assert member.delete(f"{REMOVED}/{name}").status_code == 403


def test_an_admin_of_everything_brings_back_and_deletes_nothing(owner: APIClient, name: str, folder: Path) -> None:
    admin = client_of("adam")

    assert len(admin.get(REMOVED).json()["removed"]) == 1
    assert admin.delete(f"{REMOVED}/{name}").status_code == 403
    assert admin.post(f"{REMOVED}/{name}/restore").status_code == 200
    assert folder.exists()


def test_two_at_once_of_one_name_never_meet(owner: APIClient, name: str, folder: Path) -> None:
    job = async_to_sync(removed.purge_job)([name], by=Caller("adam"))
    now = datetime.now(UTC)
    leases.acquire(
        Operation(kind="purge_removed", started_by="adam", origin="api", started_at=now), keys=job.leases
    )

    answer = owner.post(f"{REMOVED}/{name}/restore")

    assert (answer.status_code, answer.json()["code"]) == (409, "busy")
    assert not folder.exists()


def test_each_way_is_in_the_audit(owner: APIClient, name: str, folder: Path) -> None:
    owner.post(f"{REMOVED}/{name}/restore")
    again = remove(owner)
    call_command("restore_removed", again)
    recorder.flush()

    told = set(AuditEvent.objects.values_list("method", "path", "server_id"))
    assert ("POST", f"{REMOVED}/{name}/restore", "lobby") in told
    operation = Operation.objects.filter(kind="restore_removed", origin="command").get()
    assert ("SHELL", f"/api/operations/{operation.pk}", "lobby") in told
