"""What is downloaded from snapshots, by whom and by what name, with a real restic."""

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from accounts.models import User, UserRole
from backups import wiring
from backups.tests.edge.conftest import save
from testing.repositories import BINARIES, PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic]


def save_by_hand(vault: Path, folder: Path) -> str:
    """Make a snapshot as a person with restic would, and return its id."""
    folder.mkdir()
    (folder / "letter").write_text("dear all")
    env = {**os.environ, "RESTIC_REPOSITORY": str(vault), "RESTIC_PASSWORD": PASSWORD, "HOME": str(vault.parent)}
    argv = [str(BINARIES["0.18"]), "backup", "--json", str(folder)]
    said = subprocess.run(argv, env=env, check=True, capture_output=True, text=True).stdout
    wiring.reset()
    return str(json.loads(said.splitlines()[-1])["snapshot_id"])


def status(client: APIClient, snapshot_id: str, path: object) -> tuple[int, str]:
    answer = client.get(f"/api/snapshots/{snapshot_id}/download", {"path": str(path)})
    if answer.status_code == 200:
        return 200, ""
    return answer.status_code, answer.json()["code"]


def test_an_admin_gets_the_files_of_servers_and_nothing_else(owner: APIClient, home: Path, vault: Path) -> None:
    snapshot, servers = save(owner), home.parent
    foreign = save_by_hand(vault, servers.parent / "private")
    beside = [(snapshot, path) for path in ("/", servers.parent, servers, servers / ".mcadmin/state.tar")]
    beside += [(foreign, "/"), (foreign, servers.parent / "private/letter")]
    for one, path in beside:
        assert status(owner, one, path) == (200, ""), path
    owner.force_authenticate(User.objects.create(username="adam", role=UserRole.ADMIN))
    for one, path in beside:
        assert status(owner, one, path) == (403, "owner_needed"), path
    assert status(owner, snapshot, home / "data/world/level.dat") == (200, "")
    assert status(owner, snapshot, home) == (200, "")
    assert status(owner, snapshot, f"{home}x/y") == (403, "owner_needed")


def test_a_file_of_any_name_is_downloaded(owner: APIClient, home: Path, vault: Path) -> None:
    names = ["end\n", "two\nlines", 'quo"te', "ü\n", "tab\t", "-x", "CR\r", "back\\slash"]
    for name in names:
        (home / "data" / name).write_text("content")
    snapshot = save(owner, server_id=home.name)
    for name in names:
        assert status(owner, snapshot, home / "data" / name) == (200, ""), repr(name)
    for name in names[:-1]:  # no name that a client may write has a backslash
        answer = owner.get(f"/api/servers/{home.name}/files/download", {"path": name})
        assert answer.status_code == 200, repr(name)


def test_what_has_no_content_is_refused_before_the_first_byte(
    owner: APIClient, home: Path, vault: Path
) -> None:
    data = home / "data"
    (data / "link").symlink_to("world")
    (data / "away").symlink_to("/etc/passwd")
    (data / "nowhere").symlink_to("gone")
    os.mkfifo(data / "pipe")
    os.mknod(data / "device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    snapshot = save(owner, server_id=home.name)

    for name in ("link", "away", "nowhere", "pipe", "device"):
        assert status(owner, snapshot, data / name) == (400, "not_a_file"), name
    assert status(owner, snapshot, data) == (200, "")
