"""The main job, as a user does it: over HTTP and WebSocket against a panel in its own process, on a real engine."""

import json
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import ClientConnection

from testbed.tests.support import Player
from testing.panel import Panel, free_port, receive_until, running_panel, wait_for

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    with running_panel(tmp_path) as one:
        yield one


@pytest.fixture
def server_id() -> Iterator[str]:
    name = f"e2e-{uuid.uuid4().hex[:8]}"
    yield name
    subprocess.run(["docker", "rm", "--force", f"mc-{name}"], capture_output=True, check=False)
    subprocess.run(["docker", "network", "rm", f"{name}_default"], capture_output=True, check=False)


def status_of(client: httpx.Client, server_id: str) -> dict[str, object]:
    answer = client.get(f"/servers/{server_id}/status")
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def create(client: httpx.Client, server_id: str) -> int:
    ports = {"game_port": free_port(), "rcon_port": free_port()}  # other tests run beside this one
    parameters = {"id": server_id, "accept_eula": True, "type": "PAPER", "version": "1.16.1", **ports}
    created = client.post("/servers/", json=parameters)
    assert created.status_code == 201, created.text
    assert created.json()["status"] == "EXISTS"
    return int(created.json()["gamePort"])


def operate(client: httpx.Client, server_id: str, action: str) -> None:
    answer = client.post(f"/servers/{server_id}/operations", json={"action": action})
    assert answer.status_code == 200, answer.text
    assert answer.json()["operation"]["state"] == "succeeded"


def test_a_server_lives_from_create_to_remove(panel: Panel, server_id: str) -> None:
    panel.manage("createowner", "--username", "alice", "--password-stdin", text="correct-horse-battery\n")
    with panel.client("") as nobody:
        login = nobody.post("/auth/token", data={"username": "alice", "password": "correct-horse-battery"})
    token = login.json()["access_token"]
    with panel.client(token) as client:
        game_port = create(client, server_id)
        seen = [status_of(client, server_id)["status"]]
        started = client.post(
            f"/servers/{server_id}/operations", json={"action": "up"}, headers={"Prefer": "respond-async"}
        )
        assert started.status_code == 202, started.text

        def note() -> object:
            status = status_of(client, server_id)["status"]
            if status != seen[-1]:
                seen.append(status)
            return status

        wait_for(note, lambda status: status == "HEALTHY", limit_s=90)
        assert [one for one in seen if one != "CREATED"] == ["EXISTS", "STARTING", "HEALTHY"]
        record = started.headers["Location"].removeprefix("/api")
        wait_for(lambda: client.get(record).json()["state"], lambda state: state == "succeeded", limit_s=20)

        with panel.socket(f"/servers/{server_id}/console", token) as console:
            first = receive_until(console, lambda frame: frame["type"] == "log")
            assert "Done (" in first["content"]
            play(client, console, server_id, game_port)

        kill_from_outside(client, server_id)
        operate(client, server_id, "start")
        wait_for(lambda: status_of(client, server_id)["status"], lambda status: status == "HEALTHY", limit_s=90)
        operate(client, server_id, "down")
        wait_for(lambda: status_of(client, server_id)["status"], lambda status: status == "EXISTS", limit_s=2)
        operate(client, server_id, "remove")
        wait_for(lambda: status_of(client, server_id)["status"], lambda status: status == "REMOVED", limit_s=2)
    removed = list((panel.servers / ".removed").iterdir())
    assert [one.name.startswith(f"{server_id}-") for one in removed] == [True]
    assert (removed[0] / "data" / "world").is_dir()


def play(client: httpx.Client, console: ClientConnection, server_id: str, game_port: int) -> None:
    """A player joins, is seen, hears and is heard."""
    with Player(game_port, "Bot1") as bot:
        bot.wait_for(event="spawn")
        wait_for(
            lambda: client.get(f"/servers/{server_id}/players").json()["onlinePlayers"],
            lambda names: names == ["Bot1"],
            limit_s=15,
        )
        said = client.post(f"/servers/{server_id}/rcon", json={"command": "say hello"})
        assert said.status_code == 200, said.text
        receive_until(console, lambda frame: frame["type"] == "log" and "hello" in frame["content"])
        wait_for(lambda: [str(event) for event in bot.events], lambda seen: "hello" in str(seen), limit_s=10)
        bot.order(chat="good morning")
        receive_until(
            console, lambda frame: frame["type"] == "log" and "<Bot1> good morning" in frame["content"]
        )
        console.send(json.dumps({"type": "command", "command": "list"}))
        result = receive_until(console, lambda frame: frame["type"] == "command_result")
        assert "Bot1" in result["result"]


def kill_from_outside(client: httpx.Client, server_id: str) -> None:
    subprocess.run(["docker", "kill", f"mc-{server_id}"], check=True, capture_output=True)
    found = wait_for(
        lambda: status_of(client, server_id), lambda status: status["status"] == "CREATED", limit_s=2
    )
    assert found["exitCode"] == 137
    assert "Killed" in found["reason"]
