"""Snapshots and schedules for people who were given one server: what is not theirs is unknown."""

import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import keys, tokens
from accounts.models import User, UserRole
from accounts.rights import grants, roles
from accounts.rights.grants import WantedGrant
from accounts.rights.verbs import Verb
from backups import wiring
from backups.models import Drill, PanelInstance, SavingOff, Schedule
from backups.tests.edge.conftest import save
from servers.models import Operation, RemovedServer
from servers.records import incarnations
from servers.tests.conftest import compose_text, write_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic]

UNKNOWN = "0" * 64


def member(*verbs: Verb, server: str, name: str = "gina") -> APIClient:
    user = User.objects.create_user(name)
    roles.create(name=f"of {name}", verbs=verbs)
    given = WantedGrant(f"of {name}", server, incarnations.current(server))
    grants.set_rights(user.pk, access="granted", grants=[given])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user)}")
    return client


def told(answer: Any, *ids: str) -> tuple[int, str]:
    """The status and the words of an answer, without the ids that were asked for."""
    text = answer.content.decode() if not answer.streaming else ""
    for one in ids:
        text = text.replace(one[:8], "").replace(one, "")
    return answer.status_code, text if answer.status_code >= 400 else ""


@pytest.fixture
def other(server_path: Path) -> str:
    write_server(server_path, "neighbour")
    (server_path / "neighbour/data/level.dat").write_text("theirs")
    return "neighbour"


@pytest.fixture
def saved(owner: APIClient, home: Path, vault: Path, other: str) -> dict[str, str]:
    """A snapshot of the member's server, of another one, and of everything."""
    (home / "data/server.properties").write_text("rcon.password=x\n")
    return {"mine": save(owner, server_id=home.name), "theirs": save(owner, server_id=other), "all": save(owner)}


REQUESTS: dict[str, Callable[[APIClient, str, str], Any]] = {
    "read": lambda client, one, _: client.get(f"/api/snapshots/{one}"),
    "files": lambda client, one, _: client.get(f"/api/snapshots/{one}/files"),
    "download": lambda client, one, _: client.get(f"/api/snapshots/{one}/download?path=/"),
    "diff": lambda client, one, mine: client.get(f"/api/snapshots/{mine}/diff/{one}"),
    "diff from": lambda client, one, mine: client.get(f"/api/snapshots/{one}/diff/{mine}"),
    "pin": lambda client, one, _: client.patch(f"/api/snapshots/{one}", {"pinned": True}, format="json"),
    "drill": lambda client, one, _: client.post(f"/api/snapshots/{one}/verify"),
    "preview": lambda client, one, _: client.post(
        "/api/snapshots/restore/preview", {"snapshot_id": one}, format="json"
    ),
    "restore": lambda client, one, _: client.post("/api/snapshots/restore", {"snapshot_id": one}, format="json"),
}


@pytest.mark.parametrize("what", REQUESTS)
def test_what_is_not_of_ones_server_is_unknown(what: str, saved: dict[str, str], home: Path) -> None:
    client, mine = member(*Verb, server=home.name), saved["mine"]
    unknown = told(REQUESTS[what](client, UNKNOWN, mine), UNKNOWN)

    for which in ("theirs", "all"):
        assert told(REQUESTS[what](client, saved[which], mine), saved[which]) == unknown
    assert unknown[0] == 404


def test_lists_health_and_figures_tell_of_ones_own_alone(saved: dict[str, str], home: Path, other: str) -> None:
    client = member(Verb.VIEW, server=home.name)

    for query in ("", f"?server_id={home.name}", f"?server_id={other}"):
        ids = [one["id"] for one in client.get(f"/api/snapshots{query}").json()["snapshots"]]
        assert ids == ([] if other in query else [saved["mine"]])
    assert [one["server_id"] for one in client.get("/api/snapshots/health").json()["servers"]] == [home.name]
    assert client.get("/api/snapshots/repository-usage").json()["snapshotCount"] == 1
    assert client.get(f"/api/servers/{other}/snapshots").status_code == 404


@pytest.mark.parametrize(
    ("verb", "what"),
    [(Verb.FILES_READ, "files"), (Verb.BACKUP, "pin"), (Verb.BACKUP, "drill"), (Verb.RESTORE, "preview"),
     (Verb.RESTORE, "restore")],
)
def test_each_act_needs_its_verb(verb: Verb, what: str, saved: dict[str, str], home: Path) -> None:
    without = member(*(one for one in Verb if one is not verb), server=home.name)
    answer = REQUESTS[what](without, saved["mine"], saved["mine"])
    assert (answer.status_code, answer.json()["code"]) == (403, "right_missing")
    assert f"`{verb}`" in answer.json()["detail"]

    having = member(verb, server=home.name, name="hugo")
    assert REQUESTS[what](having, saved["mine"], saved["mine"]).status_code not in {401, 403, 404}


