"""Repositories in trouble: a sentence that says what to do, and nothing of what is there is lost."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from backups.restic.failures import (
    NoRepository,
    RepositoryFull,
    RepositoryLocked,
    RepositoryReadOnly,
    WrongRepositoryPassword,
)
from servers.tests.conftest import write_server
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic
from testing.repositories import BINARIES, RealRepository, make_repository

pytestmark = pytest.mark.restic


@pytest.fixture(params=BINARIES)
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> RealRepository:
    found = make_repository("real", request.param, tmp_path)
    assert isinstance(found, RealRepository)
    return found


@contextmanager
def disk(folder: Path, *, size: str) -> Iterator[Path]:
    """``folder`` on a file system of its own."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def small_disk(repository: RealRepository) -> Iterator[Path]:
    """The repository's folder on a file system of 4 MiB."""
    with disk(repository.location, size="4m") as folder:
        yield folder


async def test_a_full_disk_keeps_what_is_there(repository: RealRepository, small_disk: Path, world: Path) -> None:
    await repository.made()
    kept = await repository.manager().create_snapshot([world])
    (world / "huge").write_bytes(os.urandom(8 * 1024 * 1024))
    with pytest.raises(RepositoryFull, match="full"):
        await repository.manager().create_snapshot([world])
    assert [one.id for one in await repository.manager().list_snapshots()] == [kept.snapshot.id]


async def test_a_read_only_repository_can_be_read(repository: RealRepository, small_disk: Path, world: Path) -> None:
    await repository.made()
    kept = await repository.manager().create_snapshot([world])
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(RepositoryReadOnly, match="read-only"):
        await repository.manager().create_snapshot([world])
    assert [one.id for one in await repository.manager().list_snapshots()] == [kept.snapshot.id]


async def test_a_lock_of_a_living_job_and_of_a_dead_one(repository: RealRepository, world: Path) -> None:
    await repository.made()
    await repository.manager().create_snapshot([world])
    with repository.locked():
        with pytest.raises(RepositoryLocked, match="process"):
            await repository.manager().create_snapshot([world])
        assert len(await repository.manager().list_snapshots()) == 1
    with pytest.raises(RepositoryLocked, match="snapshot unlock"):  # it was killed, and its lock is still there
        await repository.manager().create_snapshot([world])


async def test_wrong_password_and_nothing_there(repository: RealRepository, world: Path) -> None:
    with pytest.raises(NoRepository, match="snapshot init"):
        await repository.manager().create_snapshot([world])
    await repository.made()
    with pytest.raises(WrongRepositoryPassword, match=r"restic\.password"):
        await repository.manager(password="wrong").create_snapshot([world])


@pytest.mark.django_db(transaction=True)
def test_room_is_looked_for_first_and_restic_asked_only_when_it_is_short(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, restic: FakeRestic, tmp_path: Path
) -> None:
    with disk(tmp_path / "repository", size="80m"):
        assert owner.post("/api/snapshots/", {"server_id": server}, format="json").status_code == 200
        assert restic.commands == ["backup", "snapshots"]  # and the snapshot read back
        with (server_path / server / "data/region.mca").open("wb") as sparse:
            sparse.truncate(200 * 1024**2)
        assert owner.post("/api/snapshots/", {"server_id": server}, format="json").status_code == 200  # not its first
        answer = owner.post("/api/snapshots/", {"server_id": server, "path": "region.mca"}, format="json")
        assert answer.status_code == 200  # held by the one before
        write_server(server_path, "lobby")
        shutil.copy(server_path / server / "data/region.mca", server_path / "lobby/data/region.mca")
        restic.commands.clear()
        answer = owner.post("/api/snapshots/", {"server_id": "lobby"}, format="json")
        assert answer.status_code == 507
        assert "80 MiB free, and this snapshot may need 100 MiB" in answer.json()["detail"]
        assert restic.commands == ["snapshots"]
