"""A game makes what it likes of its own files: what comes back of them never becomes a way out of the server."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from backups.tests.edge.conftest import save
from backups.tests.edge.test_restores import restore

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic]


# It binds nothing, so that the compose policy has no reason to look at ``data``.
PLANTED = """services:
  mc:
    image: itzg/minecraft-server:java21
    container_name: mc-{id}
    environment: {{EULA: "TRUE", VERSION: "1.16.1"}}
    ports: ["25565:25565", "127.0.0.1:25575:25575"]
"""


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A folder of the host that must stay as it is."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "canary").write_text("canary")
    yield folder
    assert [one.name for one in folder.iterdir()] == ["canary"]
    assert (folder / "canary").read_text() == "canary"


def plant_server(home: Path, outside: Path) -> None:
    """As the game would: a folder of the server's own name in its data, with a compose file and a linked ``data``."""
    folder = home / "data" / home.name
    folder.mkdir()
    (folder / "compose.yaml").write_text(PLANTED.format(id=home.name))
    (folder / "data").symlink_to(outside)


def plant_data(home: Path, outside: Path) -> None:
    """The same, one folder further down, so that the names stand twice in a row in the path."""
    plant_server(home, outside)
    inner = home / "data" / home.name / home.name
    inner.mkdir()
    (inner / "compose.yaml").write_text(PLANTED.format(id=home.name))
    (inner / "data").symlink_to(outside)


REQUESTS = {
    "whole": {},
    "all of its data": {"path": "/"},
    "the planted folder": {"path": "{id}/data"},
    "as a new server": {"as": "fresh"},
}


@pytest.mark.parametrize("plant", [plant_server, plant_data])
@pytest.mark.parametrize("request_", REQUESTS)
def test_planted_folder_never_becomes_the_server(
    owner: APIClient, home: Path, vault: Path, outside: Path, request_: str, plant: Callable[[Path, Path], None]
) -> None:
    plant(home, outside)
    snapshot = save(owner, server_id=home.name, path=home.name)
    before = (home / "compose.yaml").read_bytes()
    body = {name: text.format(id=home.name) for name, text in REQUESTS[request_].items()}

    restore(owner, snapshot, server_id=home.name, skip_safety_check=True, **body)

    assert (home / "compose.yaml").read_bytes() == before
    assert not (home / "data").is_symlink()
    assert not (home.parent / "fresh" / "data").is_symlink()
    assert "canary" not in str(listing(owner, home.name)) + str(listing(owner, "fresh"))


def listing(client: APIClient, server_id: str) -> Any:
    return client.get(f"/api/servers/{server_id}/files", {"path": "/"}).json()


def replace_by_link(folder: Path, target: Path) -> None:
    folder.rename(folder.with_name("put-aside"))
    folder.symlink_to(target)


@pytest.mark.parametrize("body", [{}, {"as": "fresh"}])
def test_snapshot_with_linked_data_is_not_put_in_place(
    owner: APIClient, home: Path, vault: Path, outside: Path, body: dict[str, str]
) -> None:
    data = home / "data"
    replace_by_link(data, outside)
    snapshot = save(owner, server_id=home.name)
    data.unlink()
    (home / "put-aside").rename(data)

    answer = restore(owner, snapshot, server_id=home.name, skip_safety_check=True, **body)

    assert (answer.status_code, answer.json()["code"]) == (400, "unsafe_tree")
    assert "data/" in answer.json()["detail"]
    assert (data / "world/level.dat").read_text() == "old"
    assert not os.path.lexists(home.parent / "fresh")
    assert list((home.parent / ".restoring").iterdir()) == []


def test_moved_servers_are_found_by_the_shape_of_their_path(
    owner: APIClient, home: Path, vault: Path, settings: Any, tmp_path: Path
) -> None:
    snapshot = save(owner, server_id=home.name, path="world")
    moved = tmp_path / "moved"
    shutil.copytree(home.parent, moved, symlinks=True)
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"server_path": moved})
    (moved / home.name / "data/world/level.dat").write_text("newer")

    answer = restore(owner, snapshot, server_id=home.name, path="world", skip_safety_check=True)

    assert answer.status_code == 200, answer.json()
    assert (moved / home.name / "data/world/level.dat").read_text() == "old"


PLACES = {"the folder itself": "{id}/data", "what is in it": "{id}/data/world", "two deep": "{id}/data/{id}/data"}


@pytest.mark.parametrize("place", PLACES)
def test_folder_that_repeats_the_servers_own_names_comes_back(
    owner: APIClient, home: Path, vault: Path, place: str
) -> None:
    path = PLACES[place].format(id=home.name)
    note = home / "data" / path / "note"
    note.parent.mkdir(parents=True)
    note.write_text("old")
    snapshot = save(owner, server_id=home.name, path=path)
    note.write_text("newer")
    before = listing(owner, home.name)

    answer = restore(owner, snapshot, server_id=home.name, path=path, skip_safety_check=True)

    assert answer.status_code == 200, answer.json()
    assert note.read_text() == "old"
    assert [one["name"] for one in listing(owner, home.name)["items"]] == [one["name"] for one in before["items"]]
    assert (home / "compose.yaml").exists()
