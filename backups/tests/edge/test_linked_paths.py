"""One world saved and restored by the name of a link to it, as `current` for the one that is played."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from backups.tests.edge.test_restores import BOTH, restore

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic]

LEADS = "leads to worlds/castle: that was saved, and is restored by the path worlds/castle."


@pytest.fixture
def castle(home: Path) -> Path:
    """A world beside others, with a link to it."""
    found = home / "data/worlds/castle"
    found.mkdir(parents=True)
    (found / "level.dat").write_text("old")
    (home / "data/current").symlink_to("worlds/castle")
    return found


def save(client: APIClient, server: str, path: str = "") -> Any:
    answer = client.post("/api/snapshots", {"server_id": server, "path": path}, format="json")
    assert answer.status_code == 200, answer.json()
    return answer.json()


@BOTH
@pytest.mark.parametrize(("path", "inside"), [("current", ""), ("/current/", ""), ("current/level.dat", "/level.dat")])
def test_what_was_saved_is_said_and_named_where_the_link_is_asked_for(
    owner: APIClient, home: Path, castle: Path, vault: Path, path: str, inside: str
) -> None:
    made = save(owner, home.name, path)

    place = f"worlds/castle{inside}"
    assert [one.partition(" leads to ")[2].partition(":")[0] for one in made["warnings"]] == [place], made["warnings"]
    assert made["snapshot"]["paths"] == [str(home / "data" / place)]
    (castle / "level.dat").write_text("newer")
    snapshot = made["snapshot"]["id"]
    refused = restore(owner, snapshot, server_id=home.name, path=path, skip_safety_check=True)
    assert (refused.status_code, refused.json()["code"]) == (400, "not_in_snapshot")
    assert f"but {place}. Restore that path" in refused.json()["detail"]
    done = restore(owner, snapshot, server_id=home.name, path=place, skip_safety_check=True)
    assert (done.status_code, done.json()["warnings"]) == (200, []), done.json()
    assert (castle / "level.dat").read_text() == "old"
    assert (home / "data/current").is_symlink()


def test_a_path_without_a_link_is_saved_without_a_word(
    owner: APIClient, home: Path, castle: Path, vault: Path
) -> None:
    assert [save(owner, home.name, path)["warnings"] for path in ("worlds/castle", "/worlds//castle/.", "")] == [[]] * 3


@BOTH
def test_a_link_that_comes_back_is_said_to_be_one(owner: APIClient, home: Path, castle: Path, vault: Path) -> None:
    snapshot = save(owner, home.name)["snapshot"]["id"]
    (castle / "level.dat").write_text("newer")
    (home / "data/current").unlink()
    (home / "data/current").symlink_to("worlds/keep")

    done = restore(owner, snapshot, server_id=home.name, path="current")

    assert done.status_code == 200, done.json()
    assert [one.partition(" in the snapshot")[0] for one in done.json()["warnings"]] == [
        "current is a link to worlds/castle"
    ]
    assert (home / "data/current").readlink() == Path("worlds/castle")
    assert (castle / "level.dat").read_text() == "newer"


def test_a_schedule_says_it_and_saves_the_world(owner: APIClient, home: Path, castle: Path, vault: Path) -> None:
    body = {"cron": "0 4 * * *", "scope": "path", "server_id": home.name, "path": "current"}
    number = owner.post("/api/snapshots/schedules", body, format="json").json()["id"]
    assert owner.post(f"/api/snapshots/schedules/{number}/run", format="json").status_code == 200

    run = owner.get(f"/api/snapshots/schedules/{number}").json()["runs"][0]

    assert run["state"] == "succeeded", run
    assert LEADS in run["message"], run
