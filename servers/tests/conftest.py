import os
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync

from servers import wiring
from servers.docker.cli import DockerCli
from servers.docker.compose import ComposeManager
from servers.live.services import Stores
from testing.fake_docker import FakeDocker

IMAGE = "itzg/minecraft-server:java21"


_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
GAME_PORT = 24565 + _WORKER  # below those that new servers are given: real ones may run beside these tests
RCON_PORT = 24665 + _WORKER


def compose_text(
    server_id: str, *, game_port: int = GAME_PORT, rcon_port: int = RCON_PORT, image: str = IMAGE
) -> str:
    """A small file that keeps every rule."""
    return f"""services:
  mc:
    image: {image}
    container_name: mc-{server_id}
    environment:
      EULA: "TRUE"
      VERSION: "1.16.1"
      TYPE: PAPER
      MAX_MEMORY: 2G
      RCON_PASSWORD: not-a-secret
    ports:
      - "127.0.0.1:{game_port}:25565"
      - "127.0.0.1:{rcon_port}:25575"
    volumes:
      - ./data:/data
"""


@pytest.fixture
def server_path(tmp_path: Path, settings: pytest.FixtureRequest) -> Iterator[Path]:
    """An empty directory of servers; everything wired is built anew for it."""
    path = tmp_path / "servers"
    path.mkdir()
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"server_path": path})  # type: ignore[attr-defined]
    wiring.stores_override = Stores()
    wiring.reset()
    yield path
    wiring.cli_override = wiring.stores_override = None
    wiring.reset()


@pytest.fixture
def fake(server_path: Path) -> FakeDocker:
    """The whole app on the fake engine."""
    engine = FakeDocker()
    wiring.cli_override = engine.cli
    wiring.reset()
    return engine


@pytest.fixture
def server(server_path: Path) -> str:
    """The id of a server on disk, with a name no other test run has."""
    server_id = f"t{uuid.uuid4().hex[:8]}"
    write_server(server_path, server_id)
    return server_id


def write_server(server_path: Path, server_id: str, text: str | None = None) -> Path:
    directory = server_path / server_id
    (directory / "data").mkdir(parents=True)
    (directory / "compose.yaml").write_text(compose_text(server_id) if text is None else text)
    return directory


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.docker)])
def docker(request: pytest.FixtureRequest, server_path: Path, server: str) -> Iterator[DockerCli]:
    """The engine behind a test: the fake always, the real one where it is."""
    if request.param == "fake":
        yield FakeDocker().cli
        return
    cli = DockerCli()
    yield cli
    async_to_sync(ComposeManager(server_path / server, cli=replace(cli)).down)(timeout_s=1)
