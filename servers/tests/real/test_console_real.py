"""Console, RCON and players of real containers, seen through a panel of its own."""

import json
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import ClientConnection

from servers.tests.conftest import write_server
from testbed.tests.support import Player
from testing.panel import Panel, real_text, receive_until, running_panel, wait_for

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

Edit = Callable[[str], str]


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with running_panel(tmp_path_factory.mktemp("panel")) as one:
        yield one


@pytest.fixture
def client(panel: Panel) -> Iterator[httpx.Client]:
    with panel.client() as one:
        yield one


@pytest.fixture
def server(panel: Panel) -> Iterator[str]:
    """A new id; its container and network are removed in the end."""
    name = f"con-{uuid.uuid4().hex[:8]}"
    yield name
    docker("rm", "--force", "--volumes", f"mc-{name}")
    docker("network", "rm", f"{name}_default")


def docker(*argv: str) -> str:
    return subprocess.run(["docker", *argv], capture_output=True, text=True, check=False).stdout


def write(panel: Panel, server: str, edit: Edit = lambda text: text) -> Path:
    text = real_text(server)
    return write_server(panel.servers, server, edit(text))


def operate(client: httpx.Client, server: str, action: str) -> None:
    client.post(f"/servers/{server}/operations", json={"action": action})  # its outcome is not what is tested


def status(client: httpx.Client, server: str) -> dict[str, str]:
    found: dict[str, str] = client.get(f"/servers/{server}/status").json()
    return found


def up(client: httpx.Client, server: str) -> None:
    operate(client, server, "up")
    wait_for(lambda: status(client, server)["status"], lambda one: one == "HEALTHY", limit_s=60)


def read_lines(socket: ClientConnection, last: str) -> list[str]:
    """Read log frames until a line has ``last`` in it."""
    lines: list[str] = []
    while not any(last in line for line in lines):
        frame = receive_until(socket, lambda frame: frame["type"] == "log", limit_s=40)
        lines += frame["content"].splitlines()
    return lines


def test_why_an_image_fails_at_start_is_on_the_console_and_in_the_reason(
    panel: Panel, client: httpx.Client, server: str
) -> None:
    write(panel, server, lambda text: text.replace('EULA: "TRUE"', 'EULA: "FALSE"'))
    with panel.socket(f"/servers/{server}/console") as socket:
        socket.send(json.dumps({"type": "source", "source": "container"}))
        receive_until(socket, lambda frame: frame["type"] == "source_changed")
        operate(client, server, "up")
        lines = read_lines(socket, "You need to agree to the EULA")
        assert any("EULA is not accepted" in line for line in lines)
    told = wait_for(lambda: status(client, server)["reason"], lambda one: bool(one and "It said" in one), limit_s=20)
    assert told.startswith("Exited with code 1. It said: ")
    assert "You need to agree to the EULA in order to run the server" in told
    with panel.socket(f"/servers/{server}/console") as late:
        late.send(json.dumps({"type": "source", "source": "container"}))
        assert any("EULA is not accepted" in line for line in read_lines(late, "You need to agree"))


def test_why_the_engine_could_not_start_it_is_told_too(panel: Panel, client: httpx.Client, server: str) -> None:
    write(panel, server, lambda text: f"{text}    entrypoint: [/no/such/program]\n")
    operate(client, server, "up")
    told = wait_for(lambda: status(client, server)["reason"], lambda one: "no/such/program" in (one or ""), limit_s=20)
    assert "no such file or directory" in told
    with panel.socket(f"/servers/{server}/console") as socket:
        socket.send(json.dumps({"type": "source", "source": "container"}))
        read_lines(socket, "no such file or directory")


def test_a_crash_loop_is_followed_line_by_line(panel: Panel, client: httpx.Client, server: str) -> None:
    write(panel, server, lambda text: f"{text}    restart: always\n".replace('EULA: "TRUE"', 'EULA: "FALSE"'))
    with panel.socket(f"/servers/{server}/console") as socket:
        socket.send(json.dumps({"type": "source", "source": "container"}))
        operate(client, server, "up")
        lines: list[str] = []
        while sum("EULA is not accepted" in line for line in lines) < 3:
            lines += receive_until(socket, lambda frame: frame["type"] == "log", limit_s=40)["content"].splitlines()
    told = wait_for(lambda: status(client, server)["reason"], lambda one: "Crash loop" in (one or ""), limit_s=30)
    operate(client, server, "kill")
    assert "Crash loop: exited with code 1" in told
    whole = docker("logs", f"mc-{server}").splitlines() or lines
    assert sum("EULA is not accepted" in line for line in whole) >= 3


