"""Links in a game's files: what they lead to is in the snapshot, or said to be missing, in the first one, too."""

import os
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from backups.tests.edge.test_lost_worlds import save
from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "linked"
AWAY = "/srv/elsewhere"  # nothing is there, and nobody looks


def make(server_path: Path, *, mount: str = "", level_name: str = "") -> Path:
    """Make a server with a world beside its settings, and return its data."""
    text = compose_text(NAME)
    if mount:
        text = text.replace("      - ./data:/data", f"      - ./data:/data\n      - {mount}")
        text += "\nvolumes:\n  ram: {}\n"
    data = write_server(server_path, NAME, text) / "data"
    (data / "castle/region").mkdir(parents=True)
    (data / "castle/level.dat").write_bytes(b"level")
    (data / "logs").mkdir()
    (data / "logs/2026-01-01.log").write_text("[00:00:00] [Server thread/INFO]: Done\n")
    (data / "server.properties").write_text(f"motd=x\n{level_name and f'level-name={level_name}'}\n")
    return data


def put(data: Path, path: str, target: str) -> None:
    (data / path).parent.mkdir(parents=True, exist_ok=True)
    (data / path).symlink_to(target.format(data=data, home=data.parent))


COUNTED: dict[str, dict[str, Any]] = {
    "the world on another disk": {"link": ("world", f"{AWAY}/world")},
    "a folder of the machine's that is there": {"link": ("world", "/tmp")},
    "a file": {"link": ("castle/level.dat_old", f"{AWAY}/level.dat_old")},
    "the level alone": {"link": ("world/level.dat", f"{AWAY}/level.dat")},
    "a relative way out": {"link": ("world", "../../../bigdisk/world")},
    "the world by its settings": {"link": ("deep/Main.v2", f"{AWAY}/x"), "level_name": "deep/Main.v2"},
    "the nether of Paper": {"link": ("world_nether", f"{AWAY}/nether")},
    "the nether of a world": {"link": ("castle/DIM-1", f"{AWAY}/nether")},
    "regions": {"link": ("castle/region/r.0.0.mca", f"{AWAY}/r.0.0.mca")},
    "players": {"link": ("castle/playerdata", f"{AWAY}/players")},
    "a world of a plugin": {"link": ("creative", f"{AWAY}/creative")},
    "a world with a version in its name": {"link": ("v1.20", f"{AWAY}/creative")},
    "a world among others": {"link": ("worlds/two", f"{AWAY}/two"), "world": "worlds/one"},
    "plugins": {"link": ("plugins", f"{AWAY}/plugins")},
    "into a volume": {"link": ("plugins/Shop/data.yml", "/ram/shop.yml"), "mount": "ram:/ram"},
    "into a place of the machine": {"link": ("plugins/Shop/store", "/ext/shop"), "mount": "/srv/x:/ext"},
    "past another link": {"link": ("world", "current"), "more": ("current", f"{AWAY}/castle"), "places": 2},
    "past one in a folder of mods": {"link": ("world", "mods/away/castle"), "more": ("mods/away", AWAY)},
    "by the server's folder": {"link": ("world", "../worlds/one"), "more": ("../worlds", AWAY)},
    "a mount of a link": {"link": ("../worlds", AWAY), "mount": "./worlds:/data/world", "place": "/data/world"},
}


@pytest.mark.parametrize("what", COUNTED)
def test_the_first_snapshot_says_what_lies_behind_a_link(
    owner: APIClient, server_path: Path, fake: FakeDocker, restic: FakeRestic, what: str
) -> None:
    case = COUNTED[what]
    data = make(server_path, mount=case.get("mount", ""), level_name=case.get("level_name", ""))
    for path, target in filter(None, (case.get("more"), case["link"])):
        put(data, path, target)
    if world := case.get("world"):
        (data / world).mkdir(parents=True)
        (data / world / "level.dat").touch()

    made = save(owner, NAME)

    place = case.get("place", f"/data/{case['link'][0]}")
    assert (made["status"], made["snapshot"]["saved"]) == (200, "partial"), made
    places = [one["place"] for one in made["snapshot"]["missing"]]
    assert (place in places, len(places)) == (True, case.get("places", 1)), places
    assert any(place in warning for warning in made["warnings"]), made["warnings"]
    assert owner.get("/api/snapshots/health").json()["servers"][0]["last_good"] is None
    refused = save(owner, NAME, require="flushed")
    assert (refused["status"], refused["code"], len(restic.snapshots)) == (409, "not_all_in_snapshot", 1)


