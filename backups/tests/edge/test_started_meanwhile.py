"""What a restore says of a game that was started around its swap, where nobody can see which files it has."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from backups.tests.edge.conftest import save
from backups.tests.edge.test_restores import restore
from servers import wiring
from servers.docker.cli import DockerCli
from testing.fake_docker import FakeDocker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.restic]

LIST = ("ps", "--all", "--quiet", "--no-trunc")


class Disturbed:
    """The fake engine, to which something happens before a list of all containers is answered."""

    def __init__(self, fake: FakeDocker) -> None:
        self.fake = fake
        self.lists = 0
        self.at = 0
        self.happens: Callable[[FakeDocker], None] = lambda _: None

    async def run(self, *argv: str, **options: Any) -> str:
        if argv[1:] == LIST:
            self.lists += 1
            if self.lists == self.at:
                self.happens(self.fake)
        return await self.fake.run(*argv, **options)


def start_the_game(fake: FakeDocker) -> None:
    (one,) = fake.containers.values()
    fake.change(one, "start", state="running", pid=2**22 + 1)  # no such process here


def go_away(fake: FakeDocker) -> None:
    fake.reachable = False


@pytest.fixture
def engine(home: Path, fake: FakeDocker) -> Disturbed:
    """The engine with the server's container, which does not run."""
    project = wiring.manager().get_instance(home.name).project
    async_to_sync(project.up)()
    async_to_sync(project.stop)(timeout_s=1)
    one = Disturbed(fake)
    wiring.cli_override = DockerCli("docker", "docker-compose", run=one.run, follow=fake.follow)
    wiring.reset()
    return one


BEFORE, AFTER = 3, 4  # the lists just before the swap and just after it; two come first


@pytest.mark.parametrize(
    ("at", "happens", "status", "said"),
    [
        (1, start_the_game, 409, "is running"), (2, start_the_game, 409, "was started while the restore"),
        (BEFORE, start_the_game, 409, "was started while the restore"),
        (BEFORE, go_away, 503, "engine"), (AFTER, start_the_game, 200, "restart it"),
        (AFTER, go_away, 200, "is not known"), (AFTER + 1, start_the_game, 200, ""),
    ],
)
def test_who_starts_a_game_around_the_swap_is_told(
    owner: APIClient, home: Path, vault: Path, engine: Disturbed, at: int, happens: Callable[[FakeDocker], None],
    status: int, said: str,
) -> None:
    snapshot = save(owner, server_id=home.name)
    (home / "data/world/level.dat").write_text("newer")
    engine.lists, engine.at, engine.happens = 0, at, happens

    answer = restore(owner, snapshot, server_id=home.name, skip_safety_check=True)

    assert answer.status_code == status, answer.json()
    assert (home / "data/world/level.dat").read_text() == ("old" if status == 200 else "newer")
    assert said in (" ".join(answer.json().get("warnings", [])) if status == 200 else answer.json()["detail"])
    assert bool(answer.json().get("warnings")) is (status == 200 and bool(said))
    assert not list(home.parent.glob(".restoring/*"))
