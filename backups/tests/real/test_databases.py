"""Databases of plugins that are written while a real restic copies them come back sound."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from backups.snapshots import database_copies, databases
from backups.tests.conftest import started
from backups.tests.edge.conftest import vault
from backups.tests.edge.test_quiesce import back_up, level
from core import confined_exec, confinement
from servers.models import Operation
from testing import database_writer
from testing.fake_docker import FakeDocker
from testing.fake_game import FakeGame
from testing.repositories import BINARIES, PASSWORD

__all__ = ["vault"]  # fixtures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic, pytest.mark.timeout(300)]
MODES = {"rollback.db": "DELETE", "wal.sqlite": "WAL", "kept.db": "PERSIST"}
SNAPSHOTS = 3


@contextmanager
def writers(folder: Path) -> Iterator[None]:
    """A process for each mode, which writes all the time."""
    running = []
    try:
        for name, mode in MODES.items():
            argv = [sys.executable, database_writer.__file__, str(folder / name), mode]
            running.append(subprocess.Popen(argv, stdout=subprocess.PIPE, text=True))
        for one in running:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        yield
    finally:
        for one in running:
            one.kill()
            one.wait()
            if one.stdout is not None:
                one.stdout.close()


@contextmanager
def kept_locked(folder: Path) -> Iterator[None]:
    """A process that keeps twelve databases locked."""
    script = (
        "import sqlite3, sys\n"
        "kept = [sqlite3.connect(f'{sys.argv[1]}/{number}.db', isolation_level=None) for number in range(12)]\n"
        "for one in kept: one.executescript('CREATE TABLE x(y); BEGIN EXCLUSIVE')\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    argv = [sys.executable, "-c", script, str(folder)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield


def restored(vault: Path, snapshot: str, target: Path) -> list[Path]:
    """Restore a snapshot with plain restic and return the databases in it."""
    access = {"RESTIC_REPOSITORY": str(vault), "RESTIC_PASSWORD": PASSWORD, "HOME": str(target.parent)}
    argv = [str(BINARIES["0.18"]), "restore", snapshot, "--target", str(target)]
    subprocess.run(argv, env=access, check=True, capture_output=True)
    return sorted(path for path in target.rglob("*") if path.name in MODES)


def problem(file: Path) -> str:
    """Return what is wrong with a database; empty when it is that of one moment."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
            counts = connection.execute("SELECT one.count, other.count FROM one, other").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    return found if found != "ok" else "" if counts[0] == counts[1] > 0 else f"counts {counts}"


async def test_databases_that_are_written_meanwhile_come_back_sound(
    server_path: Path, fake: FakeDocker, game: FakeGame, vault: Path, tmp_path: Path
) -> None:
    if confined_exec.MOUNTS not in await confinement.available():
        pytest.skip("this machine has no private mounts")
    await started(server_path, fake, game)
    plugin = server_path / "survival/data/plugins/CoreProtect"

    def made() -> None:
        plugin.mkdir(parents=True)
        (plugin / "old.db").write_bytes(b"SQLite format 3\0" + bytes(4080))
        os.utime(plugin / "old.db", (1, 1))

    await asyncio.to_thread(made)
    with writers(plugin):
        operations = [await back_up() for _ in range(SNAPSHOTS)]

    problems: dict[str, str] = {}
    for number, operation in enumerate(operations):
        assert (level(operation), operation.warnings) == ("flushed", [])
        files = await asyncio.to_thread(restored, vault, snapshot_id(operation), tmp_path / f"back{number}")
        assert [one.name for one in files] == sorted(MODES)
        problems |= {f"{number} {one.name}": found for one in files if (found := problem(one))}
        info, original = files[0].stat(), (plugin / files[0].name).stat()
        assert (info.st_uid, info.st_mode) == (original.st_uid, original.st_mode)
    assert problems == {}
    assert not (tmp_path / "logs/restic-cache/databases").exists()


async def test_without_private_mounts_the_databases_are_named(
    server_path: Path, fake: FakeDocker, game: FakeGame, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "_known", [frozenset({confined_exec.LANDLOCK})])
    await started(server_path, fake, game)
    with writers(server_path / "survival/data"):
        operation = await back_up()

    assert level(operation) == "flushed"
    [warning] = [one for one in operation.warnings if "may be torn" in one]
    assert "in the snapshot, although the world is not: kept.db (" in warning
    assert warning in (operation.result or {})["snapshot"]["warnings"]


def snapshot_id(operation: Operation) -> str:
    return str((operation.result or {})["snapshot"]["id"])


async def test_databases_that_are_kept_locked_hold_up_no_backup(
    server_path: Path, fake: FakeDocker, game: FakeGame, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_copies, "LOCK_S", 0.4)
    monkeypatch.setattr(databases, "TIME_S", 1.0)
    await started(server_path, fake, game)
    with kept_locked(server_path / "survival/data"):
        operation = await back_up()

    assert level(operation) == "flushed"
    [warning] = [one for one in operation.warnings if "may be torn" in one]
    assert ".db (it was locked for more than 0.4 s)" in warning
    assert ".db (no time was left for it)" in warning
    assert "and 7 more" in warning


@contextmanager
def written_all_the_time(*files: Path) -> Iterator[None]:
    """A process that appends to the files every few milliseconds."""
    script = (
        "import sys, time\n"
        "files = [open(name, 'ab', buffering=0) for name in sys.argv[1:]]\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    for one in files: one.write(b'chunk')\n"
        "    time.sleep(0.005)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, *map(str, files)], stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
        try:
            yield
        finally:
            one.kill()


async def test_databases_that_no_sound_copy_is_made_of_are_named_where_they_are_written(
    server_path: Path, fake: FakeDocker, game: FakeGame, vault: Path
) -> None:
    await started(server_path, fake, game)
    plugins = server_path / "survival/data/plugins"

    def made() -> None:
        for name in (
            "Perms/h2.mv.db", "Perms/still.mv.db", "Map/tiles/CURRENT", "Old/tiles/CURRENT", "../worlds/one/level.dat",
            "../worlds/one/db/CURRENT",  # of a Bedrock world, of which the level speaks
        ):
            (plugins / name).parent.mkdir(parents=True, exist_ok=True)
            (plugins / name).write_bytes(b"H:2,block:9")

    await asyncio.to_thread(made)
    names = ("plugins/Perms/h2.mv.db", "plugins/Map/tiles/3.log", "worlds/one/db/3.log")
    with written_all_the_time(*(plugins.parent / name for name in names)):
        written = await back_up()
    still = await back_up()

    [warning] = written.warnings
    assert "in the snapshot, although the world is not: plugins/Map/tiles, plugins/Perms/h2.mv.db." in warning
    assert (level(written), (written.result or {})["snapshot"]["warnings"]) == ("flushed", [warning])
    assert (level(still), still.warnings) == ("flushed", [])


async def test_a_world_that_may_be_torn_itself_is_not_called_whole(
    server_path: Path, fake: FakeDocker, game: FakeGame, vault: Path
) -> None:
    await started(server_path, fake, game)
    game.answers["save-off"] = b"Unknown command"
    plugins = server_path / "survival/data/plugins"

    def made() -> None:
        plugins.mkdir()
        (plugins / "h2.mv.db").write_bytes(b"H:2,block:9")

    await asyncio.to_thread(made)
    with written_all_the_time(plugins / "h2.mv.db"):
        operation = await back_up()

    assert level(operation) == "live"
    [warning] = [one for one in operation.warnings if "databases" in one]
    assert "databases that are being written may be torn in the snapshot: plugins/h2.mv.db." in warning
