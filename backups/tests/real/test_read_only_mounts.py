"""Game's files that its container may only read, and containers that may write nowhere else."""

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from servers.tests.conftest import IMAGE, write_server
from testing.panel import Panel, free_port, operate, running_panel, status, wait_for
from testing.repositories import PASSWORD, make_empty

pytestmark = [pytest.mark.docker, pytest.mark.restic, pytest.mark.process, pytest.mark.timeout(300)]

TINY = "mcadmin-testbed:tiny"
TEXT = """services:
  mc:
    image: {image}
    container_name: mc-{name}
    mem_limit: 512m
    environment: {{EULA: "TRUE", VERSION: "1.16.1", RCON_PASSWORD: not-a-secret}}
    ports: ["127.0.0.1:{port}:25565"]
"""
SLEEPS = "    command: [sleep, '600']\n    init: true\n"
MOUNTS = {
    "bind": "    volumes: [{type: bind, source: ./data, target: /data, read_only: true}]\n",
    "volume": "    volumes: [{type: volume, source: world, target: /data, read_only: true}]\nvolumes: {world: {}}\n",
}


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    folder = tmp_path_factory.mktemp("read-only")
    make_empty(folder / "repository")
    settings = {
        "RESTIC__REPOSITORY_PATH": str(folder / "repository"), "RESTIC__PASSWORD": PASSWORD,
        "ALLOWED_IMAGES": f"itzg/minecraft-server,{TINY.partition(':')[0]}",
    }
    with running_panel(folder, **settings) as one:
        yield one


@pytest.fixture
def client(panel: Panel) -> Iterator[httpx.Client]:
    with panel.client() as one:
        yield one


@pytest.fixture
def name(panel: Panel) -> Iterator[str]:
    one = f"r{uuid.uuid4().hex[:8]}"
    yield one
    compose = Path(__file__).resolve().parents[3] / ".tools/bin/docker-compose"
    subprocess.run(
        [compose, "down", "--timeout", "1", "--volumes"], cwd=panel.servers / one, check=True, capture_output=True
    )


def put(panel: Panel, name: str, more: str, *, image: str = IMAGE) -> Path:
    return write_server(panel.servers, name, TEXT.format(image=image, name=name, port=free_port()) + more) / "data"


def save(client: httpx.Client, name: str, **more: Any) -> dict[str, Any]:
    answer = client.post("/snapshots", json={"server_id": name, **more})
    return {"status": answer.status_code, **answer.json()}


@pytest.mark.parametrize("kind", MOUNTS)
def test_files_that_the_game_may_only_read(panel: Panel, client: httpx.Client, name: str, kind: str) -> None:
    put(panel, name, SLEEPS + MOUNTS[kind], image=TINY)
    assert operate(client, name, "up").status_code == 200

    def read() -> dict[str, Any]:
        return dict(client.get(f"/servers/{name}").json())

    told = wait_for(read, lambda one: one["dataRoot"]["inSnapshots"], limit_s=10)  # a new volume is found a bit later
    created = client.post(f"/servers/{name}/files/create", json={"path": "/", "name": "level.dat", "type": "file"})
    made, required = save(client, name), save(client, name, require="flushed")
    body = {"snapshot_id": made["snapshot"]["id"], "server_id": name, "skip_safety_check": True}
    while_it_runs = client.post("/snapshots/restore", json=body)
    assert operate(client, name, "stop").status_code == 200
    restored = client.post("/snapshots/restore", json=body)

    assert [one for one in told["warnings"] if one.startswith("/data is mounted read-only")], told["warnings"]
    assert told["problem"] is None
    assert created.status_code == 200, "the panel may write there all the same"
    assert (made["snapshot"]["saved"], made["snapshot"]["missing"]) == ("live", [])
    assert (required["status"], required["code"]) == (504, "flush_not_confirmed")
    assert (while_it_runs.status_code, while_it_runs.json()["code"]) == (409, "server_running")
    assert restored.status_code == 200, restored.text
    assert operate(client, name, "up").status_code == 200
    seen = subprocess.run(["docker", "exec", f"mc-{name}", "ls", "/data"], check=True, capture_output=True, text=True)
    assert "level.dat" in seen.stdout.split()


def test_a_container_that_may_write_nowhere_but_to_its_files(panel: Panel, client: httpx.Client, name: str) -> None:
    put(panel, name, "    read_only: true\n    tmpfs: [/tmp]\n    volumes: [./data:/data]\n")
    assert operate(client, name, "up").status_code == 200
    wait_for(lambda: status(client, name), "HEALTHY".__eq__, limit_s=60)

    told = client.get(f"/servers/{name}").json()
    made = save(client, name, require="flushed")
    drill = client.post(f"/snapshots/{made['snapshot']['id']}/verify").json()

    assert (told["problem"], told["findings"]) == (None, [])
    assert not [one for one in told["warnings"] if "read-only" in one]
    assert client.post(f"/servers/{name}/rcon", json={"command": "list"}).status_code == 200
    assert (made["snapshot"]["saved"], made["snapshot"]["missing"], made["warnings"]) == ("flushed", [], [])
    assert (drill["passed"], sum(one["levels"] for one in drill["servers"])) == (True, 1), drill
