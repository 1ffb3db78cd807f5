"""What lies in a snapshot: browsed, downloaded, compared, and tried by a drill."""

import gzip
import io
import os
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from backups.models import Drill
from backups.tests.edge.conftest import save
from servers.tests.conftest import write_server
from servers.tests.domain.test_world import nbt
from testing.fake_docker import FakeDocker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic]


async def content(response: Any) -> bytes:
    """Read a body that streams."""
    return b"".join([chunk async for chunk in response.streaming_content])


def test_drill_tells_a_good_snapshot_from_a_bad_one(owner: APIClient, home: Path, vault: Path) -> None:
    bad = save(owner, server_id=home.name)
    (home / "data/world/level.dat").write_bytes(gzip.compress(nbt()))
    good = save(owner)

    failed = owner.post(f"/api/snapshots/{bad}/verify").json()
    passed = owner.post(f"/api/snapshots/{good}/verify").json()

    assert failed["passed"] is False
    assert "level.dat" in failed["servers"][0]["findings"][0]
    assert (passed["passed"], passed["servers"][0]["levels"], passed["servers"][0]["regions"]) == (True, 1, 1)
    assert list(Drill.objects.values_list("server_id", "passed")) == [(home.name, True), (home.name, False)]
    assert list((home.parent / ".restoring").iterdir()) == []


@pytest.mark.parametrize("vault", ["0.14", "0.18"], indirect=True)
def test_snapshot_is_browsed_downloaded_and_compared(owner: APIClient, home: Path, vault: Path) -> None:
    first = save(owner, server_id=home.name)
    (home / "data/ab").write_text("longer")
    second = save(owner, server_id=home.name)

    listed = owner.get(f"/api/snapshots/{first}/files", {"path": f"{home}/data"}).json()
    file: Any = owner.get(f"/api/snapshots/{first}/download", {"path": f"{home}/data/ab"})
    folder: Any = owner.get(f"/api/snapshots/{first}/download", {"path": f"{home}/data/world"})
    diff = owner.get(f"/api/snapshots/{first}/diff/{second}").json()

    assert [one["name"] for one in listed["items"]] == ["a[b]*?\nü", "ab", "world"]
    assert owner.get(f"/api/snapshots/{first}/files", {"path": "/nope"}).status_code == 404
    assert async_to_sync(content)(file) == b"old"
    assert file.headers["Content-Disposition"] == 'attachment; filename="ab"'
    assert owner.get(f"/api/snapshots/{first}/download", {"path": "/nope"}).status_code == 404
    with zipfile.ZipFile(io.BytesIO(async_to_sync(content)(folder))) as opened:
        assert any(name.endswith("world/level.dat") for name in opened.namelist())
    assert [(one["path"], one["old_size"], one["new_size"]) for one in diff["changed"]] == [(f"{home}/data/ab", 3, 6)]


def test_drill_names_databases_that_came_back_broken(owner: APIClient, home: Path, vault: Path) -> None:
    plugin = home / "data/plugins/CoreProtect"
    plugin.mkdir(parents=True)
    (home / "data/world/level.dat").write_bytes(gzip.compress(nbt()))
    for name in ("sound.db", "torn.db", "unfinished.db"):
        with closing(sqlite3.connect(plugin / name)) as connection:
            connection.execute("CREATE TABLE block(id INTEGER PRIMARY KEY, what TEXT)")
            connection.executemany("INSERT INTO block(what) VALUES (?)", [("x" * 500,)] * 500)
            connection.commit()
            if name == "unfinished.db":  # what the log of an unfinished run holds is part of it
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("INSERT INTO block(what) VALUES ('late')")
                connection.commit()
                kept = {end: (plugin / f"{name}{end}").read_bytes() for end in ("", "-wal")}
    for end, content in kept.items():
        (plugin / f"unfinished.db{end}").write_bytes(content)
    with (plugin / "torn.db").open("r+b") as file:
        file.seek(3 * 4096)
        file.write(os.urandom(8 * 4096))
    (plugin / "link.db").symlink_to("/etc/passwd")
    (plugin / "no.db").write_text("of another kind")
    saved = save(owner, server_id=home.name)

    result = owner.post(f"/api/snapshots/{saved}/verify", {}, format="json").json()

    assert result["passed"]
    [told] = result["servers"][0]["databases"]
    assert told.startswith("the database data/plugins/CoreProtect/torn.db came back broken")
    assert result["message"].endswith("But 1 of its plugins' databases came back broken.")
    assert list((home.parent / ".restoring").iterdir()) == []


def test_drill_that_saw_no_world_calls_nothing_sound(
    owner: APIClient, fake: FakeDocker, server: str, vault: Path
) -> None:
    saved = save(owner, server_id=server)

    result = owner.post(f"/api/snapshots/{saved}/verify", {}, format="json").json()

    assert result["passed"] is None
    assert result["message"].endswith("and came back, but holds no world that could be looked at.")
    assert last_drill(owner) is None


def last_drill(owner: APIClient) -> bool | None:
    [row] = owner.get("/api/snapshots/health").json()["servers"]
    assert row["last_drill_at"]
    found: bool | None = row["last_drill_passed"]
    return found


def test_a_drill_without_a_world_counts_neither_for_nor_against_a_server(
    owner: APIClient, home: Path, vault: Path
) -> None:
    (home / "data/world/level.dat").write_bytes(gzip.compress(nbt()))
    whole = save(owner, server_id=home.name)
    of_a_file = save(owner, server_id=home.name, path="ab")
    (home / "data/world/level.dat").write_text("torn")
    torn = save(owner, server_id=home.name)

    told = []
    for one in (of_a_file, whole, of_a_file, torn, of_a_file):
        passed = owner.post(f"/api/snapshots/{one}/verify", {}, format="json").json()["passed"]
        told.append((passed, last_drill(owner)))

    assert told == [(None, None), (True, True), (None, True), (False, False), (None, False)]


def test_of_everything_a_server_without_a_world_passes_nothing(
    owner: APIClient, home: Path, vault: Path
) -> None:
    (home / "data/world/level.dat").write_bytes(gzip.compress(nbt()))
    write_server(home.parent, "fresh")

    assert owner.post(f"/api/snapshots/{save(owner)}/verify", {}, format="json").json()["passed"] is True

    rows = owner.get("/api/snapshots/health").json()["servers"]
    assert {one["server_id"]: one["last_drill_passed"] for one in rows} == {home.name: True, "fresh": None}
