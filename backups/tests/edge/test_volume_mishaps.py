"""What happens in the middle of a restore into a volume: all is as it was or all is restored, and nothing is left."""

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from backups.tests.edge.conftest import save
from backups.tests.edge.test_restores import restore
from backups.tests.edge.test_volumes import (
    NAME,
    OWN,
    VOLUME,
    fake,
    fill,
    home,
    look,
    no_leftovers,
    seen,
    up,
    volume,
)
from servers import wiring
from servers.docker.cli import DockerCli
from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeDocker

__all__ = ["fake", "home"]  # fixtures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic]
LAST = 6  # questions of a restore, around its swap; each takes a second or two
REQUESTS: dict[str, dict[str, str]] = {"whole": {}, "path": {"path": "world"}, "new": {"as": "other"}}


class Disturbed:
    """The fake engine, to which something happens at one of our questions."""

    def __init__(self, fake: FakeDocker) -> None:
        self.fake = fake
        self.questions, self.at = 0, -1
        self.happens: Callable[[FakeDocker], None] = lambda _: None

    async def run(self, *argv: str, **options: Any) -> str:
        self.questions += 1
        if self.questions == self.at + 1:
            self.happens(self.fake)
        return await self.fake.run(*argv, **options)

    def wire(self) -> None:
        wiring.cli_override = DockerCli("docker", "docker-compose", run=self.run, follow=self.fake.follow)
        wiring.reset()
        self.at = -1
        look()
        self.questions = 0


def go_away(fake: FakeDocker) -> None:
    fake.reachable = False


def cancel(fake: FakeDocker) -> None:
    """As the operation's ``cancel`` does."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("happens", [go_away, cancel])
@pytest.mark.parametrize("last", [LAST, pytest.param(1000, marks=pytest.mark.long)])
def test_whatever_happens_both_trees_are_of_one_kind(
    owner: APIClient, home: Path, fake: FakeDocker, request_: str, happens: Callable[[FakeDocker], None],
    last: int,
) -> None:
    snapshot = save(owner, server_id=NAME)
    engine = Disturbed(fake)
    body = {"server_id": NAME, **REQUESTS[request_]} if request_ != "new" else REQUESTS[request_]
    engine.wire()
    seen(restore(owner, snapshot, skip_safety_check=True, **body))
    count, found = engine.questions, {}
    text = (home / "compose.yaml").read_text()
    for at in range(max(0, count - last), count):
        (home / "compose.yaml").write_text(f"{text}# newer\n")
        fill(volume(fake), "newer")
        subprocess.run(["rm", "-rf", home.parent / "other"], check=True)
        engine.wire()
        engine.at, engine.happens = at, happens

        try:
            answer = restore(owner, snapshot, skip_safety_check=True, **body)
            status = answer.status_code
        except asyncio.CancelledError:  # before there was an operation, or after it
            status = 0
        fake.reachable = True

        is_new = {"whole": (volume(fake) / "ops.json").read_text() == "old",
                  "path": (volume(fake) / "world/level.dat").read_text() == "old",
                  "new": (home.parent / "other").exists()}[request_]
        found[at] = (status, is_new)
        assert "newer" in (home / "compose.yaml").read_text() or (request_ == "whole" and is_new), found
        assert no_leftovers(home.parent, fake), (at, found)
        assert status == 0 or is_new is (status == 200), found


@pytest.fixture
def small(tmp_path: Path, fake: FakeDocker) -> Iterator[Callable[..., None]]:
    """Puts the engine's folder of volumes on a disk of its own."""
    folder = fake.root_dir / "volumes"

    def mount(options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)

    yield mount
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to mount")
@pytest.mark.parametrize(("options", "code"), [("size=60m", "not_enough_room"), ("nr_inodes=24", "no_room_to_restore")])
@pytest.mark.parametrize("request_", REQUESTS)
def test_a_full_disk_of_the_volumes_changes_nothing(
    owner: APIClient, server_path: Path, fake: FakeDocker, small: Callable[[str], None], vault: Path, options: str,
    code: str, request_: str,
) -> None:
    small(options)
    home = write_server(server_path, NAME, compose_text(NAME).replace("./data:", "world:") + OWN)
    up()
    fill(fake.make_volume(VOLUME), "old")
    for number in range(8):
        (volume(fake) / f"world/{number}").write_text("old")
    snapshot = save(owner, server_id=NAME)
    fill(volume(fake), "newer")
    (home / "note").write_text("newer")
    body = {"server_id": NAME, **REQUESTS[request_]} if request_ != "new" else REQUESTS[request_]

    answer = restore(owner, snapshot, skip_safety_check=True, **body)

    assert (answer.status_code, answer.json()["code"]) == (507, code), answer.json()
    assert (volume(fake) / "ops.json").read_text() == "newer"
    assert (home / "note").exists()
    assert not (home.parent / "other").exists()
    assert no_leftovers(server_path, fake)


LONG = "a" * 63
IDS = {
    "My.Srv_1": ("mysrv_1", "world"), "UPPER": ("upper", "World.Data-2"), LONG: (LONG, "w" * (255 - 64)),
    "9-nine": ("9-nine", "w9"), "a.b.c": ("abc", "data"),
}


@pytest.mark.parametrize("server_id", IDS)
def test_odd_ids_and_names_of_volumes_are_saved_and_restored(
    owner: APIClient, server_path: Path, fake: FakeDocker, vault: Path, server_id: str
) -> None:
    project, key = IDS[server_id]
    text = compose_text(server_id).replace("./data:", f"{key}:") + f"\nvolumes:\n  {key}: {{}}\n"
    write_server(server_path, server_id, text)
    up(server_id)
    folder = fake.make_volume(f"{project}_{key}", project=project)
    fill(folder, "old")
    made = seen(owner.post("/api/snapshots", {"server_id": server_id}, format="json"))["snapshot"]
    everything = save(owner)
    fill(folder, "newer")

    seen(restore(owner, made["id"], server_id=server_id))
    assert (folder / "ops.json").read_text() == "old"
    fill(folder, "newer")
    seen(restore(owner, everything, server_id=server_id, path="world", skip_safety_check=True))
    assert (folder / "world/level.dat").read_text() == "old"
    if len(key) < 100:
        seen(restore(owner, made["id"], **{"as": "other"}))
        assert (volume(fake, f"other_{key}") / "ops.json").read_text() == "old"
    assert (made["saved"], made["missing"]) == ("stopped", [])
    assert no_leftovers(server_path, fake)
