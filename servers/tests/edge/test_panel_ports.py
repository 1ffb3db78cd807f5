"""The panel's own port, refused to every server on every address."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from core import process_identity
from servers.changes import port_conflicts
from servers.docker.cli import PortTaken
from servers.minecraft.compose.rules import MCComposeFile
from servers.models import PanelPort
from servers.records import panel_ports
from servers.tests.conftest import GAME_PORT, compose_text, write_server
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db

SPELLED = [
    "5678:25565",
    "127.0.0.2:5678:25565",
    "[::1]:5678:25565",
    "5670-5680:25560-25570",
    "5678:25565/tcp",
    "{target: 25565, published: '5678', host_ip: '::1'}",
    "{target: 8100, published: 5678}",
]


def published(port: str) -> list[tuple[str, int, str]]:
    entry = port if port.startswith("{") else f'"{port}"'
    text = f"services:\n  mc:\n    image: itzg/minecraft-server\n    ports:\n      - {entry}\n"
    return MCComposeFile.read(text, server_id="x", allowed_images=settings.MC_ADMIN.allowed_images).published_ports


@pytest.mark.parametrize("port", SPELLED)
def test_the_panels_port_is_refused_however_it_is_spelled(port: str) -> None:
    panel_ports.note(5678)

    with pytest.raises(PortTaken, match="5678 is the panel's own"):
        port_conflicts.check_panel_ports(published(port))


@pytest.mark.parametrize("port", ["5679:25565", "5678:25565/udp", "25565:5678"])
def test_other_ports_are_free(port: str) -> None:
    panel_ports.note(5678)

    port_conflicts.check_panel_ports(published(port))


@pytest.mark.parametrize("host", ["", "127.0.0.2:", "[::1]:"])
@pytest.mark.parametrize("way", ["create", "update", "up"])
@pytest.mark.django_db(transaction=True)
def test_no_way_to_run_a_game_gives_it_the_panels_port(
    owner: APIClient, fake: FakeDocker, server_path: Path, way: str, host: str
) -> None:
    panel_ports.note(5678)
    text = compose_text("x").replace(f"127.0.0.1:{GAME_PORT}:", f"{host}5678:")
    if way == "create":
        answer = owner.post("/api/servers", {"id": "x", "yaml_content": text}, format="json")
    else:
        write_server(server_path, "x", compose_text("x") if way == "update" else text)
        operation = {"action": "up"} if way == "up" else {"yaml_content": text}
        place = "operations" if way == "up" else "compose"
        answer = owner.post(f"/api/servers/x/{place}", operation, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "port_taken")
    assert "5678 is the panel's own" in answer.json()["detail"]
    assert not fake.containers


def test_ports_of_living_processes_stay_and_those_of_dead_ones_go() -> None:
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    host = process_identity.this_process().rsplit(":", 2)[0]
    PanelPort.objects.create(port=5001, owner=f"{host}:{ended.pid}:1")
    PanelPort.objects.create(port=5002, owner=f"another-host/12345678:{os.getpid()}:1")

    panel_ports.note(5678)

    assert panel_ports.current() == {5002, 5678}
