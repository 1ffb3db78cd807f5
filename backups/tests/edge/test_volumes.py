"""Games whose files are in a volume, or in a folder of another name: saved with the server, and restored by swap."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from backups.tests.edge.conftest import save
from backups.tests.edge.test_restores import age, restore
from servers import wiring
from servers.changes import removed
from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeContainer, FakeDocker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic]
NAME = "voled"
VOLUME = f"{NAME}_world"
OWN = "\nvolumes:\n  world: {}\n"


@pytest.fixture
def fake(fake: FakeDocker, tmp_path: Path) -> FakeDocker:
    """An engine that keeps volumes."""
    fake.root_dir = tmp_path / "engine"
    (fake.root_dir / "volumes").mkdir(parents=True)
    return fake


def up(name: str = NAME) -> None:
    """Make the server's container, which makes its volumes, and end it."""
    project = wiring.manager().get_instance(name).project
    async_to_sync(project.up)()
    async_to_sync(project.stop)(timeout_s=1)
    look()


def look() -> None:
    live = wiring.live()
    async_to_sync(live.engine.refresh)()
    live.volumes.engine_changed(live.engine.snapshot)
    async_to_sync(live.volumes.refresh)()


def fill(data: Path, text: str) -> None:
    (data / "world").mkdir(parents=True, exist_ok=True)
    (data / "world/level.dat").write_text(text)
    (data / "world/session.lock").write_text("present")
    (data / "ops.json").write_text(text)


def volume_server(server_path: Path, *, declared: str = OWN, source: str = "world") -> Path:
    home = write_server(server_path, NAME, compose_text(NAME).replace("./data:", f"{source}:") + declared)
    (home / "data/ops.json").write_text("left behind")
    return home


@pytest.fixture
def home(server_path: Path, fake: FakeDocker, vault: Path) -> Path:
    """The directory of a stopped server with its world in a volume, and a folder `data` of no use."""
    directory = volume_server(server_path)
    up()
    fill(fake.make_volume(VOLUME), "old")
    return directory


def volume(fake: FakeDocker, name: str = VOLUME) -> Path:
    return fake.root_dir / "volumes" / name / "_data"


def seen(answer: Any) -> Any:
    assert answer.status_code == 200, answer.json()
    return answer.json()


def test_a_snapshot_holds_the_volume_and_says_so(owner: APIClient, home: Path, fake: FakeDocker) -> None:
    answer = seen(owner.post("/api/snapshots", {"server_id": NAME, "require": "flushed"}, format="json"))

    made = answer["snapshot"]
    assert sorted(made["paths"]) == sorted([str(home), str(volume(fake))])
    assert (made["saved"], made["missing"], answer["warnings"]) == ("stopped", [], [])
    assert f"volume:{NAME}:{VOLUME}" in made["tags"]
    listed = {
        path: len(seen(owner.get(f"/api/servers/{NAME}/snapshots{path}"))["snapshots"])
        for path in ("", "?path=ops.json")
    }
    assert listed == {"": 1, "?path=ops.json": 1}


@pytest.mark.parametrize("scope", [{"server_id": NAME}, {}])
def test_a_whole_server_comes_back_with_its_volume_and_both_olds_are_kept(
    owner: APIClient, home: Path, fake: FakeDocker, scope: dict[str, str]
) -> None:
    snapshot = save(owner, **scope)
    fill(volume(fake), "newer")
    (volume(fake) / "since").touch()
    (home / "compose.yaml").write_text((home / "compose.yaml").read_text() + "# newer\n")

    done = seen(restore(owner, snapshot, server_id=NAME))

    assert (volume(fake) / "world/level.dat").read_text() == "old"
    assert not (volume(fake) / "since").exists()
    assert (volume(fake) / "world/session.lock").read_text() == "present"  # carried over
    assert "newer" not in (home / "compose.yaml").read_text()
    assert (home.parent / done["removed"] / "compose.yaml").read_text().endswith("# newer\n")
    assert (Path(done["removed_volume"]) / "since").exists()
    assert done["removed_volume"] in done["message"]
    assert no_leftovers(home.parent, fake)


def no_leftovers(server_path: Path, fake: FakeDocker) -> bool:
    return not [*server_path.glob(".restoring/*"), *fake.root_dir.glob("volumes/*/.restoring/*")]


