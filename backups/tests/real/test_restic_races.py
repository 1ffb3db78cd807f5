"""A game that races restic for the machine's files: it wins against a free restic, never against a confined one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from core import confinement
from core.confined_exec import LANDLOCK, MOUNTS
from testing.racing import ROOT_USER, UNIT_USER, Race, compile_racer
from testing.repositories import BINARIES

pytestmark = [pytest.mark.docker, pytest.mark.restic, pytest.mark.timeout(300)]
TRIES = 40  # of the free restic, which loses nearly each of them
RUNS = 3  # of the confined one; `make load-races` makes 50
FREE: frozenset[str] = frozenset()


@pytest.fixture(scope="module")
def racer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_racer(tmp_path_factory.mktemp("racer"))


@pytest.fixture
async def folder() -> AsyncIterator[Path]:
    """A folder through which every user can walk; pytest's own are for its user alone."""
    with TemporaryDirectory(prefix="mcadmin-race-") as name:
        await asyncio.to_thread(Path(name).chmod, 0o755)
        yield Path(name)


@pytest.mark.parametrize("version", BINARIES)
@pytest.mark.parametrize(
    ("uid", "means"),
    [
        pytest.param(ROOT_USER, frozenset({LANDLOCK}), id="root-landlock"),
        pytest.param(ROOT_USER, frozenset({MOUNTS}), id="root-mounts", marks=pytest.mark.long),
        pytest.param(ROOT_USER, frozenset({LANDLOCK, MOUNTS}), id="root-both", marks=pytest.mark.long),
        pytest.param(UNIT_USER, frozenset({LANDLOCK}), id="unit-landlock"),
    ],
)
async def test_racing_game_gets_nothing_of_the_machine(
    racer: Path, folder: Path, version: str, uid: int, means: frozenset[str]
) -> None:
    assert means <= await confinement.available()
    race = Race(folder, racer, version, uid, means)
    await race.lay_out()
    for raced, is_won in ((race.data, race.backup_is_won), (race.restored, race.restore_is_won)):
        with race.playing(raced):
            # The confined one first: restic takes a file that looks as in the snapshot before from there, unread.
            race.means = means
            assert [await is_won() for _ in range(RUNS)] == [False] * RUNS
            race.means = FREE
            assert await wins_once(is_won), "the free restic never lost, so this race proves nothing"


async def wins_once(is_won: Callable[[], Awaitable[bool]]) -> bool:
    for _ in range(TRIES):
        if await is_won():
            return True
    return False
