"""How long a game gets to save: wherever its file says it, and never less than Docker alone would give."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core import programs
from servers.docker.cli import DockerCli
from servers.minecraft.instance import MCInstance
from servers.minecraft.manager import DockerMCManager
from servers.tests.conftest import write_server

CLI = DockerCli(programs.find("docker") or "", programs.find("docker-compose") or "")
pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

MAIN = """services:
  mc:
    image: itzg/minecraft-server:java21
    mem_limit: 512m
    environment: {EULA: "TRUE", VERSION: "1.16.1"}
    volumes: ["./data:/data"]
"""
GRACE = "    stop_grace_period: 2m\n"
FILES: dict[str, dict[str, str]] = {
    "the file itself": {"compose.yaml": MAIN + GRACE},
    "an override file": {"compose.yaml": MAIN, "compose.override.yml": f"services:\n  mc:\n{GRACE}"},
    "a variable of .env": {"compose.yaml": MAIN + "    stop_grace_period: ${GRACE}\n", ".env": "GRACE=2m\n"},
    "a default of a variable": {"compose.yaml": MAIN + "    stop_grace_period: ${GRACE:-120s}\n"},
    "extends": {
        "compose.yaml": "services:\n  mc:\n    extends: {file: base.yml, service: game}\n",
        "base.yml": MAIN.replace("  mc:", "  game:") + GRACE,
    },
    "include": {"compose.yaml": "include: [mc.yml]\n", "mc.yml": MAIN + GRACE},
    "the announcement": {"compose.yaml": MAIN.replace('"TRUE"', '"TRUE", STOP_SERVER_ANNOUNCE_DELAY: "60"')},
}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[MCInstance]:
    name = f"g{uuid.uuid4().hex[:8]}"
    write_server(tmp_path, name, MAIN)
    one = DockerMCManager(tmp_path, cli=CLI).get_instance(name)
    yield one
    await one.project.down(timeout_s=1)


@pytest.mark.parametrize("spelling", FILES)
async def test_the_grace_is_the_rendered_ones(server: MCInstance, spelling: str) -> None:
    for name, text in FILES[spelling].items():
        (server.directory / name).write_text(text)
    await server.recreate()
    containers = await server.own_containers()

    assert await server.grace_s(containers) == 120

    if spelling != "the announcement":
        assert await server.grace_s([]) == 120, "the files alone tell it, too"
    (server.directory / "compose.yaml").write_text(MAIN)  # the container keeps what it was made with
    for name in FILES[spelling].keys() - {"compose.yaml"}:
        (server.directory / name).unlink()
    assert await server.grace_s(containers) == 120
    assert await server.grace_s([]) == 60