HARMLESS: dict[str, dict[str, Any]] = {
    "the newest log": {"link": ("logs/latest", "2026-01-01.log")},
    "a world by another name": {"link": ("world", "castle")},
    "as the game sees it": {"link": ("world", "/data/castle")},
    "as this machine sees it": {"link": ("world", "{data}/castle")},
    "past another link that stays": {"link": ("world", "now/castle"), "more": ("now", "/data/../data/.")},
    "by a folder of the server": {"link": ("world", "../worlds/one")},
    "by a folder of the server, whole": {"link": ("world", "{home}/worlds/one")},
    "by a mount of the server's folder": {"link": ("world", "/ext/one"), "mount": "./worlds:/ext"},
    "a world that is gone": {"link": ("world", "worlds/gone")},
    "itself": {"link": ("world", "world")},
    "a mod that is gone": {"link": ("mods/old.jar", "../cache/old.jar")},
    "a folder among mods": {"link": ("mods/optional", "/opt/mods")},
    "a program": {"link": ("server.jar", "/opt/paper.jar")},
    "arguments of a program": {"link": ("libraries/net/unix_args.txt", "../unix_args.txt")},
    "what only is read": {"link": ("mods/pack", "/packs/one"), "mount": "/srv/packs:/packs:ro"},
    "what shall be left out": {"link": ("bluemap", "/srv/www"), "ignore": "/bluemap\n"},
    "a folder of cache": {"link": ("cache", "/var/cache/mc")},
}


@pytest.mark.parametrize("what", HARMLESS)
def test_ordinary_links_spoil_no_snapshot(
    owner: APIClient, server_path: Path, fake: FakeDocker, restic: FakeRestic, what: str
) -> None:
    case = HARMLESS[what]
    data = make(server_path, mount=case.get("mount", ""))
    if "ignore" in case:
        (data.parent / ".mcadminignore").write_text(case["ignore"])
    for path, target in filter(None, (case.get("more"), case["link"])):
        put(data, path, target)

    made = save(owner, NAME, require="flushed")

    assert (made["status"], made["warnings"]) == (200, []), made
    assert (made["snapshot"]["saved"], made["snapshot"]["missing"]) == ("stopped", [])


def test_a_list_of_what_to_leave_out_hides_no_world(
    owner: APIClient, server_path: Path, fake: FakeDocker, restic: FakeRestic
) -> None:
    data = make(server_path)
    (data.parent / ".mcadminignore").write_text("/world\n")
    put(data, "world", AWAY)
    assert save(owner, NAME)["snapshot"]["saved"] == "partial"


def test_any_number_of_links_is_a_short_list(
    owner: APIClient, server_path: Path, fake: FakeDocker, restic: FakeRestic
) -> None:
    data = make(server_path)
    for number in range(100):
        put(data, f"castle/region/r.{number}.0.mca", AWAY)

    missing = save(owner, NAME)["snapshot"]["missing"]

    assert (len(missing), missing[-1]["why"][:2]) == (21, "80")


def test_more_links_than_are_looked_at_are_never_a_good_snapshot(
    owner: APIClient, server_path: Path, fake: FakeDocker, restic: FakeRestic
) -> None:
    data = make(server_path)
    (data / "mods").mkdir()
    for number in range(10_001):
        os.symlink("x", data / "mods" / str(number))

    made = save(owner, NAME)["snapshot"]

    assert (made["saved"], [one["place"] for one in made["missing"]]) == ("partial", ["/data"])


def test_a_snapshot_of_everything_says_it_of_that_server_alone(
    owner: APIClient, server_path: Path, fake: FakeDocker, restic: FakeRestic
) -> None:
    put(make(server_path), "world", AWAY)
    write_server(server_path, "other")

    made = owner.post("/api/snapshots", {}, format="json").json()["snapshot"]

    assert [one["server_id"] for one in made["missing"]] == [NAME]
    judged = {one["server_id"]: one["last_good"] for one in owner.get("/api/snapshots/health").json()["servers"]}
    assert judged == {NAME: None, "other": made["id"]}
