"""What a snapshot says of games whose files are not in the folder `data`; its making is in test_volumes.py."""

from pathlib import Path

import pytest
from rest_framework.test import APIClient

from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)
OUTSIDE = ("/srv/elsewhere:/data", "")
OF_OTHERS = ("mc-data:/data", "\nvolumes:\n  mc-data:\n    external: true\n")
OTHER_FOLDER = ("./mc-data:/data", "")


@pytest.fixture
def fake(fake: FakeDocker, tmp_path: Path) -> FakeDocker:
    """An engine with a volume that was made by hand."""
    fake.root_dir = tmp_path / "engine"
    (fake.root_dir / "volumes").mkdir(parents=True)
    fake.make_volume("mc-data")
    return fake


def lobby(server_path: Path, mount: tuple[str, str]) -> Path:
    """Write a server with its files at `mount`, and with a folder `data` that was left behind."""
    directory = write_server(server_path, "lobby", compose_text("lobby").replace("./data:/data", mount[0]) + mount[1])
    (directory / "data/ops.json").write_text("left behind")
    (directory / "mc-data").mkdir()
    return directory


@pytest.mark.parametrize("mount", [OUTSIDE, OF_OTHERS])
def test_a_single_path_is_not_taken_from_a_folder_left_behind(
    owner: APIClient, fake: FakeDocker, server_path: Path, restic: FakeRestic, mount: tuple[str, str]
) -> None:
    directory = lobby(server_path, ("./data:/data", ""))
    request = {"server_id": "lobby", "path": "ops.json"}
    earlier = owner.post("/api/snapshots", request, format="json").json()["snapshot"]["id"]
    (directory / "compose.yaml").write_text(compose_text("lobby").replace("./data:/data", mount[0]) + mount[1])

    made = owner.post("/api/snapshots", request, format="json")
    restored = owner.post("/api/snapshots/restore", request | {"snapshot_id": earlier}, format="json")

    for answer in (made, restored):
        assert (answer.status_code, answer.json()["code"]) == (409, "data_elsewhere"), answer.json()
    assert (directory / "data/ops.json").read_text() == "left behind"
    assert len(restic.snapshots) == 1


def test_what_the_detail_and_a_snapshot_say_agrees(
    owner: APIClient, fake: FakeDocker, server_path: Path, restic: FakeRestic
) -> None:
    for mount in (OUTSIDE, OF_OTHERS, OTHER_FOLDER):
        directory = lobby(server_path, mount)
        holds = owner.get("/api/servers/lobby").json()["dataRoot"]["inSnapshots"]
        made = owner.post("/api/snapshots", {"server_id": "lobby"}, format="json").json()["snapshot"]
        assert holds == (mount is OTHER_FOLDER)
        assert (made["saved"] != "partial", not made["missing"]) == (holds, holds)
        directory.rename(server_path.parent / f"gone-{mount[0].replace('/', '-')}")
