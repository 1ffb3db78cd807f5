"""A game between two runs of a crash loop writes again at any moment: it is no stopped one."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from backups.tests.edge.test_quiesce import back_up, level
from servers import wiring as servers_wiring
from servers.tests.conftest import write_server
from testing.fake_docker import FakeContainer, FakeDocker
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def looping(server_path: Path, fake: FakeDocker) -> str:
    """A server whose container waits to be started again."""
    write_server(server_path, "survival")
    (server_path / "survival/data/level.dat").write_bytes(b"level")
    async_to_sync(servers_wiring.manager().get_instance("survival").project.up)()
    fake.change(fake.find("mc-survival"), "die", state="restarting", pid=0, exit_code=1)
    return "survival"


def test_its_snapshot_is_live(owner: APIClient, looping: str, restic: FakeRestic) -> None:
    made = owner.post("/api/snapshots", {"server_id": looping}, format="json").json()
    required = owner.post("/api/snapshots", {"server_id": looping, "require": "flushed"}, format="json")

    assert made["snapshot"]["saved"] == "live", made
    assert "started again all the time" in made["warnings"][0]
    assert required.json()["code"] == "flush_not_confirmed"
    assert len(restic.snapshots) == 1


def test_one_that_begins_to_loop_during_the_copy_was_not_stopped(
    looping: str, fake: FakeDocker, restic: FakeRestic
) -> None:
    fake.change(fake.find("mc-survival"), "die", state="exited")

    async def loop_meanwhile() -> Any:
        restic.gate = asyncio.Event()
        running = asyncio.create_task(back_up(server_id=looping))
        await restic.entered.wait()
        fake.change(fake.find("mc-survival"), "die", state="restarting")
        restic.gate.set()
        return await running

    assert level(async_to_sync(loop_meanwhile)()) == "unconfirmed"


def test_nothing_is_restored_below_it(owner: APIClient, looping: str, restic: FakeRestic) -> None:
    made = owner.post("/api/snapshots", {"server_id": looping}, format="json").json()["snapshot"]["id"]
    body = {"snapshot_id": made, "server_id": looping, "skip_safety_check": True}

    answer = owner.post("/api/snapshots/restore", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "server_running"), answer.json()


def test_another_container_in_a_crash_loop_writes_there(
    owner: APIClient, server: str, server_path: Path, fake: FakeDocker, restic: FakeRestic
) -> None:
    (server_path / server / "data/level.dat").write_bytes(b"level")
    other = FakeContainer("plain", "x", {}, state="restarting")
    other.mounts = [{"Type": "bind", "Source": str(server_path / server / "data"), "Destination": "/data", "RW": True}]
    fake.containers[other.id] = other

    made = owner.post("/api/snapshots", {"server_id": server}, format="json").json()

    assert made["snapshot"]["saved"] == "live", made
