"""A repository that lets nothing go: what should have gone is not said to be gone, by no way in."""

from pathlib import Path

import pytest
from rest_framework.test import APIClient

from backups.tests.edge.conftest import save
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_stays_is_told_by_deletion_policy_and_schedule(
    owner: APIClient, server_path: Path, fake: FakeDocker, server: str, restic: FakeRestic
) -> None:
    first, second = save(owner, server_id=server), save(owner, server_id=server)
    schedule = {"cron": "0 4 * * *", "zone": "UTC", "scope": "server", "server_id": server, "policy": {"keep_last": 1}}
    number = owner.post("/api/snapshots/schedules/", schedule, format="json").json()["id"]
    restic.append_only = True

    deleted = owner.delete(f"/api/snapshots/{first}")
    forgotten = owner.post("/api/snapshots/forget", {"server_id": server, "keep_last": 1}, format="json")
    owner.post(f"/api/snapshots/schedules/{number}/run", {}, format="json")
    [run] = owner.get(f"/api/snapshots/schedules/{number}").json()["runs"]

    assert (deleted.status_code, deleted.json()["code"]) == (409, "repository_append_only")
    assert (forgotten.status_code, forgotten.json()["code"]) == (409, "repository_append_only")
    assert "lets nothing be deleted" in run["message"]
    assert {first, second} < {one["id"] for one in restic.snapshots}
