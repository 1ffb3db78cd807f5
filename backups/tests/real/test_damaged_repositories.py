"""Repositories after a power cut, behind a server that says no, or that let nothing go: the cure is named."""

import asyncio
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from backups.restic import locks, upkeep
from backups.restic.failures import (
    RepositoryFileDamaged,
    RepositoryIsAWebPage,
    RepositoryKeepsAll,
    RepositoryLockDamaged,
    RepositoryLoginRefused,
)
from backups.restic.locks import LocksNotProvenDead
from backups.restic.manager import ResticManager
from testing.repositories import BINARIES, Access, RealRepository, make_repository

pytestmark = pytest.mark.restic
HALF_AN_HOUR_S = 31 * 60


@pytest.fixture(params=BINARIES)
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> RealRepository:
    found = make_repository("real", request.param, tmp_path)
    assert isinstance(found, RealRepository)
    return found


def tear_lock(repository: RealRepository, *, age_s: float) -> Path:
    lock = repository.location / "locks" / os.urandom(32).hex()
    lock.write_bytes(os.urandom(155))
    os.utime(lock, (time.time() - age_s, time.time() - age_s))
    return lock


async def test_a_torn_lock_is_named_at_once_and_stays_while_it_may_be_a_living_jobs(
    repository: RealRepository, world: Path
) -> None:
    await repository.made()
    lock = tear_lock(repository, age_s=60)
    command = repository.manager().command

    with pytest.raises(RepositoryLockDamaged, match="unlock --remove-all"):
        await locks.require_readable(command)
    with pytest.raises(LocksNotProvenDead, match="unlock --remove-all"):
        await locks.unlock(command)

    assert lock.exists()


async def test_a_torn_lock_that_nobody_renews_is_removed(repository: RealRepository, world: Path) -> None:
    await repository.made()
    lock = tear_lock(repository, age_s=HALF_AN_HOUR_S)
    command = repository.manager().command

    assert [str(one) for one in await locks.unlock(command)] == [f"a damaged lock ({lock.name[:8]})"]
    assert not lock.exists()
    tear_lock(repository, age_s=HALF_AN_HOUR_S)
    await locks.require_readable(command)
    await repository.manager().create_snapshot([world])


async def test_a_torn_lock_beside_a_living_job_stays(tmp_path: Path, world: Path) -> None:
    repository = RealRepository("0.14", tmp_path)
    await repository.made()
    await repository.manager().create_snapshot([world])
    with repository.locked():
        lock = tear_lock(repository, age_s=HALF_AN_HOUR_S)  # now: no restic surely begins beside it
        with pytest.raises(LocksNotProvenDead):
            await locks.unlock(repository.manager().command)
        assert lock.exists()


@pytest.mark.parametrize(
    ("place", "cure"),
    [
        ("index", "restic repair index"), ("snapshots", "delete that file"), ("keys", "from a copy of the repository"),
        ("config", "from a copy of the repository"),
    ],
)
async def test_an_empty_file_is_named_with_its_cure(
    repository: RealRepository, world: Path, tmp_path: Path, place: str, cure: str
) -> None:
    await repository.made()
    await repository.manager().create_snapshot([world])
    found = repository.location / place
    file = found if found.is_file() else next(found.iterdir())
    file.chmod(0o600)
    file.write_bytes(b"")
    access = Access(str(repository.location))
    manager = ResticManager(access, binary=repository.binary, cache_dir=tmp_path / "another cache")

    with pytest.raises(RepositoryFileDamaged, match=cure) as told:
        await manager.create_snapshot([world])

    assert str(tmp_path) not in str(told.value)


@pytest.mark.parametrize("version", BINARIES)
@pytest.mark.parametrize("status", [401, 403])
async def test_a_login_that_is_refused_is_no_missing_repository(version: str, status: int, world: Path) -> None:
    with refusing(status) as port:
        access = Access(f"rest:http://me:secret@127.0.0.1:{port}/mc")
        manager = ResticManager(access, binary=BINARIES[version])
        told: list[RepositoryLoginRefused] = []
        for work in (manager.list_snapshots(), manager.create_snapshot([world]), manager.init()):
            with pytest.raises(RepositoryLoginRefused) as error:
                await work
            told.append(error.value)

    assert not any("init" in str(one) or "secret" in str(one) for one in told)


PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>name and password</form></body></html>"


@pytest.mark.parametrize("version", BINARIES)
async def test_a_login_page_that_answers_everything_is_told_as_one(version: str, world: Path) -> None:
    with refusing(200, PAGE) as port:
        manager = ResticManager(Access(f"rest:http://127.0.0.1:{port}/mc"), binary=BINARIES[version])
        for work in (manager.list_snapshots(), manager.create_snapshot([world]), manager.init()):
            with pytest.raises(RepositoryIsAWebPage, match="no restic server"):
                await asyncio.wait_for(work, 60)  # restic itself tries for 15 minutes


async def test_a_single_page_of_a_proxy_ends_nothing(tmp_path: Path) -> None:
    """A stand-in for restic says it once, goes on, and comes to a good end."""
    restic = tmp_path / "restic"
    words = "List(key) returned error, retrying after 1s: Decode: invalid character '<' looking for beginning of value"
    restic.write_text(f'#!/bin/sh\necho "{words}" >&2\necho "[]"\n')
    restic.chmod(0o755)
    assert await ResticManager(Access("rest:http://127.0.0.1:1/mc"), binary=restic).list_snapshots() == []


class refusing:  # noqa: N801 - used as a function
    """A server that answers everything with one status and body."""

    def __init__(self, status: int, body: bytes = b"") -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_HEAD = do_POST = do_DELETE = do_GET  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> int:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return int(self._server.server_address[1])

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[list[RealRepository]]:
    """Two repositories of each version, of which no snapshot's file can be removed."""
    found = []
    for version in BINARIES:
        for number in range(2):
            (folder := tmp_path / f"{version}-{number}").mkdir()
            one = make_repository("real", version, folder)
            assert isinstance(one, RealRepository)
            found.append(one)
    yield found
    for one in found:
        subprocess.run(["chattr", "-R", "-i", str(one.location / "snapshots")], check=False, capture_output=True)


async def test_what_did_not_go_is_not_said_to_be_gone(kept: list[RealRepository], world: Path) -> None:
    found = await asyncio.gather(*(  # beside each other: restic tries again for half a minute
        what_is_left(one, world, is_one=bool(number % 2)) for number, one in enumerate(kept)
    ))

    assert [listed == [first] for first, listed in found] == [True] * 4, found


async def what_is_left(repository: RealRepository, world: Path, *, is_one: bool) -> tuple[str, list[str]]:
    """Remove one snapshot that stays, or it and another one; return its id, and those that are listed then."""
    manager = await repository.made()
    first = (await manager.create_snapshot([world])).snapshot.id
    second = (await manager.create_snapshot([world])).snapshot.id
    file = str(repository.location / "snapshots" / first)
    if subprocess.run(["chattr", "+i", file], check=False, capture_output=True).returncode:
        pytest.skip("this file system has no files that cannot be changed")

    if is_one:
        with pytest.raises(RepositoryKeepsAll, match="lets nothing be deleted"):
            await manager.delete(first)
        await manager.delete(second)
    else:
        with pytest.raises(RepositoryKeepsAll, match="lets nothing be deleted"):
            await upkeep.forget(manager.command, [first, second])
    return first, [one.id for one in await manager.list_snapshots()]
