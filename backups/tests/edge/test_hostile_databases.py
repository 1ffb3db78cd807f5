"""Databases that a plugin makes to harm the panel: large, slow, or with names that a terminal obeys."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from backups.restores import drill
from backups.snapshots import databases
from backups.tests.conftest import started
from backups.tests.edge.conftest import save
from backups.tests.edge.test_quiesce import back_up, level
from core import confined_exec, confinement
from servers.models import Operation
from testing.fake_docker import FakeDocker
from testing.fake_game import FakeGame

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic, pytest.mark.timeout(25)]
MIB = 1024**2
NAMES = ["\x1b]0;title\x07", "\x1b[31m", "a\rb", "\x9b2J", "\u202etxt.exe", "\u2066x\u2069 ü"]


async def need_mounts() -> None:
    if confined_exec.MOUNTS not in await confinement.available():
        pytest.skip("this machine has no private mounts")


def sound(path: Path, size: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t(a)")
        connection.execute("INSERT INTO t VALUES (?)", (os.urandom(size),))


def slow(path: Path) -> None:
    """A database of a few pages whose check takes many minutes."""
    sound(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM t")
        rows = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) SELECT 100000000 FROM n"
        connection.execute(f"INSERT INTO t {rows}")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = 'CREATE TABLE t(a, b AS (hex(zeroblob(a))) NOT NULL)'")


def broken(path: Path, name: str) -> None:
    """A database with an index of this name, from which the rows are missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t(a)")
        connection.execute(f'CREATE INDEX "{name}" ON t(a)')
        connection.execute("INSERT INTO t VALUES (1), (2), (3)")
        [page] = connection.execute("SELECT rootpage FROM sqlite_master WHERE type = 'index'").fetchone()
    content = bytearray(path.read_bytes())
    content[4096 * (page - 1) : 4096 * (page - 1) + 8] = bytes([10, 0, 0, 0, 0, 0x10, 0, 0])
    path.write_bytes(content)


async def test_the_databases_of_all_servers_share_their_room(
    server_path: Path, fake: FakeDocker, game: FakeGame, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await need_mounts()
    monkeypatch.setattr(databases, "MAX_TOTAL_BYTES", 4 * MIB)
    for name in ("lobby", "survival"):
        await started(server_path, fake, game, name)
        sound(server_path / name / "data/x.db", 3 * MIB)

    operation = await back_up(server_id="")

    [warning] = [one for one in operation.warnings if "may be torn" in one]
    assert "x.db (it is too large: with its journal it has 3 MiB, and 1 MiB are allowed)" in warning


async def test_slow_databases_hold_up_no_backup(
    server_path: Path, fake: FakeDocker, game: FakeGame, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await need_mounts()
    monkeypatch.setattr(databases, "TIME_S", 3.0)
    await started(server_path, fake, game)
    for name in ("a.db", "b.db"):
        slow(server_path / "survival/data" / name)

    operation = await back_up()

    assert level(operation) == "flushed"
    [warning] = [one for one in operation.warnings if "may be torn" in one]
    assert "(its check took more than " in warning
    assert "(no time was left for it)" in warning


def test_slow_databases_hold_up_no_drill(
    owner: APIClient, home: Path, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drill, "DATABASES_S", 3.0, raising=False)
    for number in range(8):
        slow(home / f"data/{number}.db")
    saved = save(owner, server_id=home.name)

    result = owner.post(f"/api/snapshots/{saved}/verify", {}, format="json").json()

    assert result["servers"][0]["databases"] == []
    assert "databases came back broken" not in result["message"]
    [warning] = [one for one in Operation.objects.get(kind=drill.KIND.name).warnings if "not looked at" in one]
    assert warning.startswith(f"{home.name}: databases that were not looked at: ")
    assert "(its check took more than " in warning
    assert "(no time was left for it)" in warning
    assert warning.endswith(" and 3 more.")


async def test_names_in_a_database_are_shown_by_a_snapshot_as_text(
    server_path: Path, fake: FakeDocker, game: FakeGame, vault: Path
) -> None:
    await need_mounts()
    await started(server_path, fake, game)
    for number, name in enumerate(NAMES[:5]):
        broken(server_path / f"survival/data/{number}.db", name)

    operation = await back_up()

    [warning] = [one for one in (operation.result or {})["snapshot"]["warnings"] if "may be torn" in one]
    assert warning.count("it is broken itself: ") == 5
    assert warning.isprintable()
    assert warning in operation.warnings


def test_names_in_a_database_are_shown_by_a_drill_as_text(owner: APIClient, home: Path, vault: Path) -> None:
    for number, name in enumerate(NAMES):
        broken(home / f"data/{number}.db", name)
    saved = save(owner, server_id=home.name)

    result = owner.post(f"/api/snapshots/{saved}/verify", {}, format="json").json()

    told = result["servers"][0]["databases"]
    assert len(told) == len(NAMES)
    assert all(one.isprintable() for one in told)
    assert "ü" in told[-1]
