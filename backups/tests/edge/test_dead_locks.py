"""A lock that a killed restic left in the repository stands in nobody's way, with a real restic."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from backups.tests.edge.conftest import save
from testing.repositories import BINARIES, PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic]
BOTH = pytest.mark.parametrize("vault", ["0.14", "0.18"], indirect=True)


def hold(vault: Path) -> "subprocess.Popen[bytes]":
    """Let a restic hold the exclusive lock: it hangs on packs that are pipes nobody writes to."""
    for pack in [path for path in (vault / "data").rglob("*") if path.is_file()]:
        pack.rename(pack.with_suffix(".kept"))
        os.mkfifo(pack)
    env = {**os.environ, "RESTIC_REPOSITORY": str(vault), "RESTIC_PASSWORD": PASSWORD}
    argv = [str(BINARIES["0.18"]), "check", "--read-data", "--no-cache"]
    held = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not any((vault / "locks").iterdir()):
        assert held.poll() is None, "restic check ended without taking the lock"
        time.sleep(0.01)
    return held


def release(vault: Path, held: "subprocess.Popen[bytes]") -> None:
    held.send_signal(signal.SIGKILL)
    held.wait()
    for kept in (vault / "data").rglob("*.kept"):
        kept.rename(kept.with_suffix(""))


@BOTH
def test_a_dead_lock_is_removed_by_who_needs_the_repository(owner: APIClient, home: Path, vault: Path) -> None:
    first = save(owner, server_id=home.name)
    held = hold(vault)
    busy = owner.post("/api/snapshots", {"server_id": home.name}, format="json")
    release(vault, held)
    assert (busy.status_code, busy.json()["code"]) == (409, "repository_locked")
    assert any((vault / "locks").iterdir())

    save(owner, server_id=home.name)
    assert not any((vault / "locks").iterdir())

    release(vault, hold(vault))
    forgotten = owner.post("/api/snapshots/forget", {"keep_last": 1, "prune": True}, format="json")
    assert (forgotten.status_code, forgotten.json()["remove"]) == (200, [first])

    release(vault, hold(vault))
    assert owner.post("/api/snapshots/check", {}, format="json").status_code == 200
