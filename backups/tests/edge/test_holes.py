"""Files that take next to no room on the disk and hours to read: a plugin makes them, a backup must not wait for it."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from backups.snapshots import excludes, reading
from backups.tests.edge.conftest import save
from backups.tests.edge.test_ignore_list import last_good, make
from backups.tests.edge.test_quiesce import back_up
from servers.minecraft.data_root import usual
from servers.tests.conftest import write_server
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)

HUGE = 8 * 1024**4
MIB = 1024**2


def hollow(path: Path, size: int) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    os.utime(path, (0, 0))


def files(owner: APIClient, snapshot: str, folder: Path) -> set[str]:
    answer = owner.get(f"/api/snapshots/{snapshot}/files?path={folder}").json()
    return {one["name"] for one in answer["items"]}


def warnings_of(owner: APIClient) -> list[str]:
    [one] = owner.get("/api/snapshots/health").json()["servers"]
    found: list[str] = one["warnings"]
    return found


@pytest.mark.restic
def test_a_huge_hole_is_left_out_and_told(owner: APIClient, server: str, home: Path, vault: Path) -> None:
    for name in ("plugins/a[b]*", "plugins/two"):
        hollow(home / "data" / name, HUGE)
    (home / "data/plugins/real").write_bytes(os.urandom(MIB))
    hollow(home / "data/plugins/small", 64 * MIB)

    made = make(owner, server)

    [told] = made["warnings"]
    assert f"{server}: left out" in told
    assert "data/plugins/a[b]* (8.0 TiB)" in told
    assert files(owner, made["snapshot"]["id"], home / "data/plugins") == {"real", "small"}
    assert "level.dat" in files(owner, made["snapshot"]["id"], home / "data/world")
    assert (made["snapshot"]["saved"], last_good(owner)) == ("stopped", made["snapshot"]["id"])
    assert warnings_of(owner) == [told]

    owner.put(f"/api/servers/{server}/snapshots/ignore", {"content": "/plugins/a\\[b]\\*\ntwo\n"}, format="json")
    make(owner, server)
    assert not any("8.0 TiB" in one for one in warnings_of(owner))


@pytest.mark.restic
@pytest.mark.parametrize("name", ["level.dat", "region/r.1.1.mca", "DIM-1/region/r.0.0.mca"])
def test_a_huge_hole_among_the_worlds_files_makes_no_good_snapshot(
    owner: APIClient, server: str, home: Path, vault: Path, name: str
) -> None:
    good = save(owner, server_id=server)
    (home / "data/world/DIM-1").mkdir()
    hollow(home / "data/world" / name, HUGE)

    made = make(owner, server)

    assert (made["snapshot"]["saved"], last_good(owner)) == ("live", good)
    assert any(f"files of the world, as they pretend to be larger: world/{name}" in one
               for one in made["warnings"]), made["warnings"]
    body = {"server_id": server, "require": "flushed"}
    assert owner.post("/api/snapshots", body, format="json").json()["code"] == "flush_not_confirmed"


@pytest.mark.restic
def test_many_names_of_one_file_are_not_read_again_and_again(
    owner: APIClient, server: str, home: Path, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_WASTED_BYTES", 8 * MIB)
    (home / "data/names").mkdir()
    (home / "data/names/0").write_bytes(os.urandom(2 * MIB))
    for number in range(1, 200):
        os.link(home / "data/names/0", home / f"data/names/{number}")

    made = make(owner, server)

    assert "further names of one file" in made["warnings"][0]
    assert made["snapshot"]["summary"]["total_bytes_processed"] < 12 * MIB
    assert "level.dat" in files(owner, made["snapshot"]["id"], home / "data/world")


@pytest.mark.restic
def test_a_huge_hole_anywhere_holds_up_no_snapshot_of_all(
    owner: APIClient, server_path: Path, server: str, home: Path, vault: Path
) -> None:
    write_server(server_path, "other")
    hollow(home / "data/a", HUGE)
    hollow(server_path / "no-server/b", HUGE)
    hollow(server_path / "other/backup.zip", HUGE)

    made = owner.post("/api/snapshots", {}, format="json").json()

    assert {one.partition(":")[0] for one in made["warnings"]} == {server, "no-server", "other"}
    assert f"saved:{server}:stopped" in made["snapshot"]["tags"]
    assert files(owner, made["snapshot"]["id"], server_path / "no-server") == set()


def test_what_is_there_by_its_blocks_is_copied_whatever_its_size(
    owner: APIClient, server: str, home: Path, restic: FakeRestic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_WASTED_BYTES", 8 * MIB)
    monkeypatch.setattr(reading, "SPARE_BYTES", 0)
    (home / "data/dense").write_bytes(os.urandom(24 * MIB))
    hollow(home / "data/hollow", 7 * MIB)
    assert make(owner, server)["warnings"] == []
    assert not any("dense" in one or "hollow" in one for one in restic.snapshots[0]["excludes"])


def test_more_such_files_than_can_be_named_cost_their_folder_alone(
    owner: APIClient, server: str, home: Path, restic: FakeRestic
) -> None:
    for number in range(reading.MAX_NAMED + 1):
        hollow(home / f"data/plugins/{number}", HUGE // 100)
    made = make(owner, server)
    assert f"{home}/data/plugins" in restic.snapshots[0]["excludes"]
    assert "more. Delete them" in made["warnings"][0]

    deep = "d" * 200
    for number in range(50):  # few, but with long names
        folder = home / f"data/long/{deep}{number}/{deep}/{deep}/{deep}"
        folder.mkdir(parents=True)
        hollow(folder / "x", HUGE // 100)
    make(owner, server)
    words = sum(map(len, restic.snapshots[1]["excludes"]))
    assert words < 4 * reading.MAX_NAMED_BYTES
    assert any(one.startswith(f"{home}/data/long") for one in restic.snapshots[1]["excludes"])

    for number in range(reading.MAX_NAMED + 1):
        hollow(home / f"data/{number}", HUGE // 100)
    answer = owner.post("/api/snapshots", {"server_id": server}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "too_much_to_read")


async def test_a_hole_that_is_made_while_the_copy_runs_ends_it_and_the_next_one_leaves_it_out(
    server_path: Path, server: str, fake: FakeDocker, restic: FakeRestic
) -> None:
    restic.gate = asyncio.Event()
    running = asyncio.create_task(back_up(server_id=server))
    await restic.entered.wait()
    hollow(server_path / server / "data/late", HUGE)
    restic.gate.set()

    operation = await running

    assert [one["excludes"][-1] for one in restic.snapshots] == [str(server_path / server / "data/late")]
    assert restic.commands.count("backup") == 2
    result: dict[str, Any] = operation.result or {}
    assert result["snapshot"]["saved"] == "stopped"


def test_of_a_region_folder_with_any_number_of_files_only_so_many_are_looked_at(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excludes, "MAX_REGIONS", 10)
    for number in range(50):
        (home / f"data/world/region/r.{number}.9.mca").touch()
    assert len(list(excludes.world_files(usual(home.parent, home.name)))) == 11
