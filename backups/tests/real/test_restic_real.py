"""What only a real restic can show."""

import asyncio
import contextlib
import os
from pathlib import Path

import pytest

from backups.restic.events import BackupProgress
from testing.repositories import BINARIES, PASSWORD, RealRepository, make_repository

pytestmark = pytest.mark.restic


@pytest.fixture(params=BINARIES)
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> RealRepository:
    repository = make_repository("real", request.param, tmp_path)
    assert isinstance(repository, RealRepository)
    return repository


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A folder whose backup takes minutes: holes cost nothing on disk and are read all the same."""
    folder = tmp_path / "endless"
    folder.mkdir()
    with open(folder / "holes", "wb") as file:
        os.truncate(file.fileno(), 200 * 2**30)
    return folder


async def test_cancelled_backup_leaves_no_lock_and_no_snapshot(
    repository: RealRepository, endless: Path
) -> None:
    await repository.made()
    begun = asyncio.Event()

    def on_progress(progress: BackupProgress) -> None:
        if progress.bytes_done or progress.total_bytes:
            begun.set()

    backup = asyncio.create_task(repository.manager().create_snapshot([endless], on_progress=on_progress))
    await begun.wait()
    assert any((repository.location / "locks").iterdir())
    command_lines = _command_lines_with(str(endless))
    backup.cancel()
    with pytest.raises(asyncio.CancelledError):
        await backup

    assert command_lines
    secrets = (PASSWORD, str(repository.location))
    assert not any(secret in line for line in command_lines for secret in secrets)
    assert not any((repository.location / "locks").iterdir())
    assert await repository.manager().list_snapshots() == []


async def test_cache_is_kept_where_it_was_asked_for(repository: RealRepository, tmp_path: Path) -> None:
    await repository.made()
    await repository.manager().list_snapshots()

    assert (tmp_path / "cache/CACHEDIR.TAG").is_file()


def _command_lines_with(word: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it ended while we looked
            found.append(path.read_text(errors="replace"))
    return [line for line in found if word in line]
