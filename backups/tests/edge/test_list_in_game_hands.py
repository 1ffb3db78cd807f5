"""A list that lies where the game can write it, as the server's own folder is the game's: it counts for nothing."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from backups.snapshots import excludes
from backups.tests.edge.test_ignore_list import front_page, last_good
from servers.docker.folders import EXCLUDE_LIST
from servers.tests.conftest import compose_text
from testing.fake_docker import FakeDocker

pytestmark = [pytest.mark.restic, pytest.mark.django_db(transaction=True)]
MOUNTS = [".:/data", "./:/data", "{type: bind, source: ., target: /data}"]
TEXTS = {"folders": "/plugins/\n/players/\n", "all": "*\n", "world": "/world/\nlevel.dat*\n", "no more": "# none\n"}
ODD: dict[str, Callable[[Path], object]] = {
    "a folder": Path.mkdir, "a pipe": os.mkfifo, "a link": lambda one: one.symlink_to("world/level.dat"),
    "too long": lambda one: one.write_text("x\n" * 50_000),
}


@pytest.fixture
def game(server_path: Path, server: str, fake: FakeDocker) -> Path:
    """The folder of a stopped server, which its game sees as ``/data``."""
    folder = server_path / server
    for name in ("plugins/one.yml", "players/one.dat", "world/level.dat", "world/region/r.0.0.mca"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    mount_at(folder, MOUNTS[0])
    return folder


def mount_at(folder: Path, mount: str) -> None:
    (folder / "compose.yaml").write_text(compose_text(folder.name).replace("./data:/data", mount))


def make(owner: APIClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = owner.post("/api/snapshots", body, format="json")
    assert answer.status_code == 200, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def saved(owner: APIClient, made: dict[str, Any], folder: Path) -> set[str]:
    address = f"/api/snapshots/{made['snapshot']['id']}/files"
    tops = ["", "/plugins", "/players", "/world", "/world/region"]
    answers = [owner.get(f"{address}?path={folder}{top}") for top in tops]
    return {one["name"] for answer in answers if answer.status_code == 200 for one in answer.json()["items"]}


WORLD = {"one.yml", "one.dat", "level.dat", "r.0.0.mca"}


# Each list once in `make test`, of one server and of all in turn; the other half takes as long again.
CASES = [
    pytest.param(what, is_global, marks=[] if (number + is_global) % 2 else [pytest.mark.long])
    for number, what in enumerate([*TEXTS, *ODD]) for is_global in (False, True)
]


@pytest.mark.parametrize(("what", "is_global"), CASES)
def test_the_game_decides_nothing_and_each_snapshot_says_so(
    owner: APIClient, server: str, game: Path, vault: Path, what: str, *, is_global: bool
) -> None:
    body = {} if is_global else {"server_id": server}
    first = make(owner, body)
    assert first["warnings"] == []  # the default needs no word
    assert not (game / EXCLUDE_LIST).exists()
    if what in TEXTS:
        (game / EXCLUDE_LIST).write_text(TEXTS[what])
    else:
        ODD[what](game / EXCLUDE_LIST)

    for _ in range(2):
        made = make(owner, body)

        assert saved(owner, made, game) >= WORLD
        [told] = made["warnings"]
        assert "any plugin can write it, so it is not used" in told
        assert "`./data:/data`" in told
        assert ("'/players/', '/plugins/'" in told) is (what == "folders")
        assert front_page() == [told]
        assert last_good(owner) == made["snapshot"]["id"]


@pytest.mark.parametrize("mount", MOUNTS)
def test_no_list_can_be_saved_there(
    owner: APIClient, server: str, game: Path, vault: Path, mount: str
) -> None:
    mount_at(game, mount)
    address = f"/api/servers/{server}/snapshots/ignore"

    refused = owner.put(address, {"content": "/plugins/\n"}, format="json")

    assert (refused.status_code, refused.json()["code"]) == (409, "list_is_the_games")
    assert not (game / EXCLUDE_LIST).exists()
    (game / EXCLUDE_LIST).write_text("/plugins/\n")
    answer = owner.get(address).json()
    assert answer["content"] == excludes.DEFAULT
    assert "'/plugins/'" in answer["warnings"][0]
    mount_at(game, "./data:/data")
    assert owner.put(address, {"content": "/plugins/\n"}, format="json").status_code == 200
