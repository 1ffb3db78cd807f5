"""Snapshots: pins, and how well all is backed up, are the same whoever asks and wherever."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User, UserRole
from backups import wiring
from backups.models import Pin
from backups.restic.labels import Saved
from backups.restic.snapshot import ResticSnapshot
from backups.snapshots import claims
from backups.snapshots.metrics import FiguresReader
from backups.tests.conftest import fake, owner, restic, server, server_path
from backups.tests.edge.conftest import vault
from mcadmin import attention
from mcadmin.admin_site import dashboard
from mcadmin.admin_site.servers import list_servers
from mcadmin.doctor import backups as doctor
from servers import wiring as servers_wiring
from servers.live.metrics import backup_metrics
from servers.tests.edge.test_figures import look_at_host
from testing.fake_restic import FakeRestic

__all__ = ["fake", "owner", "restic", "server", "server_path", "vault"]  # fixtures

pytestmark = pytest.mark.django_db(transaction=True)
Pins = Callable[[str, bool, str], None]
ROLES = {"olga": UserRole.OWNER, "adam": UserRole.ADMIN}


def user(name: str) -> User:
    found = User.objects.filter(username=name).first()
    return found or User.objects.create_user(name, None, ROLES[name])


def make(client: APIClient, server_id: str) -> str:
    answer = client.post("/api/snapshots", {"server_id": server_id}, format="json")
    assert answer.status_code == 200, answer.json()
    return str(answer.json()["snapshot"]["id"])


@pytest.fixture(params=["api", "admin"])
def pins(request: pytest.FixtureRequest, owner: APIClient) -> Pins:
    """How an edge pins (True) and unpins a snapshot, as olga the owner or adam the admin."""

    def by_api(snapshot_id: str, pinned: bool, who: str) -> None:
        client = APIClient()
        client.force_authenticate(user(who))
        client.patch(f"/api/snapshots/{snapshot_id}", {"pinned": pinned}, format="json")

    def by_admin(snapshot_id: str, pinned: bool, who: str) -> None:
        client = Client()
        client.force_login(user(who))
        assert client.post("/admin/act/", {"do": f"pin:{snapshot_id}:{'on' if pinned else 'off'}"}).status_code == 302

    return by_api if request.param == "api" else by_admin


def change_tags(snapshot_id: str) -> str:
    """Lower what the snapshot claims, as is done where a game was disturbed; return its new id."""

    async def change() -> ResticSnapshot:
        found = next(one for one in await wiring.snapshot_cache().read() if one.id == snapshot_id)
        level = {found.labels.servers[0]: Saved.UNCONFIRMED}
        return await claims.take_back(wiring.repository(), found, level)

    changed: ResticSnapshot = async_to_sync(change)()
    wiring.snapshot_cache().forget()
    return changed.id


@pytest.mark.restic
def test_a_pin_holds_a_snapshot_whose_tags_were_changed(
    pins: Pins, owner: APIClient, server: str, vault: Any, fake: Any
) -> None:
    now = change_tags(make(owner, server))

    pins(now, True, "olga")

    assert owner.get(f"/api/snapshots/{now}").json()["pinned"] is True
    assert owner.delete(f"/api/snapshots/{now}").json()["code"] == "snapshot_pinned"
    pins(now, False, "olga")
    assert not Pin.objects.exists()
    assert owner.delete(f"/api/snapshots/{now}").status_code == 200


@pytest.mark.parametrize("digits", [0, 2, 7, 8])
def test_what_is_no_snapshot_is_pinned_nowhere(
    pins: Pins, owner: APIClient, server: str, restic: FakeRestic, digits: int
) -> None:
    """Nothing is named by fewer than 8 digits, though they fit: somebody may have mistyped them."""
    snapshot = make(owner, server)
    pins(snapshot[:digits] or "0" * 64, True, "olga")
    assert Pin.objects.exists() == (digits == 8)


@pytest.mark.parametrize(
    ("first", "second", "stays"),
    [(["olga"], "adam", True), (["adam"], "adam", False), (["adam"], "olga", False), (["olga"], "olga", False),
     (["adam", "olga"], "adam", True), (["olga", "adam"], "adam", True)],
)
def test_what_an_owner_pinned_takes_an_owner_to_unpin(
    owner: APIClient, server: str, restic: FakeRestic, first: list[str], second: str, stays: bool
) -> None:
    made = make(owner, server)
    clients = {name: APIClient() for name in ROLES}
    for name, client in clients.items():
        client.force_authenticate(user(name))
    for name in first:
        assert clients[name].patch(f"/api/snapshots/{made}", {"pinned": True}, format="json").status_code == 200

    answer = clients[second].patch(f"/api/snapshots/{made}", {"pinned": False}, format="json")

    assert Pin.objects.exists() is stays
    assert answer.status_code == (403 if stays else 200)
    if stays:
        assert answer.json()["code"] == "pinned_by_owner"
        assert "olga" in answer.json()["detail"]


def test_what_the_master_token_pinned_is_an_owners(owner: APIClient, server: str, restic: FakeRestic) -> None:
    from accounts.identity import SystemUser

    made = make(owner, server)
    clients = APIClient(), APIClient()
    clients[0].force_authenticate(SystemUser())  # type: ignore[arg-type]
    clients[1].force_authenticate(user("adam"))
    for client, pinned in zip(clients, (True, False), strict=True):
        client.patch(f"/api/snapshots/{made}", {"pinned": pinned}, format="json")
    assert Pin.objects.get().pinned_by == "SYSTEM"


def test_roles_of_pins_that_were_there_come_from_their_people(db: None) -> None:
    import importlib

    from django.apps import apps

    for number, name in enumerate(("olga", "adam", "gone")):
        if name != "gone":
            user(name)
        Pin.objects.create(pk=f"{number:064}", pinned_by=name)
    importlib.import_module("backups.migrations.0002_pinned_by_role").take_roles(apps, None)
    roles = dict(Pin.objects.values_list("pinned_by", "pinned_by_role"))
    assert roles == {"olga": "owner", "adam": "admin", "gone": "owner"}


def told(server_id: str) -> dict[str, bool]:
    """Return whether a good backup of the server is known, by who says so."""
    servers = list_servers()
    sentences = [one.sentence for one in attention.collect(servers)]
    tiles = {one["name"]: one["value"] for one in dashboard.read()["tiles"]}
    client = APIClient()
    client.force_authenticate(user("olga"))
    [health] = client.get("/api/snapshots/health").json()["servers"]
    findings = async_to_sync(doctor.check_age)()
    figures = async_to_sync(FiguresReader().look)()
    return {
        "front page": f"{server_id} has no whole backup yet." not in sentences,
        "tile": tiles["Last whole backup"] != "none",
        "health": health["last_good"] is not None,
        "doctor": not any("no good snapshot" in one.sentence for one in findings),
        "metrics": server_id in figures.last_snapshot_at,
    }


def test_a_backup_that_was_deleted_is_told_nowhere(owner: APIClient, server: str, restic: FakeRestic) -> None:
    assert set(told(server).values()) == {False}
    made = make(owner, server)
    assert set(told(server).values()) == {True}

    assert owner.delete(f"/api/snapshots/{made}").status_code == 200

    assert told(server) == dict.fromkeys(told(server), False)


@pytest.mark.parametrize(
    ("tags", "is_good"),
    [({}, True), ({"saved:stopped": "saved:live"}, False), ({"saved:stopped": "saved:unconfirmed"}, False),
     ({"scope:server": "scope:path"}, False)],
)
def test_what_is_no_good_backup_is_one_nowhere(
    owner: APIClient, server: str, restic: FakeRestic, tags: dict[str, str], is_good: bool
) -> None:
    make(owner, server)
    restic.snapshots[0]["tags"] = [tags.get(tag, tag) for tag in restic.snapshots[0]["tags"]]
    wiring.snapshot_cache().forget()

    assert set(told(server).values()) == {is_good}


def test_a_late_backup_is_told(owner: APIClient, server: str, restic: FakeRestic) -> None:
    make(owner, server)
    restic.snapshots[0]["time"] = (datetime.now(UTC) - timedelta(hours=30)).isoformat()
    wiring.snapshot_cache().forget()

    assert any(f"The last whole backup of {server} is" in one.sentence for one in attention.collect(list_servers()))


def test_a_repository_that_does_not_answer_holds_no_page_up(
    owner: APIClient, server: str, restic: FakeRestic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "REPOSITORY_TIMEOUT_S", 0.1)
    wiring.reset()

    async def never() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(wiring.repository().__class__, "list_snapshots", lambda _: never())
    sentences = [one.sentence for one in attention.collect(list_servers())]
    assert any(one.startswith("The backup repository has not answered") for one in sentences)
    servers_wiring.reset()


@pytest.mark.parametrize(
    ("place", "is_told"), [("the servers' disk", True), ("another disk", False), ("sftp:nas:/mc", False)]
)
def test_a_repository_on_the_servers_disk_is_told_everywhere(
    owner: APIClient, server: str, restic: FakeRestic, settings: LazySettings, place: str, *, is_told: bool
) -> None:
    if place == "another disk":
        if Path("/dev/shm").stat().st_dev == settings.MC_ADMIN.server_path.stat().st_dev:
            pytest.skip("there is no other disk here")
        place = "/dev/shm/repository"
    if place != "the servers' disk":
        section = wiring.section().model_copy(update={"repository_path": place})
        settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"restic": section})
        restic.passwords[place] = section.password
    figures = async_to_sync(FiguresReader().look)()
    look_at_host()
    backup_metrics.provide(lambda: figures)
    try:
        items = attention.collect(list_servers())
        warning = owner.get("/api/system/info").json()["restic"]["warning"]
    finally:
        backup_metrics.provide(None)
    [finding] = async_to_sync(doctor.check_placement)()

    assert {
        "front page": any("same disk as the servers" in one.sentence and one.advice for one in items),
        "system": "same disk as the servers" in (warning or "") and "another disk" in (warning or ""),
        "doctor": "same disk as the servers" in finding.sentence and bool(finding.advice),
    } == dict.fromkeys(["front page", "system", "doctor"], is_told)
