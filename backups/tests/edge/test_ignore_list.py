"""Who decides what is in the backups: people, never a plugin."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from backups import wiring
from backups.tests.edge.conftest import save
from mcadmin import attention
from mcadmin.admin_site.servers import list_servers

pytestmark = [pytest.mark.restic, pytest.mark.django_db(transaction=True)]


def make(owner: APIClient, server: str) -> dict[str, Any]:
    answer = owner.post("/api/snapshots", {"server_id": server}, format="json")
    assert answer.status_code == 200, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def last_good(owner: APIClient) -> str | None:
    [one] = owner.get("/api/snapshots/health").json()["servers"]
    found: str | None = one["last_good"]
    return found


def test_what_a_game_writes_after_the_first_snapshot_counts_for_nothing(
    owner: APIClient, server: str, home: Path, vault: Path
) -> None:
    save(owner, server_id=server)
    (home / "data/.mcadminignore").write_text("*\n")

    made = make(owner, server)

    files = owner.get(f"/api/snapshots/{made['snapshot']['id']}/files?path={home}/data/world").json()["items"]
    assert "level.dat" in {one["name"] for one in files}
    assert made["warnings"] == []
    assert last_good(owner) == made["snapshot"]["id"]


def front_page() -> list[str]:
    """Return what the front page says of snapshots."""
    wiring.snapshot_cache().forget()
    sentences = [item.sentence for item in attention.collect(list_servers())]
    return [one for one in sentences if "what to leave out" in one or "taken over" in one]


@pytest.mark.parametrize("content", ["*\n", "/world/\n", "level.dat*\n", "*.mca\n", "/world/region/\n"])
def test_a_list_that_leaves_the_world_out_makes_no_good_snapshot(
    owner: APIClient, server: str, home: Path, vault: Path, content: str
) -> None:
    good = save(owner, server_id=server)
    answer = owner.put(f"/api/servers/{server}/snapshots/ignore", {"content": content}, format="json").json()
    assert any("leaves out files of the world" in one for one in answer["warnings"])

    made = make(owner, server)

    assert any("leaves out files of the world" in one for one in made["warnings"])
    assert any("leaves out files of the world" in one for one in front_page())
    assert made["snapshot"]["saved"] == "live"
    assert last_good(owner) == good
    body = {"server_id": server, "require": "flushed"}
    assert owner.post("/api/snapshots", body, format="json").json()["code"] == "flush_not_confirmed"


def test_a_list_in_the_old_place_is_taken_over_once_and_that_is_said(
    owner: APIClient, server: str, home: Path, vault: Path
) -> None:
    (home / "data/.mcadminignore").write_text("/dynmap/\n")
    address = f"/api/servers/{server}/snapshots/ignore"
    before = owner.get(address).json()
    assert not (home / ".mcadminignore").exists()  # a question changes nothing

    assert any("taken over" in one for one in make(owner, server)["warnings"])
    (home / "data/.mcadminignore").write_text("*\n")

    assert owner.get(address).json() == before
    assert "/dynmap/" in before["content"]
    assert before["warnings"]
    assert any("taken over" in one for one in front_page())
    assert owner.put(address, {"content": "/dynmap/\n"}, format="json").json()["warnings"] == []
    assert make(owner, server)["warnings"] == []


def test_a_list_that_changed_is_told_once_on_the_snapshot_and_the_front_page(
    owner: APIClient, server: str, home: Path, vault: Path
) -> None:
    (home / ".mcadminignore").write_text("/dynmap/\n/old/\n")
    make(owner, server)
    assert front_page() == []
    (home / ".mcadminignore").write_text("# by hand\n/dynmap/ \r\n/new/\n")

    made = make(owner, server)

    [told] = made["warnings"]
    assert told == (
        f"{server}: the list of what to leave out was changed since the last snapshot: "
        "it has '/new/' and no longer has '/old/'."
    )
    assert made["snapshot"]["warnings"] == front_page() == [told]
    assert owner.get(f"/api/snapshots/{made['snapshot']['id']}").json()["warnings"] == [told]
    assert last_good(owner) == made["snapshot"]["id"]
    made = owner.post("/api/snapshots", {}, format="json").json()
    assert made["warnings"] == made["snapshot"]["warnings"] == front_page() == []
    (home / ".mcadminignore").write_text("/new/\n/dynmap/\n")
    assert "has its lines in another order" in make(owner, server)["warnings"][0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_list_means_the_same_however_an_editor_wrote_it(
    owner: APIClient, server: str, home: Path, vault: Path, encoding: str, newline: str
) -> None:
    (home / "data/gr\u00fc\u00df").mkdir()
    (home / "data/gr\u00fc\u00df/x").touch()
    (home / ".mcadminignore").write_bytes(newline.join(["/gr\u00fc\u00df/", "/ab", ""]).encode(encoding))

    made = make(owner, server)

    assert made["warnings"] == []
    files = owner.get(f"/api/snapshots/{made['snapshot']['id']}/files?path={home}/data").json()["items"]
    assert not {"ab", "gr\u00fc\u00df"} & {one["name"] for one in files}


def test_lines_that_are_no_pattern_are_named(owner: APIClient, server: str, home: Path, vault: Path) -> None:
    (home / ".mcadminignore").write_text("/ab\n../../x\n[\n")
    [told] = make(owner, server)["warnings"]
    assert "Line 2 of the list of what to leave out leads out" in told
    assert "So it is with 1 more." in told
    assert any("Line 2" in one for one in front_page())


BAD_LINES = {
    "../../x": "leads out", "/..": "leads out", "/": "everything", "///": "everything", "a\x07b": "control characters",
    "/**/a/**/b/**/c": "** more than 2 times", "!a/**/**/**": "** more than 2 times", "[": "unfinished",
    "a\\": "unfinished",
}


@pytest.mark.parametrize("line", BAD_LINES)
def test_no_edge_takes_a_line_that_is_no_pattern(
    owner: APIClient, server: str, home: Path, vault: Path, line: str
) -> None:
    """Written by hand it counts for nothing: with a dozen ** restic would look at one deep file for hours."""
    address = f"/api/servers/{server}/snapshots/ignore"
    refused = owner.put(address, {"content": f"/ab\n{line}\n"}, format="json")
    (home / ".mcadminignore").write_text(f"/ab\n{line}\n")

    made = make(owner, server)

    assert (refused.status_code, refused.json()["code"]) == (400, "invalid"), refused.json()
    assert BAD_LINES[line] in refused.json()["detail"]
    assert "Line 2 of the list" in made["warnings"][0]
    assert BAD_LINES[line] in made["warnings"][0]
    names = owner.get(f"/api/snapshots/{made['snapshot']['id']}/files?path={home}/data").json()["items"]
    assert "world" in {one["name"] for one in names}


@pytest.mark.parametrize("target", ["data/list", "{}/data/list", "/proc/self/environ", "gone"])
def test_a_list_that_is_a_link_is_not_followed(
    owner: APIClient, server: str, home: Path, vault: Path, target: str
) -> None:
    """The game writes in data/: a list that leads there would be the game's, and another one a file of the machine."""
    (home / "data/list").write_text("*\n")
    (home / ".mcadminignore").symlink_to(target.format(home))

    made = make(owner, server)

    assert "its own list of what to leave out cannot be used" in made["warnings"][0], made
    files = owner.get(f"/api/snapshots/{made['snapshot']['id']}/files?path={home}/data/world").json()["items"]
    assert "level.dat" in {one["name"] for one in files}
    shown = owner.get(f"/api/servers/{server}/snapshots/ignore")
    assert (shown.status_code, shown.json()["code"]) == (400, "outside_root"), shown.json()


def test_a_list_of_more_lines_than_restic_takes_words_is_not_used(
    owner: APIClient, server: str, home: Path, vault: Path
) -> None:
    (home / ".mcadminignore").write_text("a\n" * 30_000)
    made = make(owner, server)
    assert "its own list of what to leave out cannot be used" in made["warnings"][0]
    assert made["snapshot"]["saved"] == "stopped"
