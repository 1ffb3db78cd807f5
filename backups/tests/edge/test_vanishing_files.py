"""Files that come and go during the copy, as every game and its plugins have them."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from backups.tests.edge.test_lost_worlds import save
from backups.tests.edge.test_restores import BOTH
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)

FILES = (
    "world/level.dat", "world/level.dat_old", "world/level12345.dat", "world/region/r.0.0.mca",
    "world/region/r.1.0.mca", "world/DIM-1/region/r.0.0.mca", "world/playerdata/a.dat", "world/session.lock",
    "world/level.dat_new", "plugins/db.sqlite-journal", "plugins/db.sqlite-wal", "plugins/x.tmp",
    "web/tiles/0/1.png", "web/tiles/0/2.png", "ops.json",
)
PASSING = {
    "temporary files": ["world/level.dat_new", "world/level12345.dat", "plugins/x.tmp", "world/level.dat_old"],
    "journals": ["plugins/db.sqlite-journal", "plugins/db.sqlite-wal"],
    "a lock": ["world/session.lock"],
    "map tiles": ["web/tiles/0/1.png", "web/tiles/0/2.png"],
    "a folder of tiles": ["web/tiles/0"],
}
MISSED = {
    "a region": ["world/region/r.0.0.mca"],
    "all regions": ["world/region"],
    "the nether": ["world/DIM-1"],
    "the level": ["world/level.dat"],
    "the world": ["world"],
    "a region among others": ["web/tiles/0/1.png", "plugins/x.tmp", "world/region/r.1.0.mca"],
}


def fill(data: Path) -> None:
    for name in FILES:
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(b"content")


def remove(data: Path, names: list[str]) -> None:
    for name in names:
        if (data / name).is_dir():
            shutil.rmtree(data / name)
        else:
            (data / name).unlink()


@pytest.mark.parametrize("version", ["0.14", "0.18"])
@pytest.mark.parametrize("what", [*PASSING, *MISSED])
def test_what_went_away_is_missed_where_it_is_of_the_world(
    owner: APIClient, server: str, server_path: Path, fake: FakeDocker, restic: FakeRestic, version: str, what: str
) -> None:
    data, names = server_path / server / "data", {**PASSING, **MISSED}[what]
    fill(data)
    restic.version = version
    (server_path / server / ".mcadminignore").write_text("/cache/\n")
    restic.on_listed = lambda: remove(data, names)

    made = save(owner, server)

    judge(owner, made, names[-1] if what in MISSED else None)


def judge(owner: APIClient, made: dict[str, Any], missed: str | None) -> None:
    """Check what a snapshot says of itself: of files that are missed, or of nothing at all."""
    assert made["status"] == 200, made
    row = owner.get("/api/snapshots/health").json()["servers"][0]
    if missed is None:
        assert (made["warnings"], row["warnings"]) == ([], [])
    else:
        assert any("went away" in one and missed in one for one in made["warnings"]), made["warnings"]
        assert row["warnings"], row


@pytest.mark.parametrize("path", ["world", "web"])
def test_of_a_path_only_its_own_files_are_missed(
    owner: APIClient, server: str, server_path: Path, fake: FakeDocker, restic: FakeRestic, path: str
) -> None:
    data = server_path / server / "data"
    fill(data)
    restic.on_listed = lambda: remove(data, ["world/region/r.0.0.mca"])
    assert bool(save(owner, server, path=path)["warnings"]) is (path == "world")


def test_a_file_that_is_there_again_is_missed(
    owner: APIClient, server: str, server_path: Path, fake: FakeDocker, restic: FakeRestic
) -> None:
    """restic 0.14 names it; a later one says nothing."""
    data, moved = server_path / server / "data", server_path.parent / "moved"
    fill(data)
    restic.version = "0.14"
    restic.on_listed = partial(shutil.move, data / "ops.json", moved)
    restic.on_read = partial(shutil.move, moved, data / "ops.json")

    assert [one.partition("data/")[2] for one in save(owner, server)["warnings"]] == [
        "ops.json: No such file or directory"
    ]


@contextmanager
def churn(data: Path) -> Iterator[None]:
    """Make, rename and delete temporary files and tiles all the time, as a game with a map does."""
    stop = threading.Event()

    def run() -> None:
        count = 0
        while not stop.is_set():
            count += 1
            tile, level = data / f"web/tiles/0/c{count % 50}.png", data / "world/level.dat_new"
            level.write_bytes(b"level")
            level.replace(data / "world/level.dat")
            tile.with_suffix(".tmp").write_bytes(b"tile")
            tile.with_suffix(".tmp").replace(tile)
            (data / f"web/tiles/0/c{(count + 25) % 50}.png").unlink(missing_ok=True)
            (data / "plugins/db.sqlite-journal").write_bytes(b"journal")
            (data / "plugins/db.sqlite-journal").unlink()

    worker = threading.Thread(target=run)
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()


def hollow(folder: Path, *, count: int) -> None:
    """Make files that come first and that restic reads for a while: names are copied in their order."""
    for number in range(count):
        with (folder / f"!{number}").open("wb") as file:
            file.truncate(150 * 1024**2)


@BOTH
@pytest.mark.restic
@pytest.mark.parametrize("what", ["temporary files", "a folder of tiles", "all regions", "a region among others"])
def test_a_real_restic_from_which_files_go_while_it_copies(
    owner: APIClient, server: str, server_path: Path, fake: FakeDocker, vault: Path, what: str
) -> None:
    data, names = server_path / server / "data", {**PASSING, **MISSED}[what]
    fill(data)
    hollow(data, count=3)
    (server_path / server / ".mcadminignore").write_text("/cache/\n")
    began = when_read(data / "!0", lambda: remove(data, names))

    made = save(owner, server)
    began.join()

    judge(owner, made, names[-1] if what in MISSED else None)
    assert is_in(owner, made["snapshot"]["id"], data / "ops.json")
    if what == "temporary files":
        assert made["snapshot"]["saved"] == "stopped"
    assert all(not is_in(owner, made["snapshot"]["id"], data / name) for name in names), "it was copied before it went"


def is_in(owner: APIClient, snapshot: str, path: Path) -> bool:
    """Tell whether a snapshot has a path; where its folder is not in it there are no items."""
    listed = owner.get(f"/api/snapshots/{snapshot}/files?path={path.parent}").json()
    return path.name in {one["name"] for one in listed.get("items", [])}


def when_read(file: Path, act: Callable[[], None]) -> threading.Thread:
    """Act as soon as some process of restic has the file open."""

    def run() -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until and not any(_has_open(one, file) for one in Path("/proc").glob("[0-9]*")):
            time.sleep(0.01)
        act()

    worker = threading.Thread(target=run)
    worker.start()
    return worker


def _has_open(process: Path, file: Path) -> bool:
    try:
        if not (process / "comm").read_text().startswith("restic"):
            return False
        return any(one.readlink() == file for one in (process / "fd").iterdir())
    except OSError:
        return False


@BOTH
@pytest.mark.restic
def test_a_game_that_writes_all_the_time_spoils_no_snapshot(
    owner: APIClient, server: str, server_path: Path, fake: FakeDocker, vault: Path
) -> None:
    data = server_path / server / "data"
    fill(data)
    with churn(data):
        made = [save(owner, server) for _ in range(3)]
    for one in made:
        assert (one["status"], one["snapshot"]["saved"]) == (200, "stopped")
        assert not [sentence for sentence in one["warnings"] if "went away" in sentence], one["warnings"]
