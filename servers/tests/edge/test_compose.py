"""Compose files through the API on the fake engine: the detail, revisions, removal and return."""

import re
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command
from rest_framework.test import APIClient

from accounts import keys
from accounts.models import User, UserRole
from servers.changes import removed
from servers.minecraft import compose_update
from servers.models import AcceptedFindings, Operation
from servers.records import incarnations
from servers.tests.conftest import RCON_PORT, compose_text, write_server
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def short_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose_update, "WATCH_S", 0.1)
    monkeypatch.setattr(compose_update, "LOOK_S", 0.02)


def operate(client: APIClient, server_id: str, action: str, **more: object) -> int:
    answer = client.post(f"/api/servers/{server_id}/operations", {"action": action, **more}, format="json")
    return answer.status_code


def test_the_detail_shows_the_file_with_secrets_masked(owner: APIClient, fake: FakeDocker, server: str) -> None:
    found = owner.get(f"/api/servers/{server}/").json()

    assert found["image"] == "itzg/minecraft-server:java21"
    assert found["environment"]["RCON_PASSWORD"] == "***"
    assert found["environment"]["MAX_MEMORY"] == "2G"
    assert found["ports"][1] == {
        "host": "127.0.0.1", "published": RCON_PORT, "target": 25575, "count": 1, "protocol": "tcp"
    }
    assert found["volumes"] == [{"type": "bind", "source": "./data", "target": "/data", "readOnly": False}]
    assert found["findings"] == []
    assert len(found["warnings"]) == 3  # no stop_grace_period, no pids_limit, a Java that is too new


def test_no_login_of_an_image_is_shown(owner: APIClient, fake: FakeDocker, server_path: Path) -> None:
    text = compose_text("w").replace("image: itzg/minecraft-server:java21", "image: bob:h1dden@reg.example/a/b:1")
    write_server(server_path, "w", text)

    answer = owner.get("/api/servers/w/")

    assert answer.json()["image"] == "***@reg.example/a/b:1"
    assert "h1dden" not in answer.content.decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("MAX_MEMORY: 2G", "MAX_MEMORY: 2G\n    mem_limit: 2g"), "kernel will kill"),
        ((f"127.0.0.1:{RCON_PORT}", f"{RCON_PORT}"), "all interfaces"),
        ((f"127.0.0.1:{RCON_PORT}", f"0.0.0.0:{RCON_PORT}"), "all interfaces"),
        ((":java21", ""), "no fixed tag"),
        ((":java21", ":latest"), "no fixed tag"),
    ],
)
def test_what_may_be_regretted_is_a_warning(
    owner: APIClient, fake: FakeDocker, server_path: Path, change: tuple[str, str], said: str
) -> None:
    old, new = change
    if "mem_limit" in new:
        old, new = "    ports:", "    mem_limit: 2g\n    ports:"
    write_server(server_path, "w", compose_text("w").replace(old, new))

    warnings = owner.get("/api/servers/w/").json()["warnings"]

    assert any(said in one for one in warnings), warnings


def test_the_detail_of_a_broken_file_shows_what_is_broken(
    owner: APIClient, fake: FakeDocker, server_path: Path
) -> None:
    write_server(server_path, "broken", "services: [")

    found = owner.get("/api/servers/broken/").json()

    assert [one["code"] for one in found["findings"]] == ["yaml"]
    assert (found["environment"], found["image"]) == ({}, None)


def test_a_key_of_an_owner_accepts_nothing(owner: APIClient, fake: FakeDocker, server_path: Path) -> None:
    olivia = User.objects.get(username="olivia")
    wanted = keys.WantedKey("deploy", verbs=keys.VERBS, servers=["*"])
    by_key = APIClient()
    by_key.credentials(HTTP_AUTHORIZATION=f"Bearer {keys.begin(olivia, wanted)[1]}")
    body = {"id": "x", "yaml_content": compose_text("x") + "    cap_add: [NET_ADMIN]\n"}

    refused = by_key.post("/api/servers", body | {"accept_findings": ["cap_add"]}, format="json")

    assert refused.status_code == 403
    assert not AcceptedFindings.objects.exists()
    assert by_key.post("/api/servers", {"id": "x", "yaml_content": compose_text("x")}, format="json").status_code == 201


