"""The engine dies and comes back under a running panel: the statuses say so, and nobody restarts anything."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from servers.tests.conftest import write_server
from testing.panel import Panel, running_panel, wait_for
from testing.private_engine import PrivateEngine, private_engine

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

COMPOSE = """services:
  mc:
    image: itzg/minecraft-server:tiny
    container_name: mc-{id}
    command: ["sleep", "600"]
    init: true
    mem_limit: 64m
    restart: unless-stopped
"""


@pytest.fixture
def engine() -> Iterator[PrivateEngine]:
    with private_engine() as one:
        yield one


def status(panel: Panel, server_id: str) -> dict[str, str]:
    with panel.client() as client:
        answer: dict[str, str] = client.get(f"/servers/{server_id}/status").json()
        return answer


def test_the_status_follows_the_engine_down_and_up(tmp_path: Path, engine: PrivateEngine) -> None:
    server_id = f"r{uuid.uuid4().hex[:8]}"
    with running_panel(tmp_path, DOCKER_HOST=engine.host) as panel, panel.client() as client:
        write_server(panel.servers, server_id, COMPOSE.format(id=server_id))
        up = client.post(f"/servers/{server_id}/operations", json={"action": "up"})
        assert up.status_code == 200, up.text
        assert status(panel, server_id)["status"] == "RUNNING"

        before = datetime.now(UTC)
        engine.order("kill9")
        lost = wait_for(lambda: status(panel, server_id), lambda one: one["status"] == "UNKNOWN", limit_s=2)
        assert lost["lastStatus"] == "RUNNING"
        assert before <= datetime.fromisoformat(lost["since"]) <= datetime.now(UTC)
        refused = client.post(f"/servers/{server_id}/operations", json={"action": "stop"})
        assert (refused.status_code, refused.json()["code"]) == (503, "engine_unreachable")

        engine.order("start")
        wait_for(lambda: status(panel, server_id), lambda one: one["status"] in {"RUNNING", "CREATED"}, limit_s=20)
        operated = client.post(f"/servers/{server_id}/operations", json={"action": "up"})
        assert operated.status_code == 200, operated.text
        assert status(panel, server_id)["status"] == "RUNNING"
        client.post(f"/servers/{server_id}/operations", json={"action": "down"})


def test_a_panel_starts_without_an_engine_and_finds_it_later(tmp_path: Path, engine: PrivateEngine) -> None:
    engine.order("kill9")
    with running_panel(tmp_path, DOCKER_HOST=engine.host) as panel:
        write_server(panel.servers, "waiting", COMPOSE.format(id="waiting"))
        assert status(panel, "waiting")["status"] == "UNKNOWN"

        engine.order("start")

        wait_for(lambda: status(panel, "waiting")["status"], lambda one: one == "EXISTS", limit_s=20)
