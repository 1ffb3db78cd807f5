"""What the panel says of files made elsewhere is what the real engine made of them."""

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from servers.tests.conftest import IMAGE
from servers.tests.real.test_adoption_real import adopted, compose, panel, up
from testing.panel import Panel, free_port, operate, receive_until, wait_for

__all__ = ["panel"]  # a fixture

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

SECRET = "Ab3cDeFgHiJk"
HEAD = f"services:\n  mc:\n    image: {IMAGE}\n    mem_limit: 512m\n"
GAME = 'environment: {EULA: "TRUE", TYPE: FABRIC, VERSION: "1.16.1", MEMORY: 256M}\n'
REST = '    ports: ["127.0.0.1:@G@:25565", "127.0.0.1:@R@:25575"]\n    volumes: ["./mc-data:/data"]\n'
SPELLINGS: dict[str, dict[str, str]] = {
    "everything from .env": {
        "docker-compose.yml": HEAD.replace(":java21", ":${TAG:-java17}")
        + '    environment: {EULA: "TRUE", TYPE: "${TYPE}", VERSION: "${VERSION}", MEMORY: "${MEMORY}"}\n'
        + REST.replace("@G@", "${GAME:-1}").replace("@R@", "${RCON}").replace("./mc-data", "${DATA:-./data}"),
        ".env": "TAG=java21\nTYPE=FABRIC\nVERSION=1.16.1\nMEMORY=256M\nGAME=@G@\nRCON=@R@\nDATA=./mc-data\n"
        "DOCKER_MY_NETWORK=caddy_net\n",
    },
    "an env_file": {
        "docker-compose.yml": HEAD + "    env_file: mc.env\n" + REST,
        "mc.env": "EULA=TRUE\nTYPE=FABRIC\nVERSION=1.16.1\nMEMORY=256M\n",
    },
    "an override file": {
        "docker-compose.yml": HEAD, "docker-compose.override.yml": f"services:\n  mc:\n    {GAME}{REST}",
    },
    "include": {"docker-compose.yml": "include: [mc.yml]\n", "mc.yml": f"{HEAD}    {GAME}{REST}"},
}
NETWORKS = {
    "the host's": 'network_mode: host\n    environment: {EULA: "TRUE", VERSION: "1.16.1", SERVER_PORT: "@G@", '
    'RCON_PORT: "@R@", RCON_PASSWORD: not-a-secret}\n',
    "published one to one": 'ports: ["127.0.0.1:@G@:@G@", "127.0.0.1:@R@:@R@"]\n    environment: {EULA: "TRUE", '
    'VERSION: "1.16.1", SERVER_PORT: "@G@", RCON_PORT: "@R@", MODPACK_PLATFORM: AUTO_CURSEFORGE}\n',
}


@pytest.fixture
def client(panel: Panel) -> Iterator[httpx.Client]:
    with panel.client() as one:
        yield one


def put(folder: Path, files: dict[str, str]) -> tuple[int, int]:
    """Write a server's files with free ports, and return these: the game's and RCON's."""
    game, rcon = free_port(), free_port()
    for name, text in files.items():
        (folder / name).write_text(text.replace("@G@", str(game)).replace("@R@", str(rcon)))
    return game, rcon


def asked(client: httpx.Client, name: str, command: str) -> str:
    def ask() -> httpx.Response:
        return client.post(f"/servers/{name}/rcon", json={"command": command})

    return str(wait_for(ask, lambda one: one.status_code == 200, limit_s=30).json()["result"])


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_values_are_those_of_the_container(panel: Panel, client: httpx.Client, spelling: str) -> None:
    with adopted(panel) as name:
        folder = panel.servers / name
        game, rcon = put(folder, SPELLINGS[spelling])

        def values() -> list[Any]:
            found = client.get(f"/servers/{name}").json()
            keys = ("serverType", "gameVersion", "gamePort", "rconPort", "maxMemoryBytes")
            return [found[key] for key in keys]

        expected = ["FABRIC", "1.16.1", game, rcon, 256 * 1024**2]
        assert wait_for(values, expected.__eq__, limit_s=20)
        up(client, name, wanted="HEALTHY")
        made = compose(folder, "port", "mc", "25565"), compose(folder, "port", "mc", "25575")

        assert [int(one.rpartition(":")[2]) for one in made] == [game, rcon]
        assert values() == expected
        assert client.get(f"/servers/{name}").json()["problem"] is None
        assert "players online" in asked(client, name, "list")  # by the password in the game's own folder
        assert {"server.properties"} <= {one["name"] for one in client.get(f"/servers/{name}/files").json()["items"]}
        assert not list((folder / "data").iterdir())
        with panel.socket(f"/servers/{name}/console") as console:
            receive_until(console, lambda frame: frame["type"] == "log")


