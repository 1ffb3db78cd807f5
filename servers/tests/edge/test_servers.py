from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from accounts.models import User, UserRole
from servers import wiring
from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)


def look_at_engine() -> None:
    async_to_sync(wiring.live().engine.refresh)()


def test_no_servers_yet_is_an_empty_list(owner: APIClient, fake: FakeDocker) -> None:
    assert owner.get("/api/servers/").json() == []


def test_a_server_made_by_hand_is_simply_there(owner: APIClient, fake: FakeDocker, server: str) -> None:
    look_at_engine()

    item = owner.get("/api/servers").json()[0]

    assert (item["id"], item["status"]) == (server, "EXISTS")
    assert (item["serverType"], item["gameVersion"]) == ("PAPER", "1.16.1")
    assert item["maxMemoryBytes"] == 2 * 1024**3
    assert item["problem"] is None


def test_a_reason_comes_as_a_code_too_wherever_it_is_told(owner: APIClient, fake: FakeDocker, server: str) -> None:
    def told() -> list[tuple[str | None, dict[str, object], str | None]]:
        look_at_engine()
        one, own = owner.get(f"/api/servers/{server}").json(), owner.get(f"/api/servers/{server}/status").json()
        return [
            *((at["statusReasonCode"], at["statusReasonParams"], at["statusReason"])
              for at in (owner.get("/api/servers").json()[0], one)),
            (own["reasonCode"], own["reasonParams"], own["reason"]),
        ]

    assert told() == [(None, {}, None)] * 3
    async_to_sync(wiring.manager().get_instance(server).project.up)()
    fake.end(fake.find(f"mc-{server}"), 3)
    assert told() == [("crashed", {"exitCode": 3}, "Exited with code 3.")] * 3


@pytest.mark.parametrize("node", [None, "box2"])
def test_an_item_names_its_machine(
    node: str | None, owner: APIClient, fake: FakeDocker, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "node", lambda: node)

    assert owner.get("/api/servers").json()[0]["node"] == node
    assert owner.get(f"/api/servers/{server}").json()["node"] == node


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("services: [", "not valid YAML"),
        ("[" * 60_000, "nests deeper than 64"),
        ("a: &a [x]\nb: &b [*a,*a]\n" + "c: [" + "*b," * 200_000 + "]", "larger than"),
        ("", "is empty"),
        ("services:\n  mc:\n    image: other/thing\n", "The image must be one of"),
    ],
    ids=["no yaml", "depth bomb", "too large", "empty", "foreign image"],
)
def test_a_broken_file_comes_with_its_problem(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, text: str, said: str
) -> None:
    write_server(server_path, "broken", text)

    items = {item["id"]: item for item in owner.get("/api/servers").json()}

    assert items[server]["problem"] is None
    assert said in items["broken"]["problem"]


def test_unknown_server_is_404_and_its_status_removed(owner: APIClient, fake: FakeDocker) -> None:
    answer = owner.get("/api/servers/ghost/")

    assert answer.status_code == 404
    assert "not found" in answer.json()["detail"]
    assert owner.get("/api/servers/ghost/status").json()["status"] == "REMOVED"


@pytest.mark.parametrize("name", ["..", "%2e%2e", ".removed", "-x", "a" * 64, "defaults", "live", "a%2fb", "a%00"])
def test_an_id_that_no_server_can_have_is_404(owner: APIClient, fake: FakeDocker, name: str) -> None:
    for route in ("/", "/status", "/operations", "/compose", "/players"):
        if (name, route) == ("defaults", "/"):
            continue  # an address of its own
        assert owner.get(f"/api/servers/{name}{route}").status_code == 404


def test_create_from_parameters(owner: APIClient, fake: FakeDocker, server_path: Path) -> None:
    answer = owner.post("/api/servers", {"id": "lobby", "accept_eula": True, "motd": 'a "$HOME"'}, format="json")

    assert answer.status_code == 201, answer.json()
    assert (server_path / "lobby" / "data").is_dir()
    assert "mc-lobby" in owner.get("/api/servers/lobby/compose").json()["yaml_content"]
    again = owner.post("/api/servers", {"id": "lobby", "accept_eula": True}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "server_exists")


def test_two_created_servers_get_different_ports(owner: APIClient, fake: FakeDocker) -> None:
    ports = [
        owner.post("/api/servers", {"id": name, "accept_eula": True}, format="json").json()["gamePort"]
        for name in ("one", "two")
    ]

    assert ports[0] != ports[1]


