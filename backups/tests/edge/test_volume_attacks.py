"""What an attack on worlds in volumes found: nobody reaches another volume, and no claim is too much."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from backups import wiring as backups_wiring
from backups.tests.edge.conftest import save
from backups.tests.edge.test_restores import age, restore
from backups.tests.edge.test_volumes import (
    NAME,
    OWN,
    VOLUME,
    add_importer,
    fake,
    fill,
    home,
    look,
    no_leftovers,
    seen,
    up,
    volume,
)
from core.errors import Conflict
from servers import wiring
from servers.changes import removed
from servers.models import Operation
from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeDocker
from testing.repositories import BINARIES, PASSWORD

__all__ = ["fake", "home"]  # fixtures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic]


def drop_volume(fake: FakeDocker, name: str = VOLUME) -> None:
    """Remove a volume, and the containers, as `docker volume rm` would."""
    fake.containers.clear()
    shutil.rmtree(volume(fake, name).parent)
    del fake.volumes[name]
    look()


@pytest.mark.parametrize("path", ["other_world/_data", "other_world", "metadata.db", "world", "/"])
@pytest.mark.parametrize("preview", [False, True])
def test_a_path_restore_without_the_volume_reaches_no_other_one(
    owner: APIClient, home: Path, fake: FakeDocker, path: str, *, preview: bool
) -> None:
    fill(fake.make_volume("other_world", project="other"), "foreign")
    (fake.root_dir / "volumes/metadata.db").write_text("the engine's")
    fill(volume(fake) / "other_world/_data", "evil")
    (volume(fake) / "metadata.db").write_text("evil")
    snapshot = save(owner, server_id=NAME)
    drop_volume(fake)
    body = {"snapshot_id": snapshot, "server_id": NAME, "path": path}

    if preview:
        answer = owner.post("/api/snapshots/restore/preview", body, format="json")
    else:
        answer = owner.post("/api/snapshots/restore", body | {"skip_safety_check": True}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "data_elsewhere"), answer.json()
    assert "Restore the whole server" in answer.json()["detail"]
    assert sorted(one.name for one in (fake.root_dir / "volumes").iterdir()) == ["metadata.db", "other_world"]
    assert (volume(fake, "other_world") / "ops.json").read_text() == "foreign"


HEX = "0" * 64  # as the engine calls a volume without a name


@pytest.mark.parametrize("label", [HEX, "voledzz_world", "metadata.db", "voled_other"])
def test_the_label_of_a_snapshot_names_no_volume_of_others(
    owner: APIClient, home: Path, fake: FakeDocker, vault: Path, tmp_path: Path, label: str
) -> None:
    """Whoever writes into the repository writes the labels: here another panel, whose server has the same id."""
    (fake.root_dir / "volumes" / HEX / "_data").mkdir(parents=True)
    forged = forge(vault, tmp_path / "there", home, label)
    before = set(fake.volumes)

    answer = restore(owner, forged, server_id=NAME, skip_safety_check=True)

    assert (answer.status_code, answer.json()["code"]) == (409, "data_elsewhere"), answer.json()
    assert set(fake.volumes) == before
    assert not list((fake.root_dir / "volumes" / HEX / "_data").iterdir())
    assert no_leftovers(home.parent, fake)


def forge(vault: Path, place: Path, home: Path, label: str) -> str:
    """Make a snapshot as another panel would, with ``label`` for its server's volume; return its id."""
    shutil.copytree(home, place / "servers" / NAME)
    fill(place / "volumes" / label / "_data", "evil")
    tags = ["mcadmin", "instance:other", "scope:server", "saved:stopped", f"server:{NAME}", f"volume:{NAME}:{label}"]
    words = [f"--tag={tag}" for tag in tags]
    paths = [str(place / "servers" / NAME), str(place / "volumes" / label / "_data")]
    environment = {"RESTIC_REPOSITORY": str(vault), "RESTIC_PASSWORD": PASSWORD, "HOME": str(vault.parent)}
    done = subprocess.run(
        [str(BINARIES["0.18"]), "backup", "--json", *words, "--", *paths], env=environment, check=True,
        capture_output=True, text=True,
    )
    backups_wiring.snapshot_cache().forget()
    return str(json.loads(done.stdout.splitlines()[-1])["snapshot_id"])


def test_a_new_server_is_not_made_of_files_with_an_override(
    owner: APIClient, home: Path, fake: FakeDocker
) -> None:
    (home / "compose.override.yaml").write_text("volumes:\n  world:\n    name: voled_world\n")
    snapshot = save(owner, server_id=NAME)

    accepted = [one["code"] for one in restore(owner, snapshot, **{"as": "other"}).json().get("findings", [])]
    answer = restore(owner, snapshot, **{"as": "other", "accept_findings": accepted})

    assert (answer.status_code, answer.json()["code"]) == (409, "data_elsewhere"), answer.json()
    assert "override" in answer.json()["detail"]
    assert "other_world" not in fake.volumes