def test_making_one_is_for_ones_own_server(saved: dict[str, str], home: Path, other: str) -> None:
    client = member(Verb.BACKUP, server=home.name)

    def made(**body: Any) -> int:
        return client.post("/api/snapshots", body, format="json").status_code

    assert (made(server_id=home.name), made(server_id=other), made(server_id="ghost"), made()) == (200, 404, 404, 403)
    assert client.post(f"/api/servers/{other}/snapshots", {}, format="json").status_code == 404


def test_the_password_stays_in_the_snapshot(saved: dict[str, str], home: Path) -> None:
    reader = member(Verb.FILES_READ, server=home.name)
    commander = member(Verb.FILES_READ, Verb.COMMAND, server=home.name, name="hugo")
    data = f"/api/snapshots/{saved['mine']}/download?path={home}/data"

    for path in ("", "/server.properties"):
        answer = reader.get(f"{data}{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "holds_secret")
        assert commander.get(f"{data}{path}").status_code == 200
    assert reader.get(f"{data}/ab").status_code == 200


@pytest.mark.parametrize("vault", ["0.14", "0.18"], indirect=True)
def test_other_names_of_the_file_do_not_show_the_password(vault: Path, owner: APIClient, home: Path) -> None:
    data = home / "data"
    (data / "server.properties").write_text("rcon.password=x\n")
    os.link(data / "server.properties", data / "world/hard")
    os.link(data / "server.properties", data / "hard.txt")
    saved = save(owner, server_id=home.name)
    reader = member(Verb.FILES_READ, server=home.name)
    commander = member(Verb.FILES_READ, Verb.COMMAND, server=home.name, name="hugo")
    address = f"/api/snapshots/{saved}/download?path={data}"

    for path in ("/world/hard", "/world", "/hard.txt"):
        answer = reader.get(f"{address}{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "holds_secret")
        assert commander.get(f"{address}{path}").status_code == 200
    assert reader.get(f"{address}/world/level.dat").status_code == 200
    assert reader.get(f"{address}/ab").status_code == 200


def test_a_compose_file_among_the_games_files_stays_in_the_snapshot(
    vault: Path, owner: APIClient, server_path: Path
) -> None:
    home = server_path / "flat"
    write_server(server_path, "flat", compose_text("flat").replace("./data:/data", ".:/data"))
    (home / ".env").write_text("SECRET=x\n")
    (home / "world").mkdir()
    (home / "world/level.dat").write_text("old")
    os.link(home / "compose.yaml", home / "world/hard")
    saved = save(owner, server_id="flat")
    reader = member(Verb.FILES_READ, Verb.COMMAND, server="flat")
    composer = member(Verb.FILES_READ, Verb.COMMAND, Verb.COMPOSE, server="flat", name="hugo")
    address = f"/api/snapshots/{saved}/download?path={home}"

    for path in ("", "/compose.yaml", "/.env", "/world", "/world/hard"):
        answer = reader.get(f"{address}{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "holds_secret"), path
        assert composer.get(f"{address}{path}").status_code == 200, path
    assert reader.get(f"{address}/world/level.dat").status_code == 200


def test_a_compose_file_among_the_games_files_is_not_restored_by_who_may_not_change_it(
    vault: Path, owner: APIClient, server_path: Path
) -> None:
    home = server_path / "flat"
    write_server(server_path, "flat", compose_text("flat").replace("./data:/data", ".:/data"))
    (home / "world").mkdir()
    (home / "world/level.dat").write_text("old")
    saved = save(owner, server_id="flat")
    before = (home / "compose.yaml").read_text() + "# changed\n"
    (home / "compose.yaml").write_text(before)
    restorer = member(Verb.RESTORE, Verb.FILES_WRITE, server="flat")

    for path in ("/compose.yaml", "compose.yaml", "/", "/.env"):
        for route in ("restore", "preview"):
            body = {"snapshot_id": saved, "server_id": "flat", "path": path, "safety_snapshot": True}
            answer = restorer.post(f"/api/snapshots/restore{'/preview' * (route == 'preview')}", body, format="json")
            assert (answer.status_code, answer.json()["code"]) == (403, "right_missing"), (path, route)
    assert (home / "compose.yaml").read_text() == before
    (home / "world/level.dat").write_text("newer")
    body = {"snapshot_id": saved, "server_id": "flat", "path": "/world", "safety_snapshot": True}
    assert restorer.post("/api/snapshots/restore", body, format="json").status_code == 200
    assert (home / "world/level.dat").read_text() == "old"


def test_where_the_file_is_a_link_any_file_may_be_it(vault: Path, owner: APIClient, home: Path) -> None:
    (home / "data/real.txt").write_text("rcon.password=x\n")
    (home / "data/server.properties").symlink_to("real.txt")
    saved = save(owner, server_id=home.name)
    reader = member(Verb.FILES_READ, server=home.name)
    commander = member(Verb.FILES_READ, Verb.COMMAND, server=home.name, name="hugo")

    address = f"/api/snapshots/{saved}/download?path={home}/data/real.txt"
    answer = reader.get(address)
    assert (answer.status_code, answer.json()["code"]) == (403, "holds_secret")
    assert commander.get(address).status_code == 200


def test_of_a_server_that_was_removed_the_next_members_see_nothing(saved: dict[str, str], home: Path) -> None:
    old = member(*Verb, server=home.name)
    incarnations.note_removed(home.name, removed_as=f"{home.name}-1", by="olivia")
    assert old.get(f"/api/snapshots/{saved['mine']}").status_code == 404
    assert incarnations.begin(home.name) == 2

    new = User.objects.create_user("nina")
    grants.set_rights(new.pk, access="granted", grants=[WantedGrant("manager", home.name, 2)])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(new)}")

    assert client.get("/api/snapshots").json()["snapshots"] == []
    assert client.get(f"/api/snapshots/{saved['mine']}").status_code == 404
    assert old.get(f"/api/servers/{home.name}/status").status_code == 404
    assert client.get(f"/api/servers/{home.name}/status").status_code == 200


@pytest.mark.usefixtures("vault")
def test_schedules_are_those_of_ones_server(home: Path, other: str) -> None:
    client = member(Verb.VIEW, server=home.name)
    now = timezone.now()
    plan = {"cron": "0 * * * *", "zone": "UTC", "created_by": "olivia", "looked_until": now}
    mine, theirs, everything = (
        Schedule.objects.create(server_id=server, scope=scope, **plan)
        for server, scope in ((home.name, "server"), (other, "server"), ("", "global"))
    )

    listed = client.get("/api/snapshots/schedules").json()["schedules"]
    assert [one["id"] for one in listed] == [mine.pk]
    for foreign in (theirs, everything):
        address = f"/api/snapshots/schedules/{foreign.pk}"
        assert client.get(address).status_code == client.post(f"{address}/run").status_code == 404
    assert client.get(f"/api/snapshots/schedules/{mine.pk}").status_code == 200
    assert client.post(f"/api/snapshots/schedules/{mine.pk}/run").json()["code"] == "right_missing"


def creator(name: str = "nina", **more: Any) -> APIClient:
    user = User.objects.create_user(name)
    grants.set_rights(user.pk, access="granted", may_create=True, grants=[WantedGrant(*one) for one in more.values()])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user)}")
    return client