@pytest.mark.parametrize("network", NETWORKS)
def test_ports_of_a_game_are_those_that_it_listens_on(panel: Panel, client: httpx.Client, network: str) -> None:
    with adopted(panel) as name:
        text = f'{HEAD}    volumes: ["./data:/data"]\n    {NETWORKS[network]}'
        game, rcon = put(panel.servers / name, {"docker-compose.yml": text})
        up(client, name, wanted="HEALTHY", accept_findings=["network_mode"])

        found = client.get(f"/servers/{name}").json()

        assert (found["gamePort"], found["rconPort"], found["problem"]) == (game, rcon, None)
        assert found["serverType"] == ("VANILLA" if network == "the host's" else "AUTO_CURSEFORGE")
        with socket.create_connection(("127.0.0.1", game), timeout=5):
            assert "players online" in asked(client, name, "list")


def test_a_secret_that_compose_cuts_is_told_and_printed_nowhere(panel: Panel, client: httpx.Client) -> None:
    with adopted(panel, f"    labels:\n      note: $2a$10${SECRET}\n") as name:
        done = operate(client, name, "up").json()
        assert done["operation"]["state"] == "succeeded", done
        seen = docker("inspect", "--format", '{{index .Config.Labels "note"}}', *ids(panel.servers / name))

        assert seen == "$2a$10"  # as Compose cuts it, and another one would not
        warnings = client.get(f"/servers/{name}").json()["warnings"]
        assert any("`$Ab…` is read as a variable that is not set: write `$$`" in one for one in warnings), warnings
        told = [done, operate(client, name, "down").json(), client.get(f"/servers/{name}/operations").json()]
        assert all("variable is not set" in str(one) for one in told), told
        assert SECRET[3:] not in json.dumps(told)


def docker(*argv: str) -> str:
    return subprocess.run(["docker", *argv], check=True, capture_output=True, text=True).stdout.strip()


def ids(folder: Path) -> list[str]:
    return compose(folder, "ps", "--quiet").split()


def no_variable(text: str) -> str:
    return text.replace('"1.16.1"', "'${MC_VERSION:?set it}'")


def no_unit(text: str) -> str:
    return f'{text}    stop_grace_period: "90"\n'


@pytest.mark.parametrize(("spoil", "said"), [(no_variable, "MC_VERSION"), (no_unit, "stop_grace_period")])
def test_what_compose_refuses_is_named(
    panel: Panel, client: httpx.Client, spoil: Callable[[str], str], said: str
) -> None:
    with adopted(panel) as name:
        file = panel.servers / name / "docker-compose.yml"
        text = file.read_text()
        file.write_text(spoil(text))

        answer = operate(client, name, "up")
        problem = wait_for(lambda: client.get(f"/servers/{name}").json()["problem"], bool, limit_s=20)
        file.write_text(text)  # so that it can be taken down

        assert answer.status_code in {400, 403}, answer.text
        assert said in answer.text
        assert said in problem


def test_a_taken_port_and_an_image_that_is_not_to_be_had(panel: Panel, client: httpx.Client) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as voice, adopted(panel) as name:
        voice.bind(("127.0.0.1", 0))
        number = voice.getsockname()[1]
        file = panel.servers / name / "docker-compose.yml"
        text = file.read_text()
        file.write_text(text.replace("ports: [", f'ports: ["127.0.0.1:{number}:24454/udp", '))
        taken = operate(client, name, "up")
        file.write_text(text.replace(":java21", ":no-such-tag"))
        missing = operate(client, name, "up")

        assert (taken.status_code, taken.json()["code"], str(number) in taken.json()["detail"]) == (
            409, "port_taken", True
        )
        assert missing.status_code == 503, missing.text
        assert missing.json()["detail"].startswith("The image cannot be fetched:")
        assert ids(panel.servers / name) == []
        assert client.get(f"/servers/{name}/status").json()["status"] == "EXISTS"


