"""What copies of databases may cost: journals of nothing, files of holes, checks that a schema makes slow."""

import os
import shutil
import sqlite3
import struct
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from backups.snapshots import database_copies
from core import database_exec
from core.paths import Root

MIB = 1024**2
OF_A_JOURNAL, OF_A_LOG = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", b"\x37\x7f\x06\x82"


@pytest.fixture
def game(tmp_path: Path) -> Path:
    """A folder with a small database."""
    folder = tmp_path / "game"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "x.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t(a)")
    return folder


def taken(game: Path, *, most_bytes: int = 512 * MIB) -> Path:
    folder = game.parent / "copies"
    folder.mkdir()
    with Root(game) as data:
        database_copies.copy_database(data, "x.db", folder / "copy", most_bytes=most_bytes)
    return folder


def checked(file: Path) -> str:
    """Return what the panel's script says of a database."""
    argv = [sys.executable, "-I", "-S", database_exec.__file__, str(file)]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=15).stdout.strip()


def lengthened(path: Path, beginning: bytes) -> None:
    with path.open("ab") as file:
        file.write(beginning)
        file.truncate(300 * MIB)


@pytest.mark.parametrize(("suffix", "beginning", "is_copied"), [
    ("", b"", True), ("-journal", b"", False), ("-wal", b"", False), ("-journal", b"\0" * 512, False),
    ("-wal", b"x" * 512, False), ("-journal", OF_A_JOURNAL, True), ("-wal", OF_A_LOG, True),
])
def test_holes_take_no_room_in_a_copy(game: Path, suffix: str, beginning: bytes, *, is_copied: bool) -> None:
    lengthened(game / f"x.db{suffix}", beginning)

    folder = taken(game)

    assert sum(one.stat().st_blocks * 512 for one in folder.iterdir()) < MIB
    copy = folder / f"copy{suffix}"
    assert copy.exists() == is_copied
    if is_copied:
        original = game / f"x.db{suffix}"
        assert copy.stat().st_size == original.stat().st_size
        assert subprocess.run(["cmp", copy, original], check=False).returncode == 0


@pytest.mark.parametrize(("suffix", "beginning"), [("-journal", OF_A_JOURNAL), ("-wal", OF_A_LOG)])
def test_a_journal_counts_like_its_file(game: Path, suffix: str, beginning: bytes) -> None:
    (game / f"x.db{suffix}").write_bytes((beginning + os.urandom(2 * MIB))[: 2 * MIB])
    with pytest.raises(database_copies.NoSoundCopy, match=r"2 MiB, and 2 MiB are allowed"):
        taken(game, most_bytes=2 * MIB)
    assert list((game.parent / "copies").iterdir()) == []


def test_a_full_disk_gets_no_copy(game: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(game)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=4 * MIB))
    (game / "x.db-journal").write_bytes(OF_A_JOURNAL + os.urandom(2 * MIB))
    with pytest.raises(database_copies.NoSoundCopy, match="no room"):
        taken(game)


def test_what_a_hot_journal_takes_back_is_taken_back_in_the_copy(game: Path) -> None:
    with closing(sqlite3.connect(game / "y.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 5")
        connection.execute("CREATE TABLE t(a, b)")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO t VALUES (?, 'old')", [("x" * 1000,)] * 500)
        connection.execute("COMMIT")
        connection.execute("BEGIN")
        connection.execute("UPDATE t SET b = 'new'")  # more than the cache holds is in the file by now
        for suffix in ("", "-journal"):
            shutil.copyfile(game / f"y.db{suffix}", game / f"x.db{suffix}")

    copy = taken(game) / "copy"

    assert checked(copy) == "ok"
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT DISTINCT b FROM t").fetchall() == [("old",)]


def test_a_journal_makes_no_huge_file_of_a_copy(game: Path) -> None:
    pages = 2**31 // 4096 * 1024  # 2 TiB
    header = OF_A_JOURNAL + struct.pack(">IIIII", 0, 0, pages, 512, 4096)
    (game / "x.db-journal").write_bytes(header.ljust(2048, b"\0"))
    copy = taken(game) / "copy"
    assert "ok" not in checked(copy)
    assert copy.stat().st_size < MIB


def test_what_a_table_demands_of_its_rows_is_not_worked_out(game: Path) -> None:
    with closing(sqlite3.connect(game / "x.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE slow(a INT CHECK(hex(zeroblob(a)) <> ''))")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO slow VALUES (?)", [(100_000_000,)] * 3000)
        connection.execute("COMMIT")
    assert checked(game / "x.db") == "ok"
