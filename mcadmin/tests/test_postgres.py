"""The panel on PostgreSQL, as larger installations run it."""

import io
import json
import subprocess
import tarfile
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from servers.records.uploads import MAX_OPEN
from servers.tests.conftest import write_server
from testbed.postgres import postgres
from testing.panel import running_panel
from testing.repositories import BINARIES, PASSWORD, make_empty

pytestmark = [pytest.mark.process, pytest.mark.timeout(120)]


def test_accounts_operations_and_audit_work_on_postgresql(tmp_path: Path) -> None:
    with postgres() as url, running_panel(tmp_path, DATABASE_URL=url) as panel:
        write_server(panel.servers, "lobby")
        panel.manage("createowner", "--username", "alice", "--password-stdin", text="correct-horse-battery\n")
        form = {"username": "alice", "password": "correct-horse-battery"}
        login = httpx.post(f"{panel.url}/api/auth/token", data=form)
        assert login.status_code == 200, login.text
        with panel.client(login.json()["access_token"]) as client:
            assert client.get("/user/me").json()["role"] == "owner"
            refused = client.post("/servers/lobby/operations", json={"action": "start"})
            assert refused.status_code in {409, 503}, refused.text  # no container, or no engine: both are recorded
            listed = client.get("/servers/lobby/operations").json()["operations"]
            assert [one["state"] for one in listed] == ["failed"]
            assert client.get("/servers/").json()[0]["id"] == "lobby"
        panel.stop()
        lines = [json.loads(line) for line in (tmp_path / "logs/operations.log").read_text().splitlines()]
        assert {"/api/auth/token", "/api/servers/lobby/operations"} <= {line["path"] for line in lines}


@pytest.mark.restic
def test_a_global_snapshot_holds_what_postgresql_knows(tmp_path: Path) -> None:
    repository = str(tmp_path / "repository")
    settings = {"RESTIC__REPOSITORY_PATH": repository, "RESTIC__PASSWORD": PASSWORD}
    with postgres() as url, running_panel(tmp_path, DATABASE_URL=url, **settings) as panel:
        write_server(panel.servers, "lobby")
        panel.manage("createowner", "--username", "alice", "--password-stdin", text="correct-horse-battery\n")
        make_empty(repository)
        with panel.client(timeout_s=60) as client:
            answer = client.post("/snapshots", json={})
            assert answer.status_code == 200, answer.text
        state = subprocess.run(
            [BINARIES["0.18"], "dump", answer.json()["snapshot"]["id"], str(panel.servers / ".mcadmin/state.tar")],
            env={"RESTIC_REPOSITORY": repository, "RESTIC_PASSWORD": PASSWORD, "HOME": str(tmp_path)},
            capture_output=True, check=True,
        ).stdout

    with tarfile.open(fileobj=io.BytesIO(state)) as tar:
        database = tar.extractfile("database.json")
        assert database is not None
        rows = json.load(database)
    assert [row["fields"]["username"] for row in rows if row["model"] == "accounts.user"] == ["alice"]


def test_owners_who_change_each_other_at_once_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with postgres() as url, running_panel(tmp_path, DATABASE_URL=url) as panel, panel.client() as client:

        def act(user: int, ready: threading.Barrier) -> int:
            ready.wait()
            if user % 2:
                return client.delete(f"/admin/users/{user}").status_code
            return client.patch(f"/admin/users/{user}", json={"role": "admin"}).status_code

        for turn in range(5):
            new = [{"username": f"owner-{turn}-{one}", "password": "correct-horse", "role": "owner"} for one in "abcd"]
            users = [client.post("/admin/users", json=one).json()["id"] for one in new]
            ready = threading.Barrier(len(users))
            with ThreadPoolExecutor(len(users)) as pool:
                statuses = [done.result() for done in [pool.submit(act, one, ready) for one in reversed(users)]]
            # In the first turn nobody else is an owner, and the last of them stays one.
            assert sorted(statuses) == [200, 200, 200, 200 if turn else 409]
        assert [one["role"] for one in client.get("/admin/users").json()].count("owner") == 1


def test_uploads_that_are_begun_at_once_keep_to_their_limit(tmp_path: Path) -> None:
    many = 3 * MAX_OPEN
    with postgres() as url, running_panel(tmp_path, DATABASE_URL=url) as panel, panel.client() as client:
        write_server(panel.servers, "lobby")
        ready = threading.Barrier(many)

        def begin(number: int) -> tuple[int, str]:
            ready.wait()
            answer = client.post("/servers/lobby/files/uploads", json={"path": "/", "name": f"{number}", "size": 1})
            return answer.status_code, answer.json().get("code", "")

        with ThreadPoolExecutor(many) as pool:
            found = Counter(pool.map(begin, range(many)))
        listed = client.get("/servers/lobby/files/uploads").json()["uploads"]

    assert found == {(201, ""): MAX_OPEN, (409, "too_many_uploads"): many - MAX_OPEN}
    assert len(listed) == MAX_OPEN
