"""An id that nobody knows is asked of the repository once: a hand or another machine may just have made it."""

import asyncio
import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.rights.verbs import Verb
from backups import wiring
from backups.repository import snapshot_cache
from backups.restic.failures import SnapshotNotFound
from backups.snapshots import known
from backups.tests.edge.conftest import save
from backups.tests.edge.test_rights import REQUESTS, UNKNOWN, member, other, told
from core import process
from testing.fake_restic import FakeRestic
from testing.repositories import BINARIES, PASSWORD

__all__ = ["other"]  # a fixture

pytestmark = pytest.mark.django_db(transaction=True)


class Counting:
    """A real restic whose subcommands are counted."""

    def __init__(self, run: process.Run) -> None:
        self.commands: Counter[str] = Counter()
        self._run = run

    async def __call__(self, *argv: str, **options: Any) -> str:
        self.commands.update(word for word in argv if word == "snapshots")
        return await self._run(*argv, **options)

    def asked(self) -> int:
        """How often the list was read since the last call."""
        return self.commands.pop("snapshots", 0)


@pytest.fixture
def counting(vault: Path, monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting(process.run)
    monkeypatch.setattr(process, "run", counting)
    return counting


def by_hand(vault: Path, *argv: str) -> str:
    """Run a restic that is not ours; return what it printed."""
    env = {"RESTIC_REPOSITORY": str(vault), "RESTIC_PASSWORD": PASSWORD, "HOME": str(vault.parent)}
    done = subprocess.run([BINARIES["0.18"], *argv], env=env, check=True, capture_output=True, text=True)
    return done.stdout


def made_by_hand(vault: Path, folder: Path, *tags: str) -> str:
    """The id of a snapshot that another program has just made."""
    labels = [f"--tag={tag}" for tag in tags]
    printed = by_hand(vault, "backup", "--json", *labels, str(folder))
    return str(json.loads(printed.splitlines()[-1])["snapshot_id"])


def listed(client: APIClient) -> list[str]:
    return [one["id"] for one in client.get("/api/snapshots").json()["snapshots"]]


@pytest.mark.restic
@pytest.mark.parametrize("what", ["read", "files", "download", "diff", "preview"])
def test_a_snapshot_made_by_hand_is_found_by_its_id(
    what: str, owner: APIClient, home: Path, vault: Path, counting: Counting
) -> None:
    mine = save(owner, server_id=home.name)
    assert listed(owner) == [mine]
    tags = by_hand(vault, "snapshots", "--json", mine)
    new = made_by_hand(vault, home, *json.loads(tags)[0]["tags"])
    counting.asked()

    assert REQUESTS[what](owner, new, mine).status_code == 200
    assert counting.asked() == 1
    assert set(listed(owner)) == {mine, new}
    assert counting.asked() == 0


@pytest.mark.restic
def test_what_is_nowhere_is_asked_for_once(owner: APIClient, vault: Path, counting: Counting) -> None:
    listed(owner)
    counting.asked()

    assert [owner.get(f"/api/snapshots/{UNKNOWN}").status_code for _ in range(5)] == [404] * 5
    assert counting.asked() == 1
    others = [f"{number:064x}" for number in range(1, 21)]
    assert {owner.get(f"/api/snapshots/{one}").status_code for one in others} == {404}
    assert counting.asked() == 0  # all within LOOK_S
    assert {owner.get(f"/api/snapshots/{one}").status_code for one in ("0" * 7, "g" * 64, "0" * 65)} == {404}


@pytest.mark.restic
def test_what_is_not_of_ones_server_is_looked_for_as_what_is_nowhere(
    owner: APIClient, home: Path, vault: Path, other: str, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_cache, "LOOK_S", 0.0)
    save(owner, server_id=home.name)
    theirs, client = save(owner, server_id=other), member(*Verb, server=home.name)
    for one in (UNKNOWN, theirs, made_by_hand(vault, home)):
        listed(owner)
        counting.asked()
        answers = [told(client.get(f"/api/snapshots/{one}"), one) for _ in range(2)]
        assert (answers[0][0], answers[0], counting.asked()) == (404, answers[1], 1)


@pytest.mark.restic
def test_ones_own_that_another_worker_has_made_is_found(
    owner: APIClient, home: Path, vault: Path, counting: Counting
) -> None:
    mine, client = save(owner, server_id=home.name), member(Verb.VIEW, server=home.name)
    assert listed(client) == [mine]
    tags = json.loads(by_hand(vault, "snapshots", "--json", mine))[0]["tags"]

    assert client.get(f"/api/snapshots/{made_by_hand(vault, home, *tags)}").status_code == 200


async def test_many_who_ask_at_once_share_one_look(restic: FakeRestic) -> None:
    cache = wiring.snapshot_cache()
    await cache.read()
    restic.commands.clear()

    now = asyncio.get_running_loop().time()
    ids = [f"{number % 10:064x}" for number in range(50)]
    await asyncio.gather(*(cache.look_for(one, asked=now) for one in ids))
    assert restic.commands == ["snapshots"]


async def test_a_first_read_is_the_look(restic: FakeRestic) -> None:
    with pytest.raises(SnapshotNotFound):
        await asyncio.to_thread(known.find, UNKNOWN)
    assert restic.commands == ["snapshots"]


def test_what_cannot_be_asked_is_no_404_and_is_asked_again(
    owner: APIClient, restic: FakeRestic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_cache, "LOOK_S", 0.0)
    listed(owner)
    (location, password), = restic.passwords.items()
    restic.passwords.clear()
    assert owner.get(f"/api/snapshots/{UNKNOWN}").status_code >= 409
    assert owner.get("/api/snapshots").status_code == 200  # what is known stays

    restic.passwords[location] = password
    assert owner.get(f"/api/snapshots/{UNKNOWN}").status_code == 404
