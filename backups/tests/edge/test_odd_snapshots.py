"""Snapshots of what is odd or broken, with a real restic."""

import os
import tempfile
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from rest_framework.test import APIClient

from backups import wiring
from backups.restic import browsing
from backups.restores import freshness, restore
from backups.restores.locate import NoFreshSnapshot
from backups.restores.request import RestoreRequest
from backups.snapshots import scope
from backups.tests.edge.conftest import save
from servers.minecraft.instance import ServerExists
from servers.operations import runner
from servers.operations.caller import Caller
from servers.tests.conftest import write_server
from testing.fake_docker import FakeDocker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic]


def test_all_of_the_data_comes_back(owner: APIClient, home: Path, vault: Path) -> None:
    snapshot = save(owner, server_id=home.name)
    (home / "data/world/level.dat").write_text("newer")
    body = {"snapshot_id": snapshot, "server_id": home.name, "path": "/"}
    preview = owner.post("/api/snapshots/restore/preview", body, format="json").json()
    assert "/data/world/level.dat" in [one["item"] for one in preview["actions"]]
    answer = owner.post("/api/snapshots/restore", body, format="json")
    assert answer.status_code == 200, answer.json()
    assert answer.json()["message"].startswith(f"/ of {home.name} is as")
    assert (home / "data/world/level.dat").read_text() == "old"
    assert save(owner, server_id=home.name, path="/")


def test_no_line_of_an_ignore_list_stops_a_backup(owner: APIClient, home: Path, vault: Path) -> None:
    refused = ["[a-]", "[-a]", "[]a]", "[^]", "[a/b]", "x\\", "a[b-]c", "[a-]x]", "**/a/**/b/**/c"]
    taken = ["[!a]", "\\[", "***", "[z-a]", "[^a-z]b", "\\[x", "[[]"]
    (home / "data/.mcadminignore").write_text("\n".join([*refused, *taken, "*.tmp"]))
    save(owner, server_id=home.name)
    for line in refused:
        answer = owner.put(f"/api/servers/{home.name}/snapshots/ignore", {"content": f"{line}\n"}, format="json")
        assert answer.status_code == 400, line
    answer = owner.put(f"/api/servers/{home.name}/snapshots/ignore", {"content": "\n".join(taken)}, format="json")
    assert answer.status_code == 200, answer.json()
    save(owner, server_id=home.name)


@pytest.mark.timeout(60)
def test_a_line_that_would_take_for_ever_is_passed_over(owner: APIClient, home: Path, vault: Path) -> None:
    (home / "data" / "/".join(["d"] * 30)).mkdir(parents=True)
    (home / "data/.mcadminignore").write_text("/".join(["**/d*"] * 20) + "/nothing\n")
    save(owner, server_id=home.name)


def test_an_odd_server_keeps_no_other_one_from_being_saved(owner: APIClient, home: Path, vault: Path) -> None:
    kinds = ["directory", "huge", "link", "fifo", "nodata", "file"]
    data = {kind: write_server(home.parent, f"odd-{kind}") / "data" for kind in kinds}
    (data["directory"] / ".mcadminignore").mkdir()
    (data["huge"] / ".mcadminignore").write_text("x\n" * 50_000)
    (data["link"] / ".mcadminignore").symlink_to("/etc/hostname")
    os.mkfifo(data["fifo"] / ".mcadminignore")
    data["nodata"].rmdir()
    data["file"].rmdir()
    data["file"].touch()
    for number, text in enumerate(["services: [", "", "services: {}", "a: b"]):
        write_server(home.parent, f"broken{number}", text)
    answer = owner.post("/api/snapshots", {}, format="json")
    assert answer.status_code == 200, answer.json()
    told = [one for one in answer.json()["warnings"] if "so the default is" in one]
    assert [one.partition(":")[0] for one in told] == ["odd-directory", "odd-fifo", "odd-huge", "odd-link"]
    snapshot = answer.json()["snapshot"]["id"]
    for path in (home / "data/world/level.dat", home.parent / "broken0/compose.yaml"):
        assert owner.get(f"/api/snapshots/{snapshot}/download", {"path": str(path)}).status_code == 200


async def test_times_beyond_any_calendar_hide_no_file(vault: Path) -> None:
    manager = wiring.repository()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:  # a file system that keeps such times
        for seconds in (-(2**40), 2**40):
            (Path(name) / str(seconds)).write_text("content")
            os.utime(Path(name) / str(seconds), (seconds, seconds))
        made = await manager.create_snapshot([name])
        listed = await browsing.list_folder(manager.command, made.snapshot.id, name)
        assert {one.mtime.year for one in listed} == {1, 9999}
        assert (await browsing.measure(manager.command, made.snapshot.id, name)).files == 2


def test_a_log_with_a_time_beyond_any_calendar_lets_a_restore_ask_for_a_snapshot(
    settings: LazySettings, fake: FakeDocker, vault: Path
) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"server_path": Path(name)})
        log = write_server(Path(name), "lobby") / "data/logs/latest.log"
        log.parent.mkdir()
        log.touch()
        os.utime(log, (2**40, 2**40))
        with pytest.raises(NoFreshSnapshot):
            async_to_sync(freshness.require)(scope.find_past(Path(name), server_id="lobby", path=""))


def test_a_new_server_never_replaces_one_that_was_made_meanwhile(
    owner: APIClient, home: Path, vault: Path
) -> None:
    request = RestoreRequest(snapshot_id=save(owner, server_id=home.name), as_new="twin")
    job = async_to_sync(restore.restore_job)(request, by=Caller("olga"))
    other = write_server(home.parent, "twin")
    with pytest.raises(ServerExists):
        async_to_sync(runner.run)(job)
    assert sorted(one.name for one in other.iterdir()) == ["compose.yaml", "data"]
    assert "mc-twin" in (other / "compose.yaml").read_text()
    assert not (home.parent / ".removed").exists()