@pytest.mark.parametrize("target", ["elsewhere", "{outside}"])
def test_the_log_of_a_game_that_follows_a_link(
    panel: Panel, client: httpx.Client, tmp_path: Path, target: str
) -> None:
    with adopted(panel) as name:
        data = panel.servers / name / "data"
        (data / "elsewhere").mkdir()
        (data / "elsewhere").chmod(0o777)
        (data / "logs").symlink_to(target.format(outside=tmp_path))
        (data / "server.properties").write_text("\ufeff#Minecraft server properties\nmotd=mine\n")
        if target == "elsewhere":
            up(client, name, wanted="HEALTHY")
        with panel.socket(f"/servers/{name}/console") as console:
            if target == "elsewhere":
                receive_until(console, lambda frame: "Done (" in frame.get("content", ""))
            else:
                (tmp_path / "latest.log").write_text("secret\n")
                told = receive_until(console, lambda frame: frame["type"] != "filter_updated")
                assert told.get("message") == "logs leads out of the server's directory."
        names = client.get(f"/servers/{name}/properties").json()["properties"]
        assert "motd" in names
        assert not [one for one in names if "Minecraft" in one]


def test_a_password_changed_in_the_games_own_settings_is_found(panel: Panel, client: httpx.Client) -> None:
    with adopted(panel) as name:
        put(panel.servers / name, {"docker-compose.yml": f'{HEAD}    {GAME}    volumes: ["./data:/data"]\n'})
        up(client, name, wanted="HEALTHY")
        assert "players online" in asked(client, name, "list")
        file = panel.servers / name / "data/server.properties"
        compose(panel.servers / name, "stop", "--timeout", "20")
        lines = [one for one in file.read_text().splitlines() if not one.startswith("rcon.password")]
        file.write_text("\n".join([*lines, "rcon.password=caf\\u00e9\\: new", ""]))
        compose(panel.servers / name, "start")
        wait_for(lambda: client.get(f"/servers/{name}/status").json()["status"], "HEALTHY".__eq__, limit_s=60)

        assert "players online" in asked(client, name, "list")
        assert "new" in file.read_text()


def test_commands_and_players_are_those_of_the_game_that_is_asked(panel: Panel, client: httpx.Client) -> None:
    game = HEAD.partition("services:\n")[2] + '    environment: {EULA: "TRUE", VERSION: "1.16.1", RCON_PASSWORD: pw, '
    text = "services:\n" + "".join(
        game.replace("  mc:", f"  {one}:") + f'MAX_PLAYERS: "{most}"}}\n    volumes: ["./{one}:/data"]\n'
        for one, most in (("lobby", 7), ("survival", 9))
    )
    with adopted(panel) as name:
        put(panel.servers / name, {"docker-compose.yml": text})
        up(client, name, wanted="HEALTHY")

        def ask(service: str) -> str:
            where = f"/servers/{name}/rcon?service={service}"
            found = wait_for(
                lambda: client.post(where, json={"command": "list"}), lambda one: one.status_code == 200, limit_s=30
            )
            return str(found.json()["result"])

        assert sorted(client.get(f"/servers/{name}").json()["games"]) == ["lobby", "survival"]
        assert ["max of 7 " in ask("lobby"), "max of 9 " in ask("survival")] == [True, True]
        players = client.get(f"/servers/{name}/players?service=survival").json()
        assert players["maxPlayers"] == 9
        other = client.post(f"/servers/{name}/rcon?service=nobody", json={"command": "list"})
        assert other.status_code in {400, 404}, other.text


def test_the_log_of_a_game_through_rotation_and_other_encodings(panel: Panel, client: httpx.Client) -> None:
    with adopted(panel) as name, panel.socket(f"/servers/{name}/console") as console:
        up(client, name, wanted="HEALTHY")
        asked(client, name, "testbed log before midnight")
        receive_until(console, lambda frame: "before midnight" in frame.get("content", ""))
        asked(client, name, "testbed rotate")
        asked(client, name, "testbed log after midnight")
        receive_until(console, lambda frame: "after midnight" in frame.get("content", ""))
        with (panel.servers / name / "data/logs/latest.log").open("ab") as log:  # as a plugin on Windows writes it
            log.write(b"[00:00:01] [Server thread/INFO]: caf\xe9 \x1b]0;title\x07\x1b[31mred\x1b[0m end\r\n")
        [line] = receive_until(console, lambda frame: "caf" in frame.get("content", ""))["content"].splitlines()

        assert line.endswith("caf\ufffd \x1b[31mred\x1b[0m end"), line
