"""The API on a real repository: the fake engine below, a real restic beside."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from backups import wiring
from testing.fake_docker import FakeDocker
from testing.repositories import BINARIES, PASSWORD, make_empty
from web.config import ResticSettings


@pytest.fixture(params=["0.18"])
def vault(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Iterator[Path]:
    """The folder of a real, empty repository that the panel is configured for."""
    location = tmp_path / "repository"
    make_empty(location, version=request.param)
    section = ResticSettings(repository_path=str(location), password=PASSWORD, binary=BINARIES[request.param])
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"restic": section, "logs_dir": tmp_path / "logs"})
    wiring.reset()
    yield location
    wiring.reset()


@pytest.fixture
def home(server_path: Path, server: str, fake: FakeDocker) -> Path:
    """The directory of a stopped server with a small world."""
    data = server_path / server / "data"
    (data / "world/region").mkdir(parents=True)
    (data / "world/level.dat").write_text("old")
    (data / "world/region/r.0.0.mca").touch()
    (data / "world/session.lock").write_text("present")
    (data / "a[b]*?\nü").mkdir()
    (data / "a[b]*?\nü/-x").write_text("old")
    (data / "ab").write_text("old")
    return server_path / server


def save(client: APIClient, **body: Any) -> str:
    answer = client.post("/api/snapshots", body, format="json")
    assert answer.status_code == 200, answer.json()
    return str(answer.json()["snapshot"]["id"])