@pytest.mark.parametrize("path", ["world", "/ops.json", "/"])
@pytest.mark.parametrize("saved_by", [{}, {"path": ""}])
def test_a_path_comes_back_into_the_volume(
    owner: APIClient, home: Path, fake: FakeDocker, path: str, saved_by: dict[str, str]
) -> None:
    snapshot = save(owner, server_id=NAME, **({"path": path} if saved_by else {}))
    fill(volume(fake), "newer")

    done = seen(restore(owner, snapshot, server_id=NAME, path=path))

    texts = {name: (volume(fake) / name).read_text() for name in ("world/level.dat", "ops.json")}
    expected = {"world": ("old", "newer"), "/ops.json": ("newer", "old"), "/": ("old", "old")}[path]
    assert tuple(texts.values()) == expected
    kept = Path(done["removed_volume"])
    old = kept if kept.is_file() else kept / ("level.dat" if path == "world" else "ops.json")
    assert old.read_text() == "newer"
    assert (home / "data/ops.json").read_text() == "left behind"
    assert no_leftovers(home.parent, fake)


@pytest.mark.parametrize("is_home_gone", [True, False])
def test_a_server_and_a_volume_that_are_gone_come_back(
    owner: APIClient, home: Path, fake: FakeDocker, *, is_home_gone: bool
) -> None:
    snapshot = save(owner)
    if is_home_gone:
        shutil.rmtree(home)
    shutil.rmtree(volume(fake).parent)
    fake.containers.clear()
    del fake.volumes[VOLUME]
    look()

    done = seen(restore(owner, snapshot, server_id=NAME, skip_safety_check=True))

    names = [one["name"] for one in seen(owner.get(f"/api/servers/{NAME}/files?path=/"))["items"]]
    assert sorted(names) == ["ops.json", "world"]
    assert (volume(fake) / "world/level.dat").read_text() == "old"
    assert fake.volumes[VOLUME]["Labels"]["com.docker.compose.project"] == NAME
    assert (done["removed"] is None) is is_home_gone


def test_a_new_server_gets_a_volume_of_its_own(owner: APIClient, home: Path, fake: FakeDocker) -> None:
    snapshot = save(owner, server_id=NAME)
    fill(volume(fake), "newer")

    seen(restore(owner, snapshot, **{"as": "other"}))

    assert (volume(fake, "other_world") / "world/level.dat").read_text() == "old"
    assert (volume(fake) / "world/level.dat").read_text() == "newer"
    names = [one["name"] for one in seen(owner.get("/api/servers/other/files?path=/"))["items"]]
    assert sorted(names) == ["ops.json", "world"]


def test_a_new_server_does_not_write_over_the_volume_of_a_project_with_its_name(
    owner: APIClient, home: Path, fake: FakeDocker
) -> None:
    snapshot = save(owner, server_id=NAME)
    fill(fake.make_volume("other_world", project="other"), "theirs")

    answer = restore(owner, snapshot, **{"as": "other"})

    assert (answer.status_code, answer.json()["code"]) == (409, "project_taken"), answer.json()
    assert (volume(fake, "other_world") / "world/level.dat").read_text() == "theirs"


FIXED = "\nvolumes:\n  world:\n    name: {}\n"


@pytest.mark.parametrize("declared", [FIXED.format("shared"), "\nvolumes:\n  world:\n    external: true\n"])
def test_a_new_server_never_gets_the_volume_of_the_old_one(
    owner: APIClient, server_path: Path, fake: FakeDocker, vault: Path, declared: str
) -> None:
    fake.make_volume("world", project="")
    volume_server(server_path, declared=declared)
    up()
    name = next(one.mounts[0]["Name"] for one in fake.containers.values())
    fill(volume(fake, name), "old")
    snapshot = save(owner, server_id=NAME)

    accepted = [one["code"] for one in restore(owner, snapshot, **{"as": "other"}).json()["findings"]]
    answer = restore(owner, snapshot, **{"as": "other", "accept_findings": accepted})

    assert (answer.status_code, answer.json()["code"]) == (409, "data_elsewhere"), answer.json()
    assert "the new server would have the old one's" in answer.json()["detail"]
    assert not (server_path / "other").exists()
    assert no_leftovers(server_path, fake)
    fill(volume(fake, name), "newer")
    seen(restore(owner, snapshot, server_id=NAME, accept_findings=accepted))  # its own server's container has it
    assert (volume(fake, name) / "world/level.dat").read_text() == "old"


