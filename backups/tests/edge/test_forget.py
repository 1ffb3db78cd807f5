"""Retention on a real repository that two panels share, against the model; and who may keep it in order."""

import io
import json
import os
import random
import subprocess
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from accounts.models import User, UserRole
from backups import wiring
from backups.models import Pin
from backups.restic.labels import Labels, Saved, Scope, Trigger
from backups.restic.retention import Entry, Policy
from backups.tests.domain import test_retention as model
from testing.fake_docker import FakeDocker
from testing.repositories import BINARIES, PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic]
SERVERS = model.SERVERS


class Shared:
    """Makes snapshots of any age and panel in the repository, by restic itself."""

    def __init__(self, vault: Path, folder: Path, version: str) -> None:
        self._binary = BINARIES[version]
        self._env = {**os.environ, "RESTIC_REPOSITORY": str(vault), "RESTIC_PASSWORD": PASSWORD}
        self._env["RESTIC_CACHE_DIR"] = str(folder / "cache")
        self.root = folder / "srv"
        for server in SERVERS:
            (self.root / server / "data").mkdir(parents=True)

    def save(self, instance: str | None, chooser: random.Random) -> Entry:
        scope = chooser.choice([Scope.SERVER, Scope.SERVER, Scope.SERVER, Scope.PATH, Scope.GLOBAL])
        server = chooser.choice(SERVERS)
        servers = SERVERS if scope is Scope.GLOBAL else (server,)
        path = {
            Scope.SERVER: self.root / server, Scope.PATH: self.root / server / "data", Scope.GLOBAL: self.root,
        }[scope]
        levels = {one: chooser.choice(list(Saved)) for one in servers}
        trigger = chooser.choice(list(Trigger))
        labels = Labels(
            instance=instance, scope=scope, trigger=trigger, saved=max(levels.values()), servers=tuple(servers),
            saved_by_server=levels if scope is Scope.GLOBAL else {},
        )
        if scope is not Scope.GLOBAL:
            labels = Labels(**{**vars(labels), "saved": levels[server]})
        time = (datetime.now(UTC) - timedelta(hours=chooser.uniform(1, 24 * 40))).replace(microsecond=0)
        tags = labels.tags if instance else ["home"]
        self._restic("backup", f"--time={time:%Y-%m-%d %H:%M:%S}", *(f"--tag={tag}" for tag in tags), str(path))
        return Entry(
            id=self._last(), time=time, scope=str(scope), paths=(str(path),), trigger=str(trigger),
            levels={one: str(level) for one, level in levels.items()},
        )

    def ids(self) -> set[str]:
        folder = Path(self._env["RESTIC_REPOSITORY"]) / "snapshots"
        return {one.name for one in folder.iterdir()}

    def _last(self) -> str:
        files = (Path(self._env["RESTIC_REPOSITORY"]) / "snapshots").iterdir()
        return max(files, key=lambda file: file.stat().st_mtime_ns).name

    def _restic(self, *argv: str) -> None:
        env = {**self._env, "TZ": "UTC"}
        subprocess.run([self._binary, *argv], env=env, check=True, capture_output=True)


@pytest.mark.parametrize(("vault", "seed"), [("0.14", 1), ("0.18", 2), ("0.18", 3)], indirect=["vault"])
def test_forget_keeps_what_the_model_keeps_and_touches_no_other_panel_s(
    owner: APIClient, vault: Path, tmp_path: Path, server_path: Path, request: pytest.FixtureRequest, seed: int
) -> None:
    chooser = random.Random(seed)  # noqa: S311 - the same history each time
    shared = Shared(vault, tmp_path, request.node.callspec.params["vault"])
    ours = [shared.save(wiring.instance_id(), chooser) for _ in range(9)]
    theirs = [shared.save(str(uuid.uuid4()), chooser).id for _ in range(2)] + [shared.save(None, chooser).id]
    pinned = chooser.choice(ours)
    Pin.objects.create(pk=pinned.id, pinned_by="olivia")
    entries = [Entry(**{**vars(one), "pinned": one is pinned}) for one in ours]
    policy = {"keep_last": chooser.randint(0, 1), "keep_daily": 2, "keep_weekly": chooser.randint(0, 1)}
    wanted = model.model_keeps(entries, Policy(**policy), ZoneInfo("UTC"), None, now=datetime.now(UTC))

    dry = owner.post("/api/snapshots/forget", {**policy, "dry_run": True}, format="json").json()
    assert dry["operation"] is None
    assert shared.ids() == {one.id for one in ours} | set(theirs)
    done = owner.post("/api/snapshots/forget", {**policy, "prune": True}, format="json")

    assert done.status_code == 200, done.json()
    assert set(done.json()["keep"]) == set(dry["keep"]) == wanted
    assert shared.ids() == wanted | set(theirs)
    assert done.json()["operation"]["kind"] == "forget"


def test_policy_that_keeps_nothing_is_refused(owner: APIClient, vault: Path, server_path: Path) -> None:
    answer = owner.post("/api/snapshots/forget", {"keep_last": 0}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "empty_policy")


@pytest.mark.parametrize("name", ["forget", "prune", "check", "unlock"])
def test_upkeep_is_for_owners(api: APIClient, vault: Path, server_path: Path, name: str) -> None:
    api.force_authenticate(User.objects.create(username="adam", role=UserRole.ADMIN))

    assert api.post(f"/api/snapshots/{name}", {"keep_last": 1}, format="json").status_code == 403


def test_repository_is_checked_pruned_and_unlocked(owner: APIClient, vault: Path, server_path: Path) -> None:
    checked: Any = owner.post("/api/snapshots/check", {"read_data_percent": 100}, format="json")
    pruned = owner.post("/api/snapshots/prune")
    unlocked = owner.post("/api/snapshots/unlock")

    assert (checked.status_code, pruned.status_code, unlocked.status_code) == (200, 200, 200)
    assert checked.json()["operation"]["result"] == {"read_data_percent": 100.0}
    assert unlocked.json()["removed"] == []


def test_commands_do_what_the_routes_do(
    owner: APIClient, vault: Path, server_path: Path, server: str, fake: FakeDocker
) -> None:
    snapshot = owner.post("/api/snapshots", {"server_id": server}, format="json").json()["snapshot"]["short_id"]

    def run(*argv: str) -> str:
        out = io.StringIO()
        call_command("snapshot", *argv, stdout=out)
        return out.getvalue()

    assert "is kept as .removed/" in run("restore", snapshot, server)
    assert "Nothing would change" in run("restore", snapshot, server, "--preview")
    assert "holds no world" in run("verify", snapshot)
    assert "is sound" in run("check", "--read-data-percent", "100")
    assert json.loads(run("forget", "--keep-last", "1", "--dry-run", "--json"))["remove"] == []
    assert "1 snapshots stay" in run("forget", server, "--keep-last", "1")
    assert "nothing was changed" in run("unlock")
    with pytest.raises(CommandError, match="was not found"):
        run("restore", "0" * 8, server)
    with pytest.raises(CommandError, match="would keep nothing"):
        run("forget")