@pytest.mark.parametrize(
    "body",
    [
        {"id": "Upper", "accept_eula": True},
        {"id": "live", "accept_eula": True},
        {"id": "..", "accept_eula": True},
        {"id": "x"},
        {"id": "x", "accept_eula": True, "type": "EVIL"},
        {"id": "x", "accept_eula": True, "version": "1\nprivileged: true"},
        {"id": "x", "accept_eula": True, "motd": "two\nlines"},
        {"id": "x", "accept_eula": True, "max_memory": "lots"},
    ],
)
def test_bad_parameters_are_refused_and_leave_nothing(
    owner: APIClient, fake: FakeDocker, server_path: Path, body: dict[str, object]
) -> None:
    answer = owner.post("/api/servers", body, format="json")

    assert answer.status_code == 400, answer.json()
    assert list(server_path.iterdir()) == []


def test_every_broken_rule_of_a_text_is_named(owner: APIClient, fake: FakeDocker, server_path: Path) -> None:
    text = compose_text("x").replace("mc-x", "mc-y").replace("itzg/", "evil/").replace('"1.16.1"', "1.20")

    answer = owner.post("/api/servers", {"id": "x", "yaml_content": text}, format="json")

    assert answer.status_code == 400
    said = answer.json()["errors"]["yaml_content"]
    assert len(said) == 3
    assert all(sentence.startswith("line ") for sentence in said)
    assert list(server_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("    privileged: true", "privileged"),
        ("    network_mode: host", "network_mode"),
        ("    env_file: /etc/passwd", "reference_not_plain"),
        ("    devices: [/dev/sda]", "devices"),
        ("    build: .", "build"),
        ("  other:\n    image: busybox", "image_not_allowed"),
        ("configs:\n  a:\n    file: /etc/passwd", "reference_not_plain"),
    ],
)
def test_what_could_reach_the_host_is_403_with_its_code(
    owner: APIClient, fake: FakeDocker, server_path: Path, line: str, code: str
) -> None:
    answer = owner.post("/api/servers", {"id": "x", "yaml_content": compose_text("x") + line + "\n"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (403, "unsafe_compose")
    assert [one["code"] for one in answer.json()["findings"]] == [code]
    assert answer.json()["findings"][0]["line"] >= 15
    assert list(server_path.iterdir()) == []


@pytest.mark.parametrize(
    ("volume", "code"),
    [
        ("/:/host", "bind_outside"), ("./data/x:/data", "bind_in_data"), (".:/data", "bind_outside"),
        ("./compose.yaml:/c", "bind_control"), ("./.mcadminignore:/c", "bind_control"),
    ],
)
def test_another_volume_is_refused(owner: APIClient, fake: FakeDocker, volume: str, code: str) -> None:
    text = compose_text("x").replace("- ./data:/data", f"- {volume}")

    answer = owner.post("/api/servers", {"id": "x", "yaml_content": text}, format="json")

    assert [one["code"] for one in answer.json()["findings"]] == [code]


def test_an_admin_creates_but_accepts_nothing(api: APIClient, db: None, fake: FakeDocker) -> None:
    api.force_authenticate(User(username="adam", role=UserRole.ADMIN))
    text = compose_text("x") + "    privileged: true\n"

    accepting = {"id": "x", "yaml_content": text, "accept_findings": ["privileged"]}
    answer = api.post("/api/servers", accepting, format="json")

    assert (answer.status_code, answer.json()["code"]) == (403, "owner_needed")
    assert api.post("/api/servers", {"id": "x", "accept_eula": True}, format="json").status_code == 201


def test_players_of_a_server_that_is_not_healthy_is_409(owner: APIClient, fake: FakeDocker, server: str) -> None:
    look_at_engine()

    answer = owner.get(f"/api/servers/{server}/players")

    assert (answer.status_code, answer.json()["code"]) == (409, "server_not_running")


@pytest.mark.parametrize("command", ["", " ", "say a\nop me", "say \x1b]0;x", "x" * 1447, "é" * 724])
def test_a_command_that_could_be_two_is_refused(
    owner: APIClient, fake: FakeDocker, server: str, command: str
) -> None:
    answer = owner.post(f"/api/servers/{server}/rcon", {"command": command}, format="json")

    assert answer.status_code == 400