def test_restart_and_re_creation_lose_and_double_no_line(panel: Panel, client: httpx.Client, server: str) -> None:
    write(panel, server)
    name = f"mc-{server}"
    with panel.socket(f"/servers/{server}/console") as socket:
        socket.send(json.dumps({"type": "set_filter", "filter_rcon": False}))
        socket.send(json.dumps({"type": "source", "source": "container"}))
        up(client, server)
        operate(client, server, "restart")
        wait_for(lambda: status(client, server)["status"], lambda one: one == "HEALTHY", limit_s=60)
        docker("exec", name, "rcon-cli", "testbed", "log", "last of the first")
        seen = read_lines(socket, "last of the first")
        first = subprocess.run(["docker", "logs", name], capture_output=True, text=True, check=True)
        expected = (first.stdout + first.stderr).splitlines()
        upto = next(number for number, line in enumerate(expected) if "last of the first" in line) + 1
        assert sorted(seen) == sorted(expected[: len(seen)])
        assert len(seen) >= upto
        operate(client, server, "down")
        up(client, server)
        docker("exec", name, "rcon-cli", "testbed", "log", "last of the second")
        again = read_lines(socket, "last of the second")
        assert any("Done (" in line for line in again)
    operate(client, server, "down")


def test_players_by_list_then_by_ping_when_rcon_is_off(panel: Panel, client: httpx.Client, server: str) -> None:
    write(panel, server, lambda text: text.replace("TYPE: PAPER", 'TYPE: PAPER\n      MOTD: "Hello there"'))
    up(client, server)
    port = client.get(f"/servers/{server}/").json()["gamePort"]
    with Player(port, "Bot1") as bot:
        bot.wait_for(event="spawn")
        found = wait_for(
            lambda: client.get(f"/servers/{server}/players").json(),
            lambda one: one.get("onlinePlayers") == ["Bot1"] and one["motd"] is not None, limit_s=20,
        )
        assert found["maxPlayers"] == 20
        assert found["motd"] == "Hello there"
        assert found["latencyMs"] > 0
    operate(client, server, "down")

    compose = panel.servers / server / "compose.yaml"
    compose.write_text(compose.read_text().replace('EULA: "TRUE"', 'EULA: "TRUE"\n      ENABLE_RCON: "false"'))
    up(client, server)
    with Player(port, "Bot1") as bot:
        bot.wait_for(event="spawn")
        found = wait_for(
            lambda: client.get(f"/servers/{server}/players").json(),
            lambda one: one.get("onlineCount") == 1, limit_s=30,
        )
        assert (found["onlinePlayers"], found["maxPlayers"]) == ([], 20)  # this game's ping tells no names
    refused = client.post(f"/servers/{server}/rcon", json={"command": "list"})
    assert refused.status_code == 502
    assert "is RCON on" in refused.json()["detail"]
    operate(client, server, "down")


def test_a_command_goes_over_rcon_and_is_seen_by_the_other_viewer(
    panel: Panel, client: httpx.Client, server: str
) -> None:
    write(panel, server)
    up(client, server)
    with panel.socket(f"/servers/{server}/console") as one, panel.socket(f"/servers/{server}/console") as other:
        for viewer in (one, other):  # a socket is open before its view has begun, and hears of no command until then
            viewer.send(json.dumps({"type": "set_filter"}))
            receive_until(viewer, lambda frame: frame["type"] == "filter_updated")
        one.send(json.dumps({"type": "command", "command": "testbed echo 100000"}))
        answer = receive_until(one, lambda frame: frame["type"] == "command_result")
        assert len(answer["result"]) == 100_000
        echoed = receive_until(other, lambda frame: frame["type"] == "command")
        assert (echoed["username"], echoed["command"]) == ("SYSTEM", "testbed echo 100000")
        docker("kill", f"mc-{server}")
        wait_for(lambda: status(client, server)["status"], lambda one: one == "CREATED", limit_s=10)
        one.send(json.dumps({"type": "command", "command": "list"}))
        assert "not running" in receive_until(one, lambda frame: frame["type"] == "error")["message"]
        docker("start", f"mc-{server}")
        wait_for(lambda: status(client, server)["status"], lambda one: one == "HEALTHY", limit_s=60)
        one.send(json.dumps({"type": "command", "command": "list"}))
        assert "players online" in receive_until(one, lambda frame: frame["type"] == "command_result")["result"]
    operate(client, server, "down")
