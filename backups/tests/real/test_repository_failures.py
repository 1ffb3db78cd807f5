"""Repositories in trouble: a sentence that says what to do, and nothing of what is there is lost."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from backups.restic.failures import (
    NoRepository,
    RepositoryFull,
    RepositoryLocked,
    RepositoryReadOnly,
    WrongRepositoryPassword,
)
from backups.tests.repositories import BINARIES, RealRepository, make_repository

pytestmark = pytest.mark.restic


@pytest.fixture(params=BINARIES)
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> RealRepository:
    found = make_repository("real", request.param, tmp_path)
    assert isinstance(found, RealRepository)
    return found


@pytest.fixture
def small_disk(repository: RealRepository) -> Iterator[Path]:
    """The repository's folder on a file system of 4 MiB."""
    repository.location.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(repository.location)]
    subprocess.run(argv, check=True)
    yield repository.location
    subprocess.run(["umount", str(repository.location)], check=True)


async def test_a_full_disk_keeps_what_is_there(repository: RealRepository, small_disk: Path, world: Path) -> None:
    await repository.manager().init()
    kept = await repository.manager().create_snapshot([world])
    (world / "huge").write_bytes(os.urandom(8 * 1024 * 1024))
    with pytest.raises(RepositoryFull, match="full"):
        await repository.manager().create_snapshot([world])
    assert [one.id for one in await repository.manager().list_snapshots()] == [kept.snapshot.id]


async def test_a_read_only_repository_can_be_read(repository: RealRepository, small_disk: Path, world: Path) -> None:
    await repository.manager().init()
    kept = await repository.manager().create_snapshot([world])
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(RepositoryReadOnly, match="read-only"):
        await repository.manager().create_snapshot([world])
    assert [one.id for one in await repository.manager().list_snapshots()] == [kept.snapshot.id]


async def test_a_lock_of_a_living_job_and_of_a_dead_one(repository: RealRepository, world: Path) -> None:
    await repository.manager().init()
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
    await repository.manager().init()
    with pytest.raises(WrongRepositoryPassword, match=r"restic\.password"):
        await repository.manager(password="wrong").create_snapshot([world])
