"""Who decides what is in the backups: people, never a plugin."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from backups.tests.edge.conftest import save

pytestmark = [pytest.mark.restic, pytest.mark.django_db(transaction=True)]


def make(owner: APIClient, server: str) -> dict[str, Any]:
    answer = owner.post("/api/snapshots", {"server_id": server}, format="json")
    assert answer.status_code == 200, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def last_good(owner: APIClient) -> str | None:
    [one] = owner.get("/api/snapshots/health").json()["servers"]
    found: str | None = one["last_good"]
    return found


def test_what_a_game_writes_after_the_first_snapshot_counts_for_nothing(
    owner: APIClient, server: str, home: Path, vault: Path
) -> None:
    save(owner, server_id=server)
    (home / "data/.mcadminignore").write_text("*\n")

    made = make(owner, server)

    files = owner.get(f"/api/snapshots/{made['snapshot']['id']}/files?path={home}/data/world").json()["items"]
    assert "level.dat" in {one["name"] for one in files}
    assert made["warnings"] == []
    assert last_good(owner) == made["snapshot"]["id"]


@pytest.mark.parametrize("content", ["*\n", "/world/\n", "level.dat*\n", "*.mca\n", "/world/region/\n"])
def test_a_list_that_leaves_the_world_out_makes_no_good_snapshot(
    owner: APIClient, server: str, home: Path, vault: Path, content: str
) -> None:
    good = save(owner, server_id=server)
    answer = owner.put(f"/api/servers/{server}/snapshots/ignore", {"content": content}, format="json").json()
    assert any("leaves out files of the world" in one for one in answer["warnings"])

    made = make(owner, server)

    assert any("leaves out files of the world" in one for one in made["warnings"])
    assert made["snapshot"]["saved"] == "live"
    assert last_good(owner) == good
    body = {"server_id": server, "require": "flushed"}
    assert owner.post("/api/snapshots", body, format="json").json()["code"] == "flush_not_confirmed"


def test_a_list_in_the_old_place_is_taken_over_once_and_that_is_said(
    owner: APIClient, server: str, home: Path, vault: Path
) -> None:
    (home / "data/.mcadminignore").write_text("/dynmap/\n")
    address = f"/api/servers/{server}/snapshots/ignore"
    before = owner.get(address).json()
    assert not (home / ".mcadminignore").exists()  # a question changes nothing

    assert any("taken over" in one for one in make(owner, server)["warnings"])
    (home / "data/.mcadminignore").write_text("*\n")

    assert owner.get(address).json() == before
    assert "/dynmap/" in before["content"]
    assert before["warnings"]
    assert owner.put(address, {"content": "/dynmap/\n"}, format="json").json()["warnings"] == []
    assert make(owner, server)["warnings"] == []
