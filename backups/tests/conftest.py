from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from backups import wiring
from servers import wiring as servers_wiring
from servers.tests.conftest import compose_text, fake, server, server_path, write_server
from servers.tests.edge.conftest import owner
from testing.fake_docker import FakeDocker
from testing.fake_game import FakeGame
from testing.fake_restic import FakeRestic
from testing.repositories import BINARIES, PASSWORD, Repository, make_repository
from web.config import ResticSettings

__all__ = ["fake", "owner", "server", "server_path"]  # fixtures of the servers' tests


@pytest.fixture(
    params=[
        pytest.param((kind, version), id=f"{kind}-{version}", marks=marks)
        for kind, marks in (("fake", []), ("real", [pytest.mark.restic]))
        for version in BINARIES
    ]
)
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Repository:
    """A place for a repository behind the fake and each real binary; nothing is made there yet."""
    kind, version = request.param
    return make_repository(kind, version, tmp_path)


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A folder of three files, one of which has the ending .tmp."""
    folder = tmp_path / "world"
    (folder / "region").mkdir(parents=True)
    (folder / "level.dat").write_bytes(b"level")
    (folder / "region/r.0.0.mca").write_bytes(b"region" * 100)
    (folder / "region/half.tmp").write_bytes(b"half")
    return folder


@pytest.fixture
def restic(tmp_path: Path, server_path: Path, settings: LazySettings) -> Iterator[FakeRestic]:
    """The app on a fake restic, whose repository is made."""
    fake_restic = FakeRestic("0.18")
    section = ResticSettings(repository_path=str(tmp_path / "repository"), password=PASSWORD)
    changes = {"restic": section, "logs_dir": tmp_path / "logs", "quiesce_timeout_s": 1}
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update=changes)
    fake_restic.passwords[section.repository_path] = PASSWORD
    wiring.run_override = fake_restic
    wiring.reset()
    yield fake_restic
    wiring.run_override = None
    wiring.reset()


@pytest.fixture
async def game() -> AsyncIterator[FakeGame]:
    """A game that turns saving off and on and confirms a flush."""
    answers = {
        "save-off": b"Automatic saving is now disabled",
        "save-on": b"Automatic saving is now enabled",
        "save-all flush": b"Saving the game (this may take a moment!)Saved the game",
    }
    async with FakeGame(password="not-a-secret", answers=answers).running() as running:
        yield running


async def started(server_path: Path, fake: FakeDocker, game: FakeGame, name: str = "survival") -> str:
    """A running server whose published command port is the fake game's."""
    write_server(server_path, name, compose_text(name, rcon_port=game.port))
    (server_path / name / "data/level.dat").write_bytes(b"level")
    fake.first_health = "healthy"
    await servers_wiring.manager().get_instance(name).project.up()
    await servers_wiring.live().engine.refresh()
    return name
