"""Files made elsewhere: what does not hinder is a hint, and they can be edited as they are."""

from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from servers import wiring
from servers.minecraft import compose_update
from servers.tests.conftest import GAME_PORT, compose_text, write_server
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)

ADOPTED = f"""services:
  minecraft:
    image: itzg/minecraft-server:java21
    environment: {{EULA: "TRUE", MEMORY: 2G}}
    ports: ["127.0.0.1:{GAME_PORT}:25565"]
    volumes: ["./data:/data"]
"""


@pytest.fixture(autouse=True)
def short_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose_update, "WATCH_S", 0.1)


@pytest.fixture
def adopted(server_path: Path, fake: FakeDocker) -> Path:
    return write_server(server_path, "old", ADOPTED) / "compose.yaml"


def update(owner: APIClient, text: str, **more: object) -> tuple[int, str]:
    answer = owner.post("/api/servers/old/compose", {"yaml_content": text, **more}, format="json")
    return answer.status_code, str(answer.json())


def test_broken_conventions_are_hints_and_no_problem(owner: APIClient, adopted: Path) -> None:
    detail = owner.get("/api/servers/old").json()

    assert detail["problem"] is None
    said = " ".join(detail["hints"])
    assert all(word in said for word in ("`mc`", "`mc-old`", "VERSION", "25575"))
    assert len(detail["hints"]) == 4


def test_an_adopted_file_is_edited_as_it_is(owner: APIClient, adopted: Path) -> None:
    text = ADOPTED.replace("2G", "3G")

    assert update(owner, text)[0] == 200

    assert adopted.read_text() == text
    assert owner.get("/api/servers/old").json()["maxMemoryBytes"] == 3 * 1024**3


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (ADOPTED, ADOPTED.replace(f'["127.0.0.1:{GAME_PORT}:25565"]', "[]"), "Port 25565"),
        (ADOPTED.replace("MEMORY", 'VERSION: "1.21", MEMORY'), ADOPTED, "VERSION must be set"),
        (ADOPTED.replace("    image", "    container_name: mc-old\n    image"), ADOPTED, "container_name"),
        (ADOPTED.replace("  minecraft:", "  mc:"), ADOPTED, "called `mc`"),
        (ADOPTED, ADOPTED.replace("itzg/minecraft-server:java21", "itzg/other"), "allowed image"),
        (ADOPTED, ADOPTED.replace("MEMORY", "VERSION: 1.20, MEMORY"), "quote it"),
    ],
)
def test_an_update_makes_no_convention_worse(
    owner: APIClient, adopted: Path, before: str, after: str, said: str
) -> None:
    adopted.write_text(before)

    status, body = update(owner, after)

    assert status == 400
    assert said in body
    assert adopted.read_text() == before


def test_a_new_server_keeps_every_convention(owner: APIClient, adopted: Path) -> None:
    answer = owner.post("/api/servers", {"id": "new", "yaml_content": ADOPTED}, format="json")

    assert answer.status_code == 400
    assert len(answer.json()["errors"]["yaml_content"]) == 4


def test_a_service_that_has_done_its_work_is_no_failure(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path
) -> None:
    text = compose_text(server) + '  prepare: {image: "acme/once", restart: "no"}\n'
    (server_path / server / "compose.yaml").write_text(text)
    fake.one_shot_images.add("acme/once")
    accept = {"accept_findings": ["image_not_allowed"]}
    up = {"action": "up", **accept}
    assert owner.post(f"/api/servers/{server}/operations", up, format="json").status_code == 200

    body = {"yaml_content": text.replace("2G", "3G"), **accept}
    answer = owner.post(f"/api/servers/{server}/compose", body, format="json")

    assert answer.status_code == 200, answer.json()


def test_a_service_beside_the_game_that_fails_is_a_warning(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path
) -> None:
    text = compose_text(server) + "  beside: {image: acme/beside}\n"
    (server_path / server / "compose.yaml").write_text(text)
    fake.crashing_images.add("acme/beside")
    accept = {"accept_findings": ["image_not_allowed"]}
    up = {"action": "up", **accept}
    assert owner.post(f"/api/servers/{server}/operations", up, format="json").status_code == 200

    body = {"yaml_content": text.replace("2G", "3G"), **accept}
    answer = owner.post(f"/api/servers/{server}/compose", body, format="json")

    assert answer.status_code == 200, answer.json()
    assert "exit code 1" in str(answer.json())


@pytest.mark.parametrize(
    ("name", "is_found"), [("DOCKER_MY_NETWORK", False), ("DOCKER_HOST", True), ("COMPOSE_X", True)]
)
def test_only_what_docker_knows_is_a_finding(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, name: str, is_found: bool
) -> None:
    (server_path / server / ".env").write_text(f"{name}=x\n")

    found = [one["code"] for one in owner.get(f"/api/servers/{server}").json()["findings"]]

    assert ("compose_variable" in found) is is_found


def test_profiles_that_keep_the_game_from_starting_are_said(owner: APIClient, adopted: Path, fake: FakeDocker) -> None:
    adopted.write_text(ADOPTED + "    profiles: [games]\n")
    fake.refusals["--ansi"] = "no service selected"

    assert "`profiles`" in str(owner.get("/api/servers/old").json()["warnings"])
    answer = owner.post("/api/servers/old/operations", {"action": "up"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_start")


def test_an_update_that_is_rolled_back_says_what_is_as_before(
    owner: APIClient, adopted: Path, fake: FakeDocker
) -> None:
    up = {"action": "up"}
    assert owner.post("/api/servers/old/operations", up, format="json").status_code == 200
    fake.crashing_images.add("itzg/minecraft-server:java8")

    answer = owner.post(
        "/api/servers/old/compose", {"yaml_content": ADOPTED.replace("java21", "java8")}, format="json"
    )

    assert answer.status_code == 502
    assert answer.json()["restored_parts"] == {"compose": True, "data": False}
    assert "world" in answer.json()["detail"]


def test_while_it_runs_the_ports_are_the_containers(owner: APIClient, adopted: Path, fake: FakeDocker) -> None:
    assert owner.post("/api/servers/old/operations", {"action": "up"}, format="json").status_code == 200
    async_to_sync(wiring.live().engine.refresh)()
    adopted.write_text(ADOPTED.replace(f"{GAME_PORT}:", f"{GAME_PORT - 500}:"))

    assert owner.get("/api/servers/old").json()["gamePort"] == GAME_PORT

    assert owner.post("/api/servers/old/operations", {"action": "down"}, format="json").status_code == 200
    async_to_sync(wiring.live().engine.refresh)()
    assert owner.get("/api/servers/old").json()["gamePort"] == GAME_PORT - 500
