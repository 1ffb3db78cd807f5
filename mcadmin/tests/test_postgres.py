"""The panel on PostgreSQL, as larger installations run it."""

import json
from pathlib import Path

import httpx
import pytest

from servers.tests.conftest import write_server
from servers.tests.real.panel import running_panel
from testbed.postgres import postgres

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
