"""Cases of a game that runs meanwhile: links, lists, files that go, mount points, copies that stand still."""

import io
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from backups.tests.edge.test_vanishing_files import churn, when_read
from servers.tests.conftest import write_server
from testing.panel import Panel, operate, real_text, running_panel, status, wait_for
from testing.repositories import PASSWORD, make_empty

pytestmark = [pytest.mark.docker, pytest.mark.restic, pytest.mark.process, pytest.mark.timeout(300)]

OFF, ON = "Automatic saving is now disabled", "Automatic saving is now enabled"


def settings(folder: Path) -> dict[str, str]:
    return {"RESTIC__REPOSITORY_PATH": str(folder / "repository"), "RESTIC__PASSWORD": PASSWORD}


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    folder = tmp_path_factory.mktemp("running")
    make_empty(folder / "repository")
    with running_panel(folder, **settings(folder)) as one:
        yield one


@pytest.fixture(scope="module")
def client(panel: Panel) -> Iterator[httpx.Client]:
    with panel.client() as one:
        yield one


@pytest.fixture(scope="module")
def home(panel: Panel, client: httpx.Client) -> Iterator[Path]:
    """The folder of a server whose game is up; ``data/disk`` is a mount point."""
    name = f"n{uuid.uuid4().hex[:8]}"
    folder = write_server(panel.servers, name, real_text(name, memory="1g"))
    (folder / "data/disk").mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder / "data/disk"], check=True)
    try:
        up(client, name)
        yield folder
    finally:
        subprocess.run(["docker", "rm", "--force", f"mc-{name}"], capture_output=True, check=False)
        subprocess.run(["docker", "network", "rm", f"{name}_default"], capture_output=True, check=False)
        subprocess.run(["umount", "--lazy", folder / "data/disk"], check=False)


def up(client: httpx.Client, name: str) -> None:
    assert operate(client, name, "up").status_code == 200
    wait_for(lambda: status(client, name), "HEALTHY".__eq__, limit_s=60)


def save(client: httpx.Client, home: Path, **more: Any) -> dict[str, Any]:
    """Make a snapshot of the running game, which must be a good one."""
    answer = client.post("/snapshots", json={"server_id": home.name, "require": "flushed", **more})
    assert answer.status_code == 200, answer.json()
    made: dict[str, Any] = answer.json()
    assert made["snapshot"]["saved"] == "flushed", made
    return made


def names(client: httpx.Client, made: dict[str, Any], path: Path) -> set[str]:
    listed = client.get(f"/snapshots/{made['snapshot']['id']}/files", params={"path": str(path)}).json()
    return {one["name"] for one in listed.get("items", [])}


def saving(home: Path) -> list[str]:
    """What the game's log says about saving, in its order."""
    log = (home / "data/logs/latest.log").read_text()
    return [ON if ON in line else OFF for line in log.splitlines() if ON in line or OFF in line]


@contextmanager
def much_to_read(home: Path) -> Iterator[Path]:
    """Files that restic reads first and for a while; the path of the first."""
    files = [home / f"data/!{number}" for number in range(3)]
    for file in files:
        with file.open("wb") as opened:
            opened.truncate(60 * 1024**2)
    try:
        yield files[0]
    finally:
        for file in files:
            file.unlink()


def test_the_world_behind_a_link_is_saved_while_the_game_holds_still(client: httpx.Client, home: Path) -> None:
    """S5."""
    (home / "data/current").symlink_to("world")
    try:
        made = save(client, home, path="current")
        body = {"snapshot_id": made["snapshot"]["id"], "server_id": home.name, "path": "current"}
        refused = client.post("/snapshots/restore", json=body)
    finally:
        (home / "data/current").unlink()

    assert made["snapshot"]["paths"] == [str(home / "data/world")]
    assert any("leads to world: that was saved" in one for one in made["warnings"]), made["warnings"]
    assert (refused.status_code, refused.json()["code"]) == (400, "not_in_snapshot"), refused.json()


def test_no_game_is_held_still_for_a_repository_in_its_own_folder(panel: Panel, home: Path) -> None:
    """S13."""
    before = saving(home)
    environment = {**panel.environment, "RESTIC__REPOSITORY_PATH": str(home / "backups")}
    argv = [sys.executable, "manage.py", "snapshot"]
    refused = [
        subprocess.run([*argv, *words], env=environment, capture_output=True, text=True, check=False)
        for words in (["init"], ["create", home.name])
    ]

    assert [one.returncode for one in refused] == [1, 1]
    assert f"in the folder '{home.name}' of a server" in refused[0].stderr
    assert saving(home) == before
    assert not (home / "backups").exists()


def test_a_list_of_an_editor_counts_for_a_running_game(client: httpx.Client, home: Path) -> None:
    """S24."""
    tiles = home / "data/dynmap/web/tiles"
    tiles.mkdir(parents=True)
    (tiles / "0.png").touch()
    (tiles.parent / "index.html").touch()
    (home / ".mcadminignore").write_bytes(b"\xef\xbb\xbfdynmap/web/tiles/\r\n")
    try:
        made = save(client, home)
    finally:
        (home / ".mcadminignore").unlink()
        shutil.rmtree(home / "data/dynmap")

    assert names(client, made, home / "data/dynmap/web") == {"index.html"}
    assert "level.dat" in names(client, made, home / "data/world")


