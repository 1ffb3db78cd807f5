"""The scale mode behind our nginx file: PostgreSQL, Redis, two workers, a supervisor; one worker dies in the middle."""

import json
import signal
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from deploy.tests.test_proxies import NAME, certificate, folder, listens, nginx
from testing.panel import MASTER, free_port, receive_until, wait_for
from testing.scale import Installation, installation

__all__ = ["folder"]  # a fixture

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Installation]:
    hosts = {"ALLOWED_HOSTS": f"{NAME},localhost,127.0.0.1", "TRUSTED_PROXIES": "127.0.0.1"}
    with installation(tmp_path, workers=2, supervisors=1, **hosts) as made:
        wait_for(made.supervising, bool, limit_s=60)
        yield made


@pytest.fixture
def proxy(one: Installation, folder: Path) -> Iterator[str]:
    """nginx with both workers."""
    certificate(folder)
    port = free_port()
    first, second = (url.removeprefix("http://") for url in one.workers)
    argv = nginx(folder, port, f"{first};\n    server {second}")
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=output)
    try:
        wait_for(lambda: listens(port), bool, limit_s=15)
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_a_worker_dies_and_nothing_is_lost(one: Installation, proxy: str) -> None:
    server_id = f"scale-{uuid.uuid4().hex[:8]}"
    headers = {"Authorization": f"Bearer {MASTER}", "Host": NAME}
    dying, living = list(one.workers)
    with httpx.Client(base_url=f"{proxy}/api", headers=headers, verify=False, timeout=120) as client:  # noqa: S501 - our own certificate
        created = client.post("/servers", json={"id": server_id, "accept_eula": True, "version": "1.16.1"})
        assert created.status_code == 201, created.text
        try:
            begun = httpx.post(
                f"{dying}/api/servers/{server_id}/operations", json={"action": "up"},
                headers=headers | {"Prefer": "respond-async"}, timeout=60,
            )
            assert begun.status_code == 202, begun.text
            one.workers[dying].send_signal(signal.SIGKILL)
            one.workers[dying].wait()

            record = f"/operations/{begun.json()['operation']['id']}"
            again = wait_for(
                lambda: client.post(f"/servers/{server_id}/operations", json={"action": "up"}),
                lambda answer: answer.status_code == 200, limit_s=60,
            )
            assert again.json()["operation"]["state"] == "succeeded"
            assert client.get(record).json()["state"] in {"interrupted", "succeeded"}
            path = f"/servers/{server_id}"
            wait_for(lambda: client.get(f"{path}/status").json()["status"], lambda s: s == "HEALTHY", limit_s=90)
            talk(living, server_id, client)
            assert client.post(f"{path}/operations", json={"action": "down"}).status_code == 200
        finally:
            subprocess.run(["docker", "rm", "--force", f"mc-{server_id}"], capture_output=True, check=False)
            subprocess.run(["docker", "network", "rm", f"{server_id}_default"], capture_output=True, check=False)
        audit = wait_for(
            lambda: client.get("/audit", params={"server_id": server_id}).json(), bool, limit_s=10
        )
        assert "operations" in json.dumps(audit)


def talk(url: str, server_id: str, client: httpx.Client) -> None:
    """Say something over one worker's console socket and hear it."""
    address = f"{url.replace('http', 'ws')}/api/servers/{server_id}/console?token={MASTER}"
    with connect(address) as socket:
        receive_until(socket, lambda frame: frame["type"] == "log")
        sent = client.post(f"/servers/{server_id}/rcon", json={"command": "say from the other side"})
        assert sent.status_code == 200, sent.text
        receive_until(socket, lambda frame: "from the other side" in frame.get("content", ""))
