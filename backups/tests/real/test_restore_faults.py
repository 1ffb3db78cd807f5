"""What goes wrong with disk and repository: a sentence, and nothing lost."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from backups.restic import browsing, restoring, upkeep
from backups.restic.failures import NoRepository, RepositoryLocked, RepositoryReadOnly, WrongRepositoryPassword
from backups.restic.manager import ResticVersion
from backups.restic.restoring import Piece
from testing.repositories import BINARIES, RealRepository, make_repository

pytestmark = [pytest.mark.restic, pytest.mark.parametrize("version", BINARIES)]


@contextlib.contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", *options, folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


async def saved(version: str, folder: Path, *, size: int) -> tuple[RealRepository, Piece]:
    repository = make_repository("real", version, folder)
    assert isinstance(repository, RealRepository)
    tree = folder / "tree"
    tree.mkdir()
    (folder / "out").mkdir()
    (tree / "file").write_bytes(os.urandom(size))
    await repository.made()
    made = await repository.manager().create_snapshot([tree])
    return repository, Piece(made.snapshot.id, str(tree))


def number(version: str) -> ResticVersion:
    major, minor = version.split(".")
    return ResticVersion(int(major), int(minor))


async def test_disk_that_fills_up_is_told_as_the_servers_disk(version: str, tmp_path: Path) -> None:
    repository, piece = await saved(version, tmp_path, size=6 * 2**20)

    with (
        mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=4m", "tmpfs") as small,
        pytest.raises(restoring.NoRoomToRestore, match="servers' disk"),
    ):
        await restoring.restore(repository.manager().command, piece, target=small, version=number(version))


async def test_read_only_repository_is_restored_from_and_not_pruned(version: str, tmp_path: Path) -> None:
    repository, piece = await saved(version, tmp_path, size=100)
    command = repository.manager().command
    location = str(repository.location)

    with mounted(repository.location, "--bind", location):
        subprocess.run(["mount", "-o", "remount,bind,ro", location], check=True)
        await restoring.restore(command, piece, target=tmp_path / "out", version=number(version))
        with pytest.raises(RepositoryReadOnly, match="read-only"):
            await upkeep.prune(command, on_line=lambda _: None)
        with pytest.raises(RepositoryReadOnly):
            await upkeep.forget(command, [piece.snapshot_id])

    assert (tmp_path / f"out{piece.path}/file").exists()
    assert await browsing.measure(command, piece.snapshot_id, "/") == browsing.Measured(1, 100)


async def test_locked_repository_is_restored_from_and_not_pruned(version: str, tmp_path: Path) -> None:
    repository, piece = await saved(version, tmp_path, size=100)

    locked = repository.locked()
    locked.__enter__()
    try:
        with pytest.raises(RepositoryLocked, match="locked by another restic job"):
            await upkeep.check(repository.manager().command, read_data_percent=0, on_line=lambda _: None)
        assert await browsing.find(repository.manager().command, piece.snapshot_id, piece.path)
    finally:
        locked.__exit__(None, None, None)


async def test_wrong_password_and_missing_repository_are_told(version: str, tmp_path: Path) -> None:
    repository, piece = await saved(version, tmp_path, size=100)
    wrong = repository.manager(password="wrong").command

    with pytest.raises(WrongRepositoryPassword):
        await browsing.list_folder(wrong, piece.snapshot_id, "/")
    with pytest.raises(WrongRepositoryPassword):
        await upkeep.forget(wrong, [piece.snapshot_id])
    with pytest.raises(WrongRepositoryPassword):
        await restoring.restore(wrong, piece, target=tmp_path / "out", version=number(version))
    shutil.rmtree(repository.location)
    with pytest.raises(NoRepository):
        await restoring.restore(
            repository.manager().command, piece, target=tmp_path / "out", version=number(version)
        )
