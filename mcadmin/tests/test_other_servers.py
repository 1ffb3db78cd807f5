"""Daphne, bare or as runserver, serves the same application: HTTP, sockets and the live services."""

import json
import socket
import subprocess
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from servers.tests.conftest import write_server
from testing.panel import MASTER, Panel, free_port, wait_for

pytestmark = [pytest.mark.process, pytest.mark.timeout(90)]


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("kind", ["daphne", "runserver"])
def test_daphne_serves_the_same_application(tmp_path: Path, kind: str) -> None:
    panel, port = Panel(tmp_path), free_port()
    panel.manage("migrate")
    write_server(panel.servers, "here")
    logs = panel.servers / "here" / "data" / "logs"
    logs.mkdir()
    (logs / "latest.log").write_text("hello\n")
    argv = {
        "daphne": ["-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "mcadmin.asgi:application"],
        "runserver": ["manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
    }[kind]
    with (tmp_path / "output").open("w") as output:
        process = panel.spawn(*argv, output=output)
    try:
        wait_for(lambda: answers(port), bool, limit_s=30)
        url = f"http://127.0.0.1:{port}/api"
        headers = {"Authorization": f"Bearer {MASTER}"}
        status = httpx.get(f"{url}/servers/here/status", headers=headers)
        assert status.json()["status"] in {"EXISTS", "UNKNOWN"}
        assert httpx.get(f"{url}/servers/").status_code == 401
        with connect(f"ws://127.0.0.1:{port}/api/servers/here/console?token={MASTER}") as console:
            assert json.loads(console.recv(timeout=10))["content"] == "hello\n"
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
