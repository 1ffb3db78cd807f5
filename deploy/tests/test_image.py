"""The image of deploy/Dockerfile, run as deploy/compose.yaml runs it."""

import json
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from servers.tests.real.panel import free_port, wait_for

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
MASTER = "m4st3r-t0ken-of-the-image-test"


def docker(*argv: str) -> str:
    done = subprocess.run(["docker", *argv], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def image() -> str:
    done = subprocess.run([ROOT / "testbed/panel_image.sh"], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def panel(image: str, tmp_path: Path) -> Iterator[httpx.Client]:
    """The panel in a container, on the host's engine, processes and network."""
    name, port = f"mcadmin-{uuid.uuid4().hex[:8]}", free_port()
    servers, config = tmp_path / "servers", tmp_path / "config"
    servers.mkdir()
    config.mkdir()
    with open(config / "config.toml", "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(
            f'server_path = "{servers}"\nmaster_token = "{MASTER}"\ndatabase_url = "sqlite:////data/db.sqlite3"\n'
            f'logs_dir = "/data/logs"\n[jwt]\nsecret_key = "{uuid.uuid4().hex}"\n'
        )
    started = time.monotonic()
    docker(
        "run", "--detach", "--name", name, "--network", "host", "--pid", "host",
        "--volume", f"{config}:/config:ro", "--volume", f"{servers}:{servers}", "--tmpfs", "/data",
        "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:ro", "--volume", "/var/run/docker.sock:/var/run/docker.sock",
        image, "serve", "--port", str(port),
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: answers(url), bool, limit_s=30)
        print(f"\nimage {int(docker('image', 'inspect', '--format', '{{.Size}}', image)) / 1e6:.0f} MB, "  # noqa: T201
              f"docker run to /healthz {time.monotonic() - started:.1f} s")  # fmt: skip
        headers = {"Authorization": f"Bearer {MASTER}"}
        with httpx.Client(base_url=f"{url}/api", headers=headers, timeout=120) as client:
            yield client
        began = time.monotonic()
        docker("stop", "--time", "30", name)
        print(f"docker stop to exit {time.monotonic() - began:.1f} s")  # noqa: T201
        state = json.loads(docker("inspect", "--format", "{{json .State}}", name))
        assert state["ExitCode"] == 0, docker("logs", name)
    finally:
        subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=False)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_the_panel_in_a_container_runs_a_server_of_the_host(panel: httpx.Client) -> None:
    server_id = f"image-{uuid.uuid4().hex[:8]}"
    created = panel.post("/servers", json={"id": server_id, "accept_eula": True, "version": "1.16.1"})
    assert created.status_code == 201, created.text
    try:
        up = panel.post(f"/servers/{server_id}/operations", json={"action": "up"})
        assert up.status_code == 200, up.text
        wait_for(
            lambda: panel.get(f"/servers/{server_id}/status").json()["status"], lambda s: s == "HEALTHY", limit_s=90
        )
        told = panel.post(f"/servers/{server_id}/rcon", json={"command": "list"})
        assert "players online" in told.json()["result"]
        figures = wait_for(
            lambda: panel.get(f"/servers/{server_id}/memory"), lambda one: one.status_code == 200, limit_s=30
        )
        assert figures.json()["memoryUsageBytes"] > 1024**2
    finally:
        panel.post(f"/servers/{server_id}/operations", json={"action": "down"})
