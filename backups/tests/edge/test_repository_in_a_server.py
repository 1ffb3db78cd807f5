"""A repository in a server's folder: a restore would take it back to an earlier state, with all its snapshots."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from backups import wiring
from backups.tests.edge.conftest import save
from mcadmin.doctor import backups as doctor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic]

PLACES: dict[str, Callable[[Path], Path]] = {
    "beside the data": lambda home: home / "backups",
    "in the data": lambda home: home / "data/backups",
    "the server's folder": lambda home: home,
    "around all servers": lambda home: home.parent,
    "behind a link": lambda home: home.parent.parent / "link",
}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, home: Path, vault: Path, owner: APIClient, settings: Any) -> Path:
    """The repository's folder as the settings name it, after a snapshot was made into another."""
    save(owner, server_id=home.name)
    found = PLACES[request.param](home)
    if request.param == "behind a link":
        (home / "backups").mkdir()
        found.symlink_to(home / "backups")
    section = settings.MC_ADMIN.restic.model_copy(update={"repository_path": str(found)})
    if request.param == "beside the data":
        vault.rename(found)  # somebody has it there already
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"restic": section})
    wiring.reset()
    return found


def test_init_and_doctor_refuse_it(place: Path, home: Path) -> None:
    with pytest.raises(CommandError, match=f"in the folder '{home.name}' of a server"):
        call_command("snapshot", "init")

    [finding] = async_to_sync(doctor.check_placement)()
    assert "Move its folder out of all servers" in str(finding)


@pytest.mark.parametrize("place", ["beside the data"], indirect=True)
def test_nothing_is_saved_into_itself_and_nothing_taken_back(place: Path, home: Path, owner: APIClient) -> None:
    (snapshot,) = owner.get("/api/snapshots").json()["snapshots"]
    request = {"snapshot_id": snapshot["id"], "server_id": home.name, "skip_safety_check": True}
    (home / "data/ab").write_text("newer")

    refused = {
        "create": owner.post("/api/snapshots", {"server_id": home.name}, format="json"),
        "restore": owner.post("/api/snapshots/restore", request, format="json"),
    }
    everything = owner.post("/api/snapshots", {}, format="json")
    path = owner.post("/api/snapshots/restore", request | {"path": "ab"}, format="json")

    codes = {name: (one.status_code, one.json()["code"]) for name, one in refused.items()}
    assert codes == dict.fromkeys(refused, (409, "repository_in_server"))
    assert (everything.status_code, everything.json()["code"]) == (409, "no_server_could_be_saved")
    assert "repository" in everything.json()["detail"]
    assert path.status_code == 200, path.json()  # a way to the files that touches no repository
    assert (home / "data/ab").read_text() == "old"
    assert (place / "config").is_file()
