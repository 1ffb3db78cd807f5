"""Snapshots dated ahead of the clock, and those of other panels: they stand for nothing of ours."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from backups import wiring
from backups.snapshots.metrics import FiguresReader
from mcadmin import attention
from mcadmin.doctor.backups import check_age
from servers import wiring as servers_wiring
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)


def save(client: APIClient, server: str) -> str:
    return str(client.post("/api/snapshots", {"server_id": server}, format="json").json()["snapshot"]["id"])


def date(restic: FakeRestic, snapshot_id: str, **ahead: float) -> None:
    """Give a snapshot the date that a clock which is ahead gives."""
    entry = next(one for one in restic.snapshots if one["id"] == snapshot_id)
    entry["time"] = (datetime.now(UTC) + timedelta(**ahead)).isoformat()
    wiring.snapshot_cache().forget()


def told_everywhere(client: APIClient, server: str) -> dict[str, Any]:
    """What each place that judges backups says of the last good snapshot."""
    servers_wiring.live().catalog.names()
    health = client.get("/api/snapshots/health").json()["servers"][0]
    figures = async_to_sync(FiguresReader().look)()
    page = attention.read_last_backups([{"id": server}])
    findings = async_to_sync(check_age)()
    return {
        "health": health["last_good"], "metrics": server in figures.last_snapshot_at, "page": server in page.at,
        "doctor": " ".join(one.sentence for one in findings), "warnings": health["warnings"],
    }


@pytest.fixture(autouse=True)
def world(server_path: Path, server: str, fake: FakeDocker) -> None:
    (server_path / server / "data/level.dat").write_bytes(b"level")


def test_one_dated_ahead_is_never_the_last_good_one(owner: APIClient, server: str, restic: FakeRestic) -> None:
    date(restic, save(owner, server), days=1500)

    told = told_everywhere(owner, server)

    assert (told["health"], told["metrics"], told["page"]) == (None, False, False)
    assert "there is no good snapshot" in told["doctor"]
    assert "dated ahead" in told["doctor"]
    assert ["dated ahead" in one for one in told["warnings"]] == [True]


def test_a_real_one_counts_beside_those_ahead(owner: APIClient, server: str, restic: FakeRestic) -> None:
    date(restic, save(owner, server), days=1500)
    real = save(owner, server)
    date(restic, real, minutes=2)  # two clocks are never quite the same

    told = told_everywhere(owner, server)

    assert (told["health"], told["metrics"], told["page"]) == (real, True, True)


@pytest.mark.parametrize("policy", [{"keep_last": 1}, {"keep_last": 2}, {"keep_daily": 1}, {"keep_monthly": 1}])
def test_a_policy_keeps_real_ones_as_if_those_ahead_were_not_there(
    owner: APIClient, server: str, restic: FakeRestic, policy: dict[str, int]
) -> None:
    false = [save(owner, server) for _ in range(2)]
    for number, one in enumerate(false):
        date(restic, one, days=1500 + number)
    real = save(owner, server)
    date(restic, real, seconds=-60)

    done = owner.post("/api/snapshots/forget", {"server_id": server, "dry_run": True, **policy}, format="json").json()

    assert real in done["keep"]
    assert done["remove"] == []


def test_a_run_never_removes_what_it_made_itself(owner: APIClient, server: str, restic: FakeRestic) -> None:
    date(restic, save(owner, server), minutes=4)  # the clock was set back since, but not far
    body = {"cron": "0 4 * * *", "server_id": server, "policy": {"keep_last": 1}}
    schedule = owner.post("/api/snapshots/schedules/", body, format="json").json()["id"]

    owner.post(f"/api/snapshots/schedules/{schedule}/run", format="json", headers={"Prefer": "wait"})

    run = owner.get(f"/api/snapshots/schedules/{schedule}").json()["runs"][0]
    assert run["snapshot_id"] in {one["id"] for one in restic.snapshots}, run


def test_another_panels_snapshots_are_not_ours(owner: APIClient, server: str, restic: FakeRestic) -> None:
    save(owner, server)
    tags = restic.snapshots[0]["tags"]
    restic.snapshots[0]["tags"] = ["instance:of-another" if one.startswith("instance:") else one for one in tags]
    wiring.snapshot_cache().forget()

    told = told_everywhere(owner, server)

    assert (told["health"], told["metrics"], told["page"]) == (None, False, False)
    assert "there is no good snapshot" in told["doctor"]