def test_files_that_come_and_go_beside_a_running_game(client: httpx.Client, home: Path) -> None:
    """S26: what a map and plugins make spoils nothing; a region file that goes is missed."""
    data, region = home / "data", home / "data/lost/region/r.0.0.mca"
    for folder in ("other/world", "other/web/tiles/0", "other/plugins", "lost/region"):
        (data / folder).mkdir(parents=True)
    shutil.copy(data / "world/level.dat", data / "lost/level.dat")
    region.write_bytes(bytes(8192))
    with churn(data / "other"):  # in the game's own world it would take the files of a flush away
        whole = save(client, home)
    with much_to_read(home) as first:
        began = when_read(first, region.unlink)
        holed = client.post("/snapshots", json={"server_id": home.name}).json()
        began.join()
    shutil.rmtree(data / "lost")

    assert not [one for one in whole["warnings"] if "went away" in one], whole["warnings"]
    assert any("went away" in one and "lost/region" in one for one in holed["warnings"]), holed


def test_a_mount_point_below_a_running_games_files(client: httpx.Client, home: Path) -> None:
    """S31."""
    disk = home / "data/disk"
    (disk / "kept").write_text("old")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as one:
        for name in ("aaa/first.txt", "disk/top.txt", "zzz/last.txt"):
            one.writestr(name, "x")
    (home / "data/pack.zip").write_bytes(archive.getvalue())
    url = f"/servers/{home.name}/files"

    made = save(client, home)
    (disk / "kept").write_text("newer")
    crossed = client.post(f"{url}/extract", json={"path": "/pack.zip", "target_path": "/"})
    deleted = client.delete(url, params={"path": "/disk"})
    left = sorted(one.name for one in (home / "data").iterdir())
    assert operate(client, home.name, "down").status_code == 200
    body = {"snapshot_id": made["snapshot"]["id"], "server_id": home.name, "path": "disk"}
    restored = client.post("/snapshots/restore", json=body)
    up(client, home.name)

    assert (crossed.status_code, crossed.json()["code"]) == (400, "other_file_system")
    assert (deleted.status_code, deleted.json()["code"]) == (409, "mount_point")
    assert not {"aaa", "zzz"} & set(left)
    assert (restored.status_code, restored.json()["in_place"]) == (200, True), restored.json()
    assert (disk / "kept").read_text() == "old"


def stop_restic(process: psutil.Process) -> psutil.Process:
    """Stop the restic that a process copies with, as a disk does that hangs, and return it."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for one in process.children(recursive=True):
            try:
                if "restic" in one.name() and "backup" in one.cmdline():
                    one.send_signal(signal.SIGSTOP)
                    return one
            except psutil.Error:
                continue
        time.sleep(0.005)
    raise AssertionError("no restic came")


def test_a_game_saves_again_after_a_copy_that_stood_still(panel: Panel, client: httpx.Client, home: Path) -> None:
    """S41."""
    before = saving(home)
    with much_to_read(home), (panel.folder / "impatient").open("w") as output:
        backup = panel.spawn("-m", "testing.impatient_backup", home.name, output=output)
        restic = stop_restic(psutil.Process(backup.pid))
        try:
            code = backup.wait(timeout=60)
        finally:
            backup.kill()
            with suppress(psutil.NoSuchProcess):
                restic.kill()

    assert code == 1
    assert "was ended. Its process is stopped (SIGSTOP)" in (panel.folder / "impatient").read_text()
    assert saving(home) == [*before, OFF, ON]
    save(client, home)


def test_a_lost_panels_game_comes_up_at_a_new_one(
    panel: Panel, client: httpx.Client, home: Path, tmp_path: Path
) -> None:
    """S18; the last one, for it ends the game of the first panel."""
    made, lost = save(client, home), home.parent / ".lost"
    instance = next(one for one in made["snapshot"]["tags"] if one.startswith("instance:")).partition(":")[2]
    assert operate(client, home.name, "down").status_code == 200
    subprocess.run(["umount", "--lazy", home / "data/disk"], check=True)
    os.rename(home, lost)
    with running_panel(tmp_path, **settings(panel.folder)) as other, other.client() as asked:
        listed = other.manage("snapshot", "list", home.name)
        body = {"snapshot_id": made["snapshot"]["id"], "server_id": home.name}
        restored = asked.post("/snapshots/restore", json=body)
        adopted = other.manage("snapshot", "adopt-instance", instance, "--lost")
        up(asked, home.name)
        again = asked.post("/snapshots", json={"server_id": home.name, "require": "flushed"})

    assert f"{made['snapshot']['short_id']}  " in listed
    assert "foreign" in listed
    assert restored.status_code == 200, restored.json()
    assert "snapshots are this panel's now" in adopted
    assert (again.status_code, again.json()["snapshot"]["saved"]) == (200, "flushed"), again.json()