def make(client: APIClient, server_id: str) -> int:
    body = {"id": server_id, "yaml_content": compose_text(server_id, game_port=25990, rcon_port=25991)}
    return client.post("/api/servers", body, format="json").status_code


@pytest.mark.parametrize("way", ["removed and purged", "removed by hand"])
def test_who_makes_the_id_anew_inherits_nothing(
    way: str, saved: dict[str, str], home: Path, owner: APIClient
) -> None:
    if way == "removed by hand":
        shutil.rmtree(home)
    else:
        removed = owner.post(f"/api/servers/{home.name}/operations", {"action": "remove"}, format="json")
        assert removed.status_code == 200, removed.json()
        RemovedServer.objects.all().delete()  # as a purge does
    client = creator()

    assert make(client, home.name) == 201

    assert client.get("/api/snapshots").json()["snapshots"] == []
    assert client.get(f"/api/snapshots/{saved['mine']}").status_code == 404
    kinds = {one["kind"] for one in client.get(f"/api/servers/{home.name}/operations?all=1").json()["operations"]}
    assert kinds == {"create"}
    numbers = client.get(f"/api/servers/{home.name}/compose/revisions?all=1").json()["revisions"]
    assert [one["message"] for one in numbers] == ["Created."]
    assert client.get(f"/api/servers/{home.name}/status").status_code == 200


def test_a_snapshot_of_another_panel_is_not_of_ones_server(saved: dict[str, str], home: Path) -> None:
    client = member(*Verb, server=home.name)
    assert client.get(f"/api/snapshots/{saved['mine']}").status_code == 200

    PanelInstance.objects.update(uuid=uuid.uuid4())
    wiring.instance_id.cache_clear()
    assert client.get(f"/api/snapshots/{saved['mine']}").status_code == 404
    assert client.get("/api/snapshots").json()["snapshots"] == []


