"""A repository behind a real OpenSSH server: it works, and it may go away in the middle."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from backups.restic import restoring
from backups.restic.failures import RepositoryUnreachable, ResticFailed
from backups.restic.manager import ResticManager
from backups.restic.restoring import Piece
from backups.tests.real.sftp_server import SSHD, SftpServer, sftp_server
from testing.repositories import BINARIES, PASSWORD, Access

pytestmark = [
    pytest.mark.restic,
    pytest.mark.skipif(
        not SSHD.exists() and os.environ.get("MCADMIN_REQUIRE_REAL") != "1",
        reason="NO SSHD: testbed/sshd.sh installs it",
    ),
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    folder = tmp_path / "sftp"
    folder.mkdir()
    with sftp_server(folder) as started:
        yield started


def manager_of(server: SftpServer, version: str) -> ResticManager:
    access = Access(server.repository, PASSWORD, server.environment, BINARIES[version])
    return ResticManager(access, cache_dir=server.folder / "cache")


# restic 0.14 tries again and again for more than a minute before it says that the server is gone.
@pytest.mark.parametrize(
    "version", ["0.18", pytest.param("0.14", marks=[pytest.mark.long, pytest.mark.timeout(240)])]
)
async def test_repository_behind_sftp_works_and_may_go_away(server: SftpServer, version: str, tmp_path: Path) -> None:
    manager = manager_of(server, version)
    tree = tmp_path / "tree"
    await asyncio.to_thread(fill, tree)
    await manager.init()
    made = await manager.create_snapshot([tree])
    known = await manager.version()
    for name in ("out", "again"):
        await asyncio.to_thread((tmp_path / name).mkdir)

    await restoring.restore(
        manager.command, Piece(made.snapshot.id, str(tree)), target=tmp_path / "out", version=known
    )
    assert await asyncio.to_thread((tmp_path / f"out{tree}/file0").stat)

    restoring_again = asyncio.create_task(
        restoring.restore(
            manager.command, Piece(made.snapshot.id, str(tree)), target=tmp_path / "again", version=known
        )
    )
    while not await asyncio.to_thread((tmp_path / f"again{tree}").exists):
        await asyncio.sleep(0.01)
    await asyncio.to_thread(server.stop)
    with pytest.raises((RepositoryUnreachable, ResticFailed)):
        await restoring_again
    with pytest.raises(RepositoryUnreachable, match=r"cannot be reached|did not answer"):
        await manager.list_snapshots()

    await asyncio.to_thread(server.start)
    assert [one.id for one in await manager.list_snapshots()] == [made.snapshot.id]


def fill(tree: Path) -> None:
    tree.mkdir()
    for number in range(40):
        (tree / f"file{number}").write_bytes(os.urandom(2**20))