def test_an_owner_accepts_for_exactly_these_bytes(owner: APIClient, fake: FakeDocker, server_path: Path) -> None:
    text = compose_text("x") + "    cap_add: [NET_ADMIN]\n    devices: [/dev/null]\n"
    body = {"id": "x", "yaml_content": text}
    assert owner.post("/api/servers", body | {"accept_findings": ["cap_add"]}, format="json").status_code == 403
    made = owner.post("/api/servers", body | {"accept_findings": ["cap_add", "devices"]}, format="json")
    assert made.status_code == 201, made.json()
    assert AcceptedFindings.objects.get().accepted_by == "olivia"
    findings = owner.get("/api/servers/x/").json()["findings"]
    assert [(one["code"], one["accepted"]) for one in findings] == [("cap_add", True), ("devices", True)]
    assert operate(owner, "x", "up") == 200

    path = server_path / "x" / "compose.yaml"
    path.write_text(text + "#\n")

    assert operate(owner, "x", "restart") == 403
    path.write_text(text)
    assert operate(owner, "x", "restart") == 200


def test_a_place_in_data_that_was_accepted_is_not_accepted_as_a_link(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path
) -> None:
    place = server_path / server / "data" / "plugins"
    place.mkdir()
    (server_path / server / "compose.yaml").write_text(f"{compose_text(server)}      - ./data/plugins:/p\n")
    assert operate(owner, server, "up", accept_findings=["bind_in_data"]) == 200
    place.rmdir()
    place.symlink_to("/")

    answer = owner.post(f"/api/servers/{server}/operations", {"action": "restart"}, format="json")

    assert answer.status_code == 403
    assert [one["code"] for one in answer.json()["findings"]] == ["bind_link"]


def test_an_admin_cannot_bring_an_unsafe_revision_back(
    owner: APIClient, api: APIClient, fake: FakeDocker, server: str
) -> None:
    unsafe = compose_text(server) + "    privileged: true\n"
    accepted = {"yaml_content": unsafe, "accept_findings": ["privileged"]}
    url = f"/api/servers/{server}/compose"
    assert owner.post(url, accepted, format="json").status_code == 200
    assert owner.post(url, {"yaml_content": compose_text(server)}, format="json").status_code == 200
    AcceptedFindings.objects.all().delete()
    admin = User.objects.create(username="adam", role=UserRole.ADMIN)
    api.force_authenticate(admin)

    answer = api.post(f"{url}/revisions/2/restore")

    assert (answer.status_code, answer.json()["code"]) == (403, "unsafe_compose")
    assert api.post(f"{url}/revisions/9/restore").status_code == 404


def test_revisions_tell_who_when_and_what(owner: APIClient, fake: FakeDocker, server: str, server_path: Path) -> None:
    url = f"/api/servers/{server}/compose"
    new = compose_text(server).replace("2G", "3G")

    assert owner.post(url, {"yaml_content": new, "message": "more"}, format="json").status_code == 200

    first, second = owner.get(f"{url}/revisions").json()["revisions"]
    assert (first["number"], first["username"], first["message"]) == (2, "olivia", "more")
    assert "+      MAX_MEMORY: 3G" in first["diff"]
    assert (second["username"], second["message"]) == ("", "Found on the disk.")
    assert (server_path / server / "compose.yaml").read_text() == new
    assert owner.post(url, {"yaml_content": new}, format="json").status_code == 200
    assert len(owner.get(f"{url}/revisions").json()["revisions"]) == 2  # the same text again is none


def test_an_update_of_a_game_that_ends_is_rolled_back(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path
) -> None:
    old = compose_text(server)
    assert operate(owner, server, "up") == 200
    fake.crashing_images.add("itzg/minecraft-server:java8")

    answer = owner.post(
        f"/api/servers/{server}/compose", {"yaml_content": old.replace("java21", "java8")}, format="json"
    )

    assert (answer.status_code, answer.json()["code"]) == (502, "rolled_back")
    assert answer.json()["restored"] is True
    assert (server_path / server / "compose.yaml").read_text() == old
    assert fake.find(f"mc-{server}").state == "running"
    done = Operation.objects.filter(kind="update").get()
    assert (done.state, (done.result or {}).get("restored")) == ("failed", True)