def test_the_compose_file_in_a_snapshot_needs_its_verb(saved: dict[str, str], home: Path) -> None:
    path = f"/api/snapshots/{saved['mine']}/download?path={home}"
    reader = member(Verb.FILES_READ, Verb.COMMAND, server=home.name)
    both = member(Verb.FILES_READ, Verb.COMMAND, Verb.COMPOSE, server=home.name, name="hugo")

    for place in ("/compose.yaml", ""):
        answer = reader.get(f"{path}{place}")
        assert (answer.status_code, answer.json()["code"]) == (403, "right_missing")
        assert both.get(f"{path}{place}").status_code == 200
    assert reader.get(f"{path}/data/ab").status_code == 200


def test_a_copy_is_for_who_may_read_all_that_is_in_it(saved: dict[str, str], home: Path) -> None:
    asked = {"snapshot_id": saved["mine"], "as": "copy"}
    roles.create(name="restorer", verbs=["restore"])
    client = creator(a=("restorer", home.name, 1))

    answer = client.post("/api/snapshots/restore", asked, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "right_missing")

    allowed = creator("mona", a=("manager", home.name, 1))
    assert allowed.post("/api/snapshots/restore", asked, format="json").status_code == 200
    assert "copy" in allowed.get("/api/user/me/rights").json()["servers"]
    assert member(Verb.VIEW, server=home.name).get("/api/servers/copy").status_code == 404


@pytest.mark.parametrize("way", ["removed by hand", "removed and purged", "removed", "only promised"])
def test_a_copy_under_an_id_that_was_there_before_is_another_server(
    way: str, saved: dict[str, str], home: Path, server_path: Path, owner: APIClient
) -> None:
    if way != "only promised":
        write_server(server_path, "copy")
    old = member(*Verb, server="copy")
    if way == "removed by hand":
        shutil.rmtree(server_path / "copy")
    elif way != "only promised":
        assert owner.post("/api/servers/copy/operations", {"action": "remove"}, format="json").status_code == 200
    if way == "removed and purged":
        RemovedServer.objects.all().delete()

    answer = owner.post("/api/snapshots/restore", {"snapshot_id": saved["mine"], "as": "copy"}, format="json")

    assert answer.status_code == 200, answer.json()
    assert incarnations.current("copy") == 2
    assert old.get("/api/servers/copy/status").status_code == 404
    assert "copy" not in old.get("/api/user/me/rights").json()["servers"]
    latest = owner.get("/api/servers/copy/operations").json()["operations"]
    assert [one["kind"] for one in latest] == ["restore"], "what an earlier server did is not of this one"


def test_health_names_no_other_server(saved: dict[str, str], home: Path, other: str) -> None:
    client = member(Verb.VIEW, server=home.name)
    Operation.objects.create(
        server_id="", kind="backup", state="failed", started_by="olivia", origin="api", started_at=timezone.now(),
        finished_at=timezone.now(), error=f"No server could be saved. {other} is busy.",
    )

    told = client.get("/api/snapshots/health").json()["servers"][0]

    assert told["last_failure"] == "A snapshot failed."
    assert told["last_good"] is None  # it is in a snapshot of everything, which does not exist for them
    assert told["last_good_at"] is not None


@pytest.mark.parametrize("role", list(UserRole))
def test_a_key_that_may_only_restore_makes_no_server(owner: APIClient, home: Path, vault: Path, role: UserRole) -> None:
    mine = save(owner, server_id=home.name)
    _, token = keys.begin(
        User.objects.create_user("eve", role=role), keys.WantedKey(name="k", verbs=["restore"], servers=[home.name])
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")

    answer = client.post("/api/snapshots/restore", {"snapshot_id": mine, "as": "fresh-one"}, format="json")

    assert answer.status_code == 403, answer.json()
    assert not (home.parent / "fresh-one").exists()


def test_health_is_of_the_present_server_for_everybody(owner: APIClient, home: Path, vault: Path) -> None:
    mine, now = save(owner, server_id=home.name), timezone.now()
    Drill.objects.create(server_id=home.name, snapshot_id=mine, passed=False, at=now)
    Operation.objects.create(
        server_id=home.name, incarnation=1, kind="snapshot", started_by="old", state="failed", error="an old secret",
        started_at=now, finished_at=now,
    )
    SavingOff.objects.create(server_id=home.name, operation_id=uuid.uuid4(), container_id="c", since=now)
    assert health_of(owner, home.name)["last_good"] == mine
    incarnations.note_removed(home.name, removed_as=f"{home.name}-x", by="o")
    incarnations.begin(home.name)

    for client in (owner, member(Verb.VIEW, server=home.name)):
        told = health_of(client, home.name)
        untold = {"server_id": home.name, "warnings": []}
        assert told == dict.fromkeys(told) | untold

    newer = save(owner, server_id=home.name)
    assert health_of(owner, home.name)["last_good"] == newer


def health_of(client: APIClient, server_id: str) -> dict[str, Any]:
    [told] = client.get("/api/snapshots/health").json()["servers"]
    assert told["server_id"] == server_id
    return dict(told)
