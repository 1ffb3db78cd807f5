"""Files made elsewhere on the real engine: what the fake one only says that it does."""

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from servers.tests.conftest import IMAGE
from testing.panel import Panel, free_port, operate, running_panel, wait_for

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

TINY = "mcadmin-testbed:tiny"
GAME = """services:
  minecraft:
    image: {image}
    mem_limit: 512m
    environment: {{EULA: "TRUE", VERSION: "1.16.1", RCON_PASSWORD: not-a-secret}}
    ports: ["127.0.0.1:{port}:25565"]
    volumes: ["{data}:/data"]
"""


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with running_panel(tmp_path_factory.mktemp("panel")) as one:
        yield one


@pytest.fixture
def client(panel: Panel) -> Iterator[httpx.Client]:
    with panel.client() as one:
        yield one


@contextmanager
def adopted(panel: Panel, more: str = "", *, data: str = "./data", before: str = "") -> Iterator[str]:
    """A server whose file somebody put there by hand; ``more`` follows in the file's end."""
    name = f"a{uuid.uuid4().hex[:8]}"
    folder = panel.servers / name
    (folder / "data").mkdir(parents=True)
    text = before + GAME.format(image=IMAGE, port=free_port(), data=data) + more
    (folder / "docker-compose.yml").write_text(text)
    try:
        yield name
    finally:
        compose(folder, "--profile", "*", "down", "--timeout", "1", "--volumes")


def compose(folder: Path, *argv: str) -> str:
    """Call Compose by hand in a server's folder, without a shell's variables."""
    tool = Path(__file__).resolve().parents[3] / ".tools/bin/docker-compose"
    return subprocess.run([tool, *argv], cwd=folder, check=True, capture_output=True, text=True).stdout


def up(client: httpx.Client, name: str, *, wanted: str, **more: Any) -> dict[str, Any]:
    """Start a server and wait for a status; return all that the status says."""
    answer = operate(client, name, "up", **more)
    assert answer.status_code == 200, answer.text
    ask = f"/servers/{name}/status"
    found = wait_for(lambda: client.get(ask).json(), lambda one: one["status"] == wanted, limit_s=60)
    return dict(found)


@pytest.mark.parametrize("code", [0, 3])
def test_a_service_that_ends_keeps_no_update_from_its_server(panel: Panel, client: httpx.Client, code: int) -> None:
    once = f'  prepare:\n    image: {TINY}\n    entrypoint: ["sh", "-c", "exit {code}"]\n    restart: "no"\n'
    accept = {"accept_findings": ["image_not_allowed"]}
    with adopted(panel, once) as name:
        up(client, name, wanted="HEALTHY", **accept)
        text = client.get(f"/servers/{name}/compose").json()["yaml_content"]

        answer = client.post(f"/servers/{name}/compose", json={"yaml_content": text.replace("512m", "500m"), **accept})

        assert answer.status_code == 200, answer.text
        warnings = answer.json()["operation"]["warnings"]
        assert any("prepare" in one and f"exit code {code}" in one for one in warnings) is bool(code)
        assert (panel.servers / name / "docker-compose.yml").read_text() == text.replace("512m", "500m")


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ("{test: exit 1, interval: 1s, retries: 1, start_period: 0s}", "Unhealthy"),
        ("{disable: true}", "No health check is on, in the image or in the compose file."),
    ],
    ids=["fails", "off"],
)
def test_a_game_whose_health_check_says_nothing_is_asked_for_its_players(
    panel: Panel, client: httpx.Client, check: str, reason: str
) -> None:
    with adopted(panel, f"    healthcheck: {check}\n") as name:
        operate(client, name, "up")
        ask = f"/servers/{name}"
        found = wait_for(
            lambda: client.get(f"{ask}/status").json(), lambda one: reason in str(one["reason"]), limit_s=60
        )
        assert found["status"] == "RUNNING"

        players = wait_for(lambda: client.get(f"{ask}/players"), lambda one: one.status_code == 200, limit_s=30).json()

        assert players["onlinePlayers"] == []
        assert players["maxPlayers"] == 20
        assert players["sampledAt"] is not None


def test_a_game_behind_a_profile_is_warned_of_and_up_says_why(panel: Panel, client: httpx.Client) -> None:
    with adopted(panel, "    profiles: [games]\n") as name:
        assert "`profiles`" in str(client.get(f"/servers/{name}").json()["warnings"])

        answer = operate(client, name, "up")

        assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_start")
        assert client.get(f"/servers/{name}/status").json()["status"] == "EXISTS"


def test_a_folder_named_by_the_shells_own_variable_is_the_servers(panel: Panel, client: httpx.Client) -> None:
    with adopted(panel, data="${PWD}/data", before='version: "3.8"\n') as name:
        def root() -> Any:
            return client.get(f"/servers/{name}").json()["dataRoot"]

        assert wait_for(root, lambda one: one["kind"] == "folder", limit_s=10)["inSnapshots"]
        up(client, name, wanted="HEALTHY")

        assert (panel.servers / name / "data/server.properties").exists()
        assert root()["sentence"] == "The game's files are in the folder `data` of the server's directory."
        assert {"server.properties"} <= {one["name"] for one in client.get(f"/servers/{name}/files").json()["items"]}


def test_a_container_of_others_with_the_servers_name_is_left_alone(panel: Panel, client: httpx.Client) -> None:
    with adopted(panel) as name:
        subprocess.run(
            ["docker", "run", "--detach", "--memory", "64m", "--name", f"mc-{name}", TINY, "sleep", "300"],
            check=True, capture_output=True,
        )
        try:
            problem = wait_for(lambda: client.get(f"/servers/{name}").json()["problem"], bool, limit_s=30)
            assert f"mc-{name} was not made from this directory" in problem

            answer = operate(client, name, "up")

            assert (answer.status_code, answer.json()["code"]) == (409, "foreign_container")
        finally:
            subprocess.run(["docker", "rm", "--force", f"mc-{name}"], check=True, capture_output=True)