def test_a_volume_made_by_somebody_else_meanwhile_is_not_touched(
    owner: APIClient, home: Path, fake: FakeDocker
) -> None:
    snapshot = save(owner, server_id=NAME)
    fake.containers.clear()
    shutil.rmtree(volume(fake).parent)
    del fake.volumes[VOLUME]
    fill(fake.make_volume(VOLUME, project="somebody"), "foreign")
    look()

    answer = restore(owner, snapshot, server_id=NAME, skip_safety_check=True)

    assert (answer.status_code, answer.json()["code"]) == (409, "data_elsewhere"), answer.json()
    assert (volume(fake) / "ops.json").read_text() == "foreign"


def test_the_present_volume_must_be_in_a_fresh_snapshot(owner: APIClient, home: Path, fake: FakeDocker) -> None:
    snapshot = save(owner, server_id=NAME)
    age(snapshot, seconds=61)
    save(owner, server_id=NAME, path="world")  # fresh, and holds a part

    refused = restore(owner, snapshot, server_id=NAME)
    assert "1 minute" in refused.json()["detail"]
    fill(volume(fake), "newer")
    done = seen(restore(owner, snapshot, server_id=NAME, safety_snapshot=True))

    assert (volume(fake) / "ops.json").read_text() == "old"
    seen(restore(owner, done["safety_snapshot_id"], server_id=NAME, skip_safety_check=True))
    assert (volume(fake) / "ops.json").read_text() == "newer"


@pytest.mark.parametrize("state", ["running", "restarting"])
def test_another_container_that_writes_in_the_volume_stops_a_restore(
    owner: APIClient, home: Path, fake: FakeDocker, state: str
) -> None:
    snapshot = save(owner, server_id=NAME)
    add_importer(fake, {"Type": "volume", "Name": VOLUME, "Source": str(volume(fake))}, state=state)

    answer = restore(owner, snapshot, server_id=NAME)

    assert (answer.status_code, answer.json()["code"]) == (409, "folder_in_use"), answer.json()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to mount")
def test_a_writer_in_a_part_of_the_volume_under_another_path_is_seen(
    owner: APIClient, home: Path, fake: FakeDocker, tmp_path: Path
) -> None:
    snapshot = save(owner, server_id=NAME)
    part = tmp_path / "part"
    part.mkdir()
    subprocess.run(["mount", "--bind", volume(fake) / "world", part], check=True)
    try:
        add_importer(fake, {"Type": "bind", "Source": str(part)})
        made = seen(owner.post("/api/snapshots", {"server_id": NAME}, format="json"))["snapshot"]
        answer = restore(owner, snapshot, server_id=NAME)
    finally:
        subprocess.run(["umount", part], check=True)

    assert made["saved"] == "live", made
    assert (answer.status_code, answer.json()["code"]) == (409, "folder_in_use"), answer.json()


def add_importer(fake: FakeDocker, mount: dict[str, Any], *, state: str = "running") -> None:
    """Let a container of no project write at ``mount``."""
    one = FakeContainer("importer", "x", {}, state=state)
    one.mounts = [{"Destination": "/import", "RW": True, **mount}]
    fake.containers[one.id] = one


def test_a_preview_tells_of_the_volume_too(owner: APIClient, home: Path, fake: FakeDocker) -> None:
    snapshot = save(owner, server_id=NAME)
    fill(volume(fake), "newer")
    (home / "notes").write_text("since")
    body = {"snapshot_id": snapshot, "server_id": NAME}

    whole = seen(owner.post("/api/snapshots/restore/preview", body, format="json"))["actions"]
    path = seen(owner.post("/api/snapshots/restore/preview", body | {"path": "world"}, format="json"))["actions"]

    items = {(one["action"], one["item"]) for one in whole if one["action"] != "restored"}
    assert items == {
        ("deleted", "/notes"), ("updated", "/data/ops.json"), ("updated", "/data/world/level.dat"),
    }
    assert {one["item"] for one in path} == {"/data/world/level.dat"}


