"""The Java of a new server, and what is said where it does not fit the game's version."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from servers.models import Operation
from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("body", "expected", "warned"),
    [
        ({}, 25, False), ({"version": "1.16.5"}, 8, False), ({"version": "1.16.5", "type": "paper"}, 11, False),
        ({"version": "1.20.4"}, 17, False), ({"version": "1.21.11", "java": "auto"}, 21, False),
        ({"version": "no-such"}, 25, False),
        ({"version": "1.20.4", "java": 21}, 21, False), ({"version": "1.20.4", "java": "21"}, 21, False),
        ({"version": "1.21.4", "java": 17}, 17, True),
        ({"java": 21}, 21, True),
    ],
)
def test_a_new_server_gets_its_java(
    owner: APIClient, fake: FakeDocker, body: dict[str, Any], expected: int, warned: bool
) -> None:
    answer = owner.post("/api/servers", {"id": "x", "accept_eula": True, **body}, format="json")

    assert (answer.status_code, answer.json().get("javaVersion")) == (201, expected), answer.json()
    detail = owner.get("/api/servers/x/").json()
    assert detail["image"] == f"itzg/minecraft-server:java{expected}"
    for warnings in (detail["warnings"], Operation.objects.get(kind="create").warnings):
        assert [one for one in warnings if "Java" in one] == (warnings if warned else [])
        assert bool(warnings) is warned


@pytest.mark.parametrize("value", [7, 16, "java21", "", None, True, 21.5, [21], {}])
def test_a_java_that_there_is_not_is_400(
    owner: APIClient, fake: FakeDocker, server_path: Path, value: object
) -> None:
    answer = owner.post("/api/servers", {"id": "x", "accept_eula": True, "java": value}, format="json")

    assert answer.status_code == 400, answer.json()
    assert "java" in answer.json()["errors"]
    assert list(server_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "warned"),
    [
        (("", ""), True),  # PAPER 1.16.1 on java21
        ((":java21", ":java11"), False), ((":java21", ":latest"), False), (('"1.16.1"', '"1.21.4"'), False),
        (('"1.16.1"', "LATEST"), True), (('      VERSION: "1.16.1"\n', ""), True), (('"1.16.1"', "${V}"), False),
        (("TYPE: PAPER", "TYPE: MODRINTH"), False), (("TYPE: PAPER", "TYPE: ${T}"), False),
        (("itzg/minecraft-server:", "itzg/minecraft-bedrock-server:"), False),
    ],
)
def test_a_file_on_disk_is_warned_about(
    owner: APIClient, fake: FakeDocker, server_path: Path, change: tuple[str, str], warned: bool
) -> None:
    write_server(server_path, "w", compose_text("w").replace(*change) if change[0] else None)

    warnings = owner.get("/api/servers/w/").json()["warnings"]

    assert any("The image has Java" in one for one in warnings) is warned, warnings


def test_an_edited_file_is_warned_about(owner: APIClient, fake: FakeDocker, server: str) -> None:
    text = compose_text(server).replace('"1.16.1"', '"26.1"')

    answer = owner.post(f"/api/servers/{server}/compose", {"yaml_content": text}, format="json")

    assert answer.status_code == 200, answer.json()
    warned = Operation.objects.get(kind="update").warnings
    assert [one for one in warned if "26.1 needs at least Java 25" in one], warned
