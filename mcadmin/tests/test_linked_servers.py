"""A server whose folder is a link: each route that reads or changes its files is a clean 409, all others work."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from backups.tests.conftest import owner, restic
from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic
from testing.routes import Route, api_routes, short

__all__ = ["owner", "restic"]  # fixtures

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "lobby"
# Answered of memory, the engine or the database: no file of the server is opened for it.
WITHOUT_FILES = {
    f"get /api/servers/{{id}}/{what}"
    for what in ("status", "resources", "cpu_percent", "memory", "iostats", "disk-usage", "players", "history",
                 "operations", "audit", "snapshots", "compose/revisions", "members")
} | {"post /api/servers/{id}/rcon"}
# No upload of the server can be there, for none can be begun.
NO_UPLOAD = {f"{method} /api/servers/{{id}}/files/uploads/{{upload_id}}" for method in ("get", "patch", "delete")}
NO_UPLOAD |= {"post /api/servers/{id}/files/uploads/{upload_id}/finish"}
BODIES: dict[str, dict[str, Any]] = {
    "compose": {"yaml_content": compose_text(NAME)},
    "compose/check": {"yaml_content": compose_text(NAME)},
    "files/create": {"name": "x", "type": "file"},
    "files/rename": {"old_path": "server.properties", "new_name": "x"},
    "files/move": {"path": "server.properties", "target_path": "x"},
    "files/copy": {"path": "server.properties", "target_path": "x"},
    "files/content": {"content": "x"},
    "files/extract": {"path": "a.zip"},
    "files/uploads": {"name": "x", "size": 1, "path": "/"},
    "properties": {"properties": {"motd": "x"}},
    "snapshots/ignore": {"content": "/x\n"},
    "rcon": {"command": "list"},
}
FILE = "?path=/server.properties"
QUERIES = {
    "files": FILE, "files/content": FILE, "files/download": FILE, "files/tail": FILE, "files/search": "?q=x",
    "history": "?metric=diskUsageBytes", "files/uploads/{upload_id}": "?offset=0",
}
ROUTES = [(route, method) for route in api_routes() if "/servers/%(" in route.template for method in route.methods]
ACTIONS = {"start": 409, "restart": 409, "up": 409, "pull": 409, "remove": 409, "stop": 0, "down": 0, "kill": 0}


@pytest.fixture
def linked(server_path: Path, tmp_path: Path) -> Iterator[Path]:
    """Where the link in place of the server's folder leads to."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = write_server(elsewhere, NAME)
    (server_path / NAME).symlink_to(folder)
    before = contents(elsewhere)
    yield folder
    assert contents(elsewhere) == before


def contents(folder: Path) -> dict[str, Any]:
    return {
        str(one): one.read_bytes() if one.is_file() else stat.S_IMODE(one.stat().st_mode) for one in folder.rglob("*")
    }


def ask(client: APIClient, route: Route, method: str) -> Any:
    place = short(route).removeprefix("/api/servers/{id}").lstrip("/")
    address = route.address(id=NAME) + QUERIES.get(place, "")
    if place == "files/upload":
        return client.post(address, {"file": SimpleUploadedFile("x", b"x")}, format="multipart")
    return client.generic(method.upper(), address, json.dumps(BODIES.get(place, {})), content_type="application/json")


@pytest.mark.parametrize(
    ("route", "method"),
    [one for one in ROUTES if short(one[0]) != "/api/servers/{id}/operations" or one[1] == "get"],
    ids=lambda one: one if isinstance(one, str) else short(one),
)
def test_each_route_refuses_a_linked_folder_or_needs_none(
    owner: APIClient, fake: FakeDocker, linked: Path, restic: FakeRestic, route: Route, method: str
) -> None:
    name = f"{method} {short(route)}"

    answer = ask(owner, route, method)

    code = None if answer.streaming or answer.status_code < 400 else answer.json()["code"]
    if name in WITHOUT_FILES:
        assert code not in {"server_folder_is_a_link", "server_error", "invalid"}, answer.json()
    elif name in NO_UPLOAD:
        assert (answer.status_code, code) == (404, "upload_not_found")
    else:
        assert (answer.status_code, code) == (409, "server_folder_is_a_link")
        assert "bind-mount it here" in answer.json()["detail"]


@pytest.mark.parametrize("action", ACTIONS)
def test_a_linked_server_can_be_ended_and_nothing_else(
    owner: APIClient, fake: FakeDocker, linked: Path, action: str
) -> None:
    answer = owner.post(f"/api/servers/{NAME}/operations", {"action": action}, format="json")

    is_refused = answer.status_code == 409 and answer.json()["code"] == "server_folder_is_a_link"
    assert is_refused == bool(ACTIONS[action]), answer.json()


@pytest.mark.parametrize(
    ("address", "body"),
    [("/api/snapshots", {"server_id": NAME}), ("/api/snapshots", {"server_id": NAME, "path": "world"})],
)
def test_a_linked_server_is_not_saved_by_another_address(
    owner: APIClient, fake: FakeDocker, linked: Path, restic: FakeRestic, address: str, body: dict[str, str]
) -> None:
    answer = owner.post(address, body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "server_folder_is_a_link")
    assert restic.snapshots == []