def test_a_disk_that_is_mounted_in_the_volume_is_not_carried_off(
    owner: APIClient, home: Path, fake: FakeDocker
) -> None:
    snapshot = save(owner, server_id=NAME)
    disk = volume(fake) / "big"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", disk], check=True)
    try:
        (disk / "file").write_text("of the disk")
        answer = restore(owner, snapshot, server_id=NAME, skip_safety_check=True)
        assert (answer.status_code, (disk / "file").read_text()) == (501, "of the disk"), answer.json()
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_purge_empties_no_disk_that_is_mounted_in_what_it_deletes(
    owner: APIClient, home: Path, fake: FakeDocker
) -> None:
    done = seen(restore(owner, save(owner, server_id=NAME), server_id=NAME))
    disk = Path(done["removed_volume"]) / "big"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", disk], check=True)
    try:
        (disk / "file").write_text("of the disk")
        with pytest.raises(Conflict, match="is mounted in"):
            async_to_sync(removed.purge)([Path(done["removed"]).name], keep_days=1)
        assert (disk / "file").read_text() == "of the disk"
        assert (home.parent / done["removed"]).exists()
    finally:
        subprocess.run(["umount", disk], check=True)


NESTED = {
    "a volume": ("world:/data/world", True), "a place outside": ("/srv/worlds:/data/world", True),
    "read-only": ("/srv/worlds:/data/datapacks:ro", False), "a folder of the server": ("./worlds:/data/world", False),
}


@pytest.mark.parametrize("has_container", [True, False])
@pytest.mark.parametrize("what", NESTED)
def test_what_is_mounted_below_data_and_not_saved_is_missing(
    owner: APIClient, server_path: Path, fake: FakeDocker, vault: Path, what: str, *, has_container: bool
) -> None:
    mount, is_missing = NESTED[what]
    text = compose_text(NAME).replace("      - ./data:/data", f"      - ./data:/data\n      - {mount}") + OWN
    assert mount in text
    home = write_server(server_path, NAME, text)
    fill(home / "data", "old")
    if has_container:
        up()

    made = seen(owner.post("/api/snapshots", {"server_id": NAME}, format="json"))["snapshot"]

    places = [one["place"] for one in made["missing"]]
    assert (made["saved"], places) == (("partial", ["/data/world"]) if is_missing else ("stopped", []))


def test_a_writer_in_the_volume_that_the_file_no_longer_names_is_seen(
    owner: APIClient, home: Path, fake: FakeDocker
) -> None:
    snapshot = save(owner, server_id=NAME, path="world")
    (home / "compose.yaml").write_text((home / "compose.yaml").read_text().replace("world:/data", "./data:/data"))
    mounts = [{"Type": "volume", "Name": VOLUME, "Source": str(volume(fake)), "Destination": "/x", "RW": True}]
    writer = replace(
        next(iter(fake.containers.values())), name="importer", labels={}, mounts=mounts, state="running", pid=1
    )
    fake.containers[writer.id] = writer
    look()

    made = seen(owner.post("/api/snapshots", {"server_id": NAME}, format="json"))["snapshot"]
    answer = restore(owner, snapshot, server_id=NAME, path="world", skip_safety_check=True)

    assert made["saved"] == "live"
    assert (answer.status_code, answer.json()["code"]) == (409, "folder_in_use"), answer.json()


def test_a_writer_in_a_volume_that_the_snapshot_alone_names_is_seen(
    owner: APIClient, home: Path, fake: FakeDocker
) -> None:
    """Neither a container of the server has it any more, nor does its file name it."""
    snapshot = save(owner, server_id=NAME)
    (home / "compose.yaml").write_text((home / "compose.yaml").read_text().replace("world:/data", "./data:/data"))
    fake.containers.clear()
    add_importer(fake, {"Type": "volume", "Name": VOLUME, "Source": str(volume(fake))})
    look()

    answer = restore(owner, snapshot, server_id=NAME, skip_safety_check=True)

    assert (answer.status_code, answer.json()["code"]) == (409, "folder_in_use"), answer.json()


def test_a_command_knows_when_the_game_in_a_volume_ran(owner: APIClient, home: Path, fake: FakeDocker) -> None:
    snapshot = save(owner, server_id=NAME)
    age(snapshot, seconds=61)
    Operation.objects.filter(kind="up").delete()
    fake.containers.clear()
    (volume(fake) / "logs").mkdir()
    (volume(fake) / "logs/latest.log").write_text("it ran since")
    wiring.reset()  # a process that has asked nothing yet, as a command

    with pytest.raises(CommandError, match="1 minute"):
        call_command("snapshot", "restore", snapshot, NAME)


def test_everything_leaves_a_server_out_whose_volume_is_gone(owner: APIClient, home: Path, fake: FakeDocker) -> None:
    (home / "data/ops.json").unlink()
    save(owner, server_id=NAME)
    write_server(home.parent, "whole")
    drop_volume(fake)

    answer = seen(owner.post("/api/snapshots", {}, format="json"))

    assert answer["skipped"] == [NAME]
    assert "Is their disk mounted" in answer["skipped_because"][NAME]