def test_a_drill_looks_at_the_world_in_the_volume(owner: APIClient, home: Path, fake: FakeDocker) -> None:
    (volume(fake) / "logs").mkdir()
    (volume(fake) / "logs/latest.log").touch()
    (volume(fake) / "world/level.dat").unlink()

    found = seen(owner.post(f"/api/snapshots/{save(owner, server_id=NAME)}/verify"))

    assert not found["passed"], found
    assert [one["server_id"] for one in found["servers"] if one["findings"]] == [NAME]


def test_the_list_of_what_to_leave_out_counts_in_the_volume(owner: APIClient, home: Path, fake: FakeDocker) -> None:
    (volume(fake) / "tiles").mkdir()
    (volume(fake) / "tiles/map").write_text("in no snapshot")
    listed = owner.put(f"/api/servers/{NAME}/snapshots/ignore", {"content": "/tiles\n"}, format="json")
    snapshot = save(owner, server_id=NAME)

    tree = seen(owner.get(f"/api/snapshots/{snapshot}/files?path={volume(fake)}"))
    seen(restore(owner, snapshot, server_id=NAME))

    assert listed.status_code == 200
    assert "tiles" not in {one["name"] for one in tree["items"]}
    assert (volume(fake) / "tiles/map").read_text() == "in no snapshot"


def test_what_a_restore_put_aside_in_a_volume_is_purged_in_time(
    owner: APIClient, home: Path, fake: FakeDocker
) -> None:
    kept = Path(seen(restore(owner, save(owner, server_id=NAME), server_id=NAME))["removed_volume"])

    assert async_to_sync(removed.purge)([], keep_days=1) == []
    assert kept.exists()
    gone = async_to_sync(removed.purge)([], keep_days=0)
    assert not kept.exists(), gone


# Folders of other names


@pytest.mark.parametrize(
    ("folder", "path"),
    [("mc-data", ""), ("mc-data", "world"), ("games/survival", ""), ("games/survival", "world"), (".", "world")],
)
def test_a_folder_of_another_name_is_saved_and_restored(
    owner: APIClient, server_path: Path, fake: FakeDocker, vault: Path, folder: str, path: str
) -> None:
    text = compose_text(NAME).replace("./data:", f"./{folder}:")
    home = write_server(server_path, NAME, text)
    fill(home / folder, "old")
    snapshot = save(owner, server_id=NAME, **({"path": path} if path else {}))
    fill(home / folder, "newer")

    done = seen(restore(owner, snapshot, server_id=NAME, path=path))

    assert (home / folder / "world/level.dat").read_text() == "old"
    assert (home / folder / "ops.json").read_text() == ("newer" if path else "old")
    assert done["removed_volume"] is None
    assert (home.parent / done["removed"]).exists()


def test_a_hole_in_the_volume_is_not_read_for_hours(owner: APIClient, home: Path, fake: FakeDocker) -> None:
    with (volume(fake) / "huge").open("wb") as file:
        file.truncate(8 * 1024**4)

    answer = seen(owner.post("/api/snapshots", {"server_id": NAME}, format="json"))

    assert [line for line in answer["warnings"] if "huge" in line], answer["warnings"]
    tree = seen(owner.get(f"/api/snapshots/{answer['snapshot']['id']}/files?path={volume(fake)}"))
    assert {one["name"] for one in tree["items"]} == {"world", "ops.json"}


def test_a_servers_folder_that_is_reached_by_a_link_is_saved_with_its_volume(
    owner: APIClient, home: Path, fake: FakeDocker, settings: Any, tmp_path: Path
) -> None:
    """The paths of patterns and snapshots are the real ones, whatever the settings say."""
    (tmp_path / "by-link").symlink_to(home.parent)
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"server_path": tmp_path / "by-link"})
    wiring.reset()
    (home / "note").write_text("old")
    fake.containers.clear()
    look()
    snapshot = save(owner, server_id=NAME)
    fill(volume(fake), "newer")

    seen(restore(owner, snapshot, server_id=NAME))

    assert (volume(fake) / "ops.json").read_text() == "old"
