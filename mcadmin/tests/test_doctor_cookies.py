"""Which servers doctor says may get the panel's cookies; the Compose of this machine renders, no engine takes part."""

import io
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from servers import wiring
from servers.tests.conftest import GAME_PORT, compose_text, write_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.docker]
GAME = compose_text("lobby")
MAP = '  map:\n    image: itzg/minecraft-server\n    ports: ["{}"]\n'
SECOND_GAME = MAP.format("25566:25565")


def with_port(port: str) -> str:
    return GAME.replace("    ports:", f"    ports:\n      - {port}")


# What the server's folder holds beside its data, and what doctor says of it; nothing: it publishes no page.
FORMS: dict[str, tuple[dict[str, str], str]] = {
    "the game alone": ({}, ""),
    "a number": ({"compose.yaml": with_port('"8123:8123"')}, "publishes 8123 "),
    "another number outside": ({"compose.yaml": with_port('"8124:8123"')}, "publishes 8124 "),
    "one address": ({"compose.yaml": with_port('"[::1]:8123:8123"')}, "publishes 8123 "),
    "a range": ({"compose.yaml": with_port('"8123-8125:8100-8102"')}, "publishes 8123, 8124, 8125 "),
    "a range with the game's": (
        {"compose.yaml": GAME.replace(f"127.0.0.1:{GAME_PORT}:25565", "25564-25566:25564-25566")},
        "publishes 25564, 25566 ",
    ),
    "the long form": ({"compose.yaml": with_port("{target: 8123, published: '8123'}")}, "publishes 8123 "),
    "a variable": ({"compose.yaml": with_port('"${WEB}:8123"'), ".env": "WEB=8123\n"}, "publishes 8123 "),
    "a variable as a whole": ({"compose.yaml": with_port('"${WEB}"'), ".env": "WEB=8123:80\n"}, "publishes 8123 "),
    "a default": ({"compose.yaml": with_port('"${WEB:-8123}:8123"')}, "publishes 8123 "),
    "an override file": ({"compose.override.yaml": 'services: {mc: {ports: ["8123:8123"]}}\n'}, "publishes 8123 "),
    "extends": ({"compose.yaml": GAME.replace("    image:", "    extends: {file: base.yml, service: b}\n    image:"),
                 "base.yml": 'services: {b: {image: x, ports: ["8123:8123"]}}\n'}, "publishes 8123 "),
    "include": ({"compose.yaml": f"include: [map.yml]\n{GAME}", "map.yml": "services:\n" + MAP.format("8123:80")},
                "publishes 8123 "),
    "a service beside": ({"compose.yaml": GAME + MAP.format("8123:80")}, "publishes 8123 "),
    "another game": ({"compose.yaml": GAME + SECOND_GAME}, ""),
    "another game's RCON": ({"compose.yaml": GAME + MAP.format("25576:25575")}, ""),
    "UDP": ({"compose.yaml": with_port('"19132:19132/udp"')}, ""),
    "the machine's network": ({"compose.yaml": GAME + "  map: {image: itzg/minecraft-server, network_mode: host}\n"},
                              "any port that map opens in this machine's own network"),
    "a variable that must be set": ({"compose.yaml": with_port('"${WEB:?}:8123"')}, "lobby publishes is not known"),
    "no YAML": ({"compose.yaml": "services: [\n"}, "lobby publishes is not known"),
}


@pytest.fixture
def lobby(tmp_path: Path, settings: Any) -> Iterator[Path]:
    folder = tmp_path / "servers"
    folder.mkdir()
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"server_path": folder, "allowed_hosts": ["localhost"]})
    wiring.reset()
    yield write_server(folder, "lobby", GAME)
    wiring.reset()


def cookies() -> dict[str, Any]:
    out = io.StringIO()
    with suppress(SystemExit):
        call_command("doctor", "--json", stdout=out)
    found: list[dict[str, Any]] = [one for one in json.loads(out.getvalue()) if one["name"] == "cookies"]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("form", FORMS)
def test_ports_are_judged_as_docker_gets_them(lobby: Path, form: str) -> None:
    files, said = FORMS[form]
    for name, text in files.items():
        (lobby / name).write_text(text)

    found = cookies()

    assert (found["verdict"], said in found["sentence"]) == ("warning" if said else "ok", True), found


@pytest.mark.parametrize(
    ("hosts", "verdict"),
    [
        (["localhost"], "warning"), (["*"], "warning"), (["localhost", "192.0.2.7", "[::1]"], "warning"),
        (["panel.localhost"], "warning"), (["localhost", "panel.example.org"], "ok"),
    ],
)
def test_a_host_name_of_its_own_helps(lobby: Path, settings: Any, hosts: list[str], verdict: str) -> None:
    (lobby / "compose.yaml").write_text(with_port('"8123:8123"'))
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"allowed_hosts": hosts})

    assert cookies()["verdict"] == verdict
