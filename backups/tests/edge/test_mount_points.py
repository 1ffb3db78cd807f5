"""A folder that is a mount point cannot be swapped: it is restored in place, and that is said."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from backups.tests.edge.conftest import save
from backups.tests.edge.test_restores import restore
from testing.fake_docker import FakeDocker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic]


@pytest.fixture
def mounted(server_path: Path, server: str, fake: FakeDocker) -> Iterator[Path]:
    """The data of a stopped server, on a disk of its own."""
    data = server_path / server / "data"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", data], check=True)
    (data / "world").mkdir()
    (data / "world/level.dat").write_text("old")
    (data / "cache").mkdir()
    (data / "cache/jar").write_text("present")
    (data / "world/session.lock").write_text("present")
    yield data
    subprocess.run(["umount", "--lazy", data], check=True)


@pytest.mark.parametrize("vault", ["0.14", "0.18"], indirect=True)
@pytest.mark.parametrize("path", ["", "world", "world/level.dat"])
def test_mount_point_is_restored_in_place(owner: APIClient, mounted: Path, vault: Path, path: str) -> None:
    server = mounted.parent.name
    snapshot = save(owner, server_id=server)
    (mounted / "world/level.dat").write_text("newer")
    (mounted / "world/since").touch()

    answer = restore(owner, snapshot, server_id=server, path=path)

    if answer.status_code == 501:
        assert "restic 0.14.0" in answer.json()["detail"]
        assert "0.17.0" in answer.json()["detail"]
        assert (mounted / "world/level.dat").read_text() == "newer"
        return
    assert answer.status_code == 200, answer.json()
    assert answer.json()["in_place"] is True
    assert "mount point" in answer.json()["warnings"][0]
    assert (mounted / "world/level.dat").read_text() == "old"
    assert (mounted / "world/since").exists() is (path == "world/level.dat")
    assert (mounted / "cache/jar").read_text() == "present"
    assert (mounted / "world/session.lock").read_text() == "present"
    assert not list(mounted.parent.parent.glob(".restoring/*"))


@pytest.mark.parametrize("path", ["", "/"])
def test_a_snapshot_with_linked_data_changes_nothing_in_place(
    owner: APIClient, server_path: Path, server: str, fake: FakeDocker, vault: Path, tmp_path: Path, path: str
) -> None:
    data, outside = server_path / server / "data", tmp_path / "outside"
    outside.mkdir()
    (outside / "canary").write_text("canary")
    data.rmdir()
    data.symlink_to(outside)
    snapshot = save(owner, server_id=server)
    data.unlink()
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", data], check=True)
    (data / "level.dat").write_text("present")
    try:
        answer = restore(owner, snapshot, server_id=server, path=path, skip_safety_check=True)
        assert (answer.status_code, answer.json()["code"]) == (400, "unsafe_tree"), answer.json()
        assert (data / "level.dat").read_text() == "present"
    finally:
        subprocess.run(["umount", "--lazy", data], check=True)

    assert [one.name for one in outside.iterdir()] == ["canary"]
    assert not list(server_path.glob(".restoring/*"))


def test_what_snapshots_leave_out_by_now_is_left_alone(owner: APIClient, mounted: Path, vault: Path) -> None:
    server = mounted.parent.name
    snapshot = save(owner, server_id=server)
    (mounted / "world/tiles").mkdir()
    (mounted / "world/tiles/map").write_text("in no snapshot")
    (mounted / "world/since").touch()
    ignore = {"content": "/world/tiles\nsession.lock\n"}
    assert owner.put(f"/api/servers/{server}/snapshots/ignore", ignore, format="json").status_code == 200

    body = {"snapshot_id": snapshot, "server_id": server, "path": "world"}
    preview = owner.post("/api/snapshots/restore/preview", body, format="json").json()
    answer = restore(owner, snapshot, server_id=server, path="world")

    assert [(one["action"], one["item"]) for one in preview["actions"]] == [("deleted", "/data/world/since")]
    assert answer.status_code == 200, answer.json()
    assert not (mounted / "world/since").exists()
    assert (mounted / "world/tiles/map").read_text() == "in no snapshot"