def test_removed_created_again_and_brought_back(
    owner: APIClient, fake: FakeDocker, server_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create = {"id": "lobby", "accept_eula": True}
    assert owner.post("/api/servers", create, format="json").status_code == 201
    (server_path / "lobby" / "data" / "level.dat").write_text("the first")
    assert operate(owner, "lobby", "remove") == 200
    assert owner.post("/api/servers", create, format="json").status_code == 201

    kinds = [one["kind"] for one in owner.get("/api/servers/lobby/operations").json()["operations"]]
    assert kinds == ["create"]
    everything = owner.get("/api/servers/lobby/operations?all=1").json()["operations"]
    assert [one["kind"] for one in everything] == ["create", "remove", "create"]
    assert len(owner.get("/api/servers/lobby/compose/revisions").json()["revisions"]) == 1
    assert len(owner.get("/api/servers/lobby/compose/revisions?all=1").json()["revisions"]) == 2

    call_command("servers", "--removed")
    name = re.match(r"lobby-\S+", capsys.readouterr().out)
    assert name
    with pytest.raises(Exception, match="exists"):
        call_command("restore_removed", name[0])
    assert operate(owner, "lobby", "remove") == 200
    call_command("restore_removed", name[0])
    assert (server_path / "lobby" / "data" / "level.dat").read_text() == "the first"
    kinds = [one["kind"] for one in owner.get("/api/servers/lobby/operations").json()["operations"]]
    assert kinds == ["restore_removed", "remove", "create"]
    with pytest.raises(Exception, match="no removed server"):
        call_command("restore_removed", "../lobby")


def test_purging_deletes_what_is_old_and_nothing_else(server_path: Path, db: None) -> None:
    old, new = (
        f"lobby-{datetime.now(UTC) - timedelta(days=days):%Y%m%dT%H%M%S%fZ}" for days in (40, 1)
    )
    for name in (old, new, "lobby-before-123"):
        (server_path / ".removed" / name / "data").mkdir(parents=True)
    (server_path / ".removed" / old / "data" / "out").symlink_to("/etc")

    assert async_to_sync(removed.purge)([], keep_days=30, dry_run=True) == [old]
    assert async_to_sync(removed.purge)([], keep_days=30) == [old]

    assert sorted(one.name for one in (server_path / ".removed").iterdir()) == sorted([new, "lobby-before-123"])
    assert Path("/etc/hostname").exists()
    with pytest.raises(incarnations.RemovedNotFound):
        async_to_sync(removed.purge)(["../lobby"], keep_days=0)


def test_defaults_are_free_ports_and_what_was_used(owner: APIClient, fake: FakeDocker, server_path: Path) -> None:
    write_server(server_path, "lobby", compose_text("lobby", game_port=25565, rcon_port=25575))
    found = owner.get("/api/servers/defaults").json()

    assert found["gamePort"] > 25565
    assert found["rconPort"] not in {25575, found["gamePort"]}
    assert "NEOFORGE" in found["types"]
    assert found["versions"] == {"PAPER": "1.16.1"}


@pytest.mark.parametrize("kind", ["VANILLA", "PAPER", "FABRIC", "FORGE", "NEOFORGE", "SPIGOT", "CUSTOM"])
def test_each_type_makes_a_file_that_passes_everything(owner: APIClient, fake: FakeDocker, kind: str) -> None:
    body = {"id": "x", "accept_eula": True, "type": kind.lower(), "motd": "a $HOME # \"b\": 'c'", "max_memory": "1.5G"}

    answer = owner.post("/api/servers", body, format="json")

    assert answer.status_code == 201, answer.json()
    assert (answer.json()["serverType"], answer.json()["maxMemoryBytes"]) == (kind, 1536 * 1024**2)
    detail = owner.get("/api/servers/x/").json()
    assert (detail["findings"], detail["warnings"], detail["problem"]) == ([], [], None)
    assert detail["environment"]["MOTD"] == "a $$HOME # \"b\": 'c'"


def test_a_port_of_another_servers_file_is_409(owner: APIClient, fake: FakeDocker, server: str) -> None:
    answer = owner.post("/api/servers", {"id": "x", "yaml_content": compose_text("x")}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "port_taken")
    assert repr(server) in answer.json()["detail"]


def test_a_port_that_a_program_listens_on_is_409(owner: APIClient, fake: FakeDocker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        answer = owner.post("/api/servers", {"id": "x", "accept_eula": True, "game_port": port}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "port_taken")


@pytest.mark.parametrize("key", ["pids_limit", "mem_limit"])
@pytest.mark.parametrize("value", ["²", "9" * 5000])
def test_a_limit_that_is_no_number_breaks_no_page(
    owner: APIClient, fake: FakeDocker, server_path: Path, key: str, value: str
) -> None:
    write_server(server_path, "odd", compose_text("odd") + f'    {key}: "{value}"\n')

    assert owner.get("/api/servers/odd").status_code == 200
    assert [one["id"] for one in owner.get("/api/servers").json()] == ["odd"]


def test_a_server_made_by_hand_has_no_revisions(owner: APIClient, fake: FakeDocker, server: str) -> None:
    assert owner.get(f"/api/servers/{server}/compose/revisions").json() == {"revisions": []}
