"""The three arms: who copies how, and what the copy is then worth."""

import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.tests.support import RawRcon, StandIn, run
from testbed.verify_world import verify

pytestmark = pytest.mark.docker

ENOUGH = 40
LONGER_THAN_A_SAVE_S = 3.0  # and the pause before it, on a busy machine


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    # A pause between saves in which a copy fits on a busy machine too: both outcomes must be likely in each try.
    one = StandIn(tmp_path_factory.mktemp("world") / "data", TESTBED_FLUSH_S=0.6, TESTBED_SAVE_INTERVAL_S=1)
    yield one.wait_ready()
    one.remove()


@pytest.fixture
def rcon(server: StandIn) -> Iterator[RawRcon]:
    with server.rcon() as one:
        yield one
        one.ask("save-on")


def is_whole(server: StandIn, folder: Path) -> bool:
    copy = folder / "copy"
    shutil.copytree(server.data / "world", copy)
    problems = verify(copy)
    shutil.rmtree(copy)
    return not problems


def some_time(longest_s: float = 0.6) -> None:
    """Not in step with the server's saves."""
    time.sleep(random.uniform(0.05, longest_s))  # noqa: S311


def test_copy_with_saving_on_is_torn_now_and_then(server: StandIn, tmp_path: Path) -> None:
    seen = set()
    for _ in range(ENOUGH):
        some_time(LONGER_THAN_A_SAVE_S)
        seen.add(is_whole(server, tmp_path))
        if len(seen) == 2:
            return
    pytest.fail(f"of {ENOUGH} copies all were {'whole' if True in seen else 'torn'}")


def test_copy_after_save_off_alone_is_torn_now_and_then(
    server: StandIn, rcon: RawRcon, tmp_path: Path
) -> None:
    seen = set()
    for _ in range(ENOUGH):
        some_time(LONGER_THAN_A_SAVE_S)
        rcon.ask("save-off")
        seen.add(is_whole(server, tmp_path))
        rcon.ask("save-on")
        if len(seen) == 2:
            return
    pytest.fail(f"of {ENOUGH} copies all were {'whole' if True in seen else 'torn'}")


def test_copy_before_the_flush_is_confirmed_is_torn(server: StandIn, rcon: RawRcon, tmp_path: Path) -> None:
    torn = 0
    for _ in range(5):
        some_time()
        rcon.ask("save-off")
        rcon.send(9, 2, "save-all flush")
        time.sleep(random.uniform(0.05, 0.4))  # noqa: S311
        torn += not is_whole(server, tmp_path)
        assert rcon.receive().text.endswith("Saved the game")
        rcon.ask("save-on")

    assert torn


def test_copy_within_the_full_bracket_is_always_whole(server: StandIn, rcon: RawRcon, tmp_path: Path) -> None:
    for _ in range(6):
        some_time()
        assert rcon.ask("save-off") == "Automatic saving is now disabled"
        assert rcon.ask("save-all flush").endswith("Saved the game")
        for _ in range(3):
            assert is_whole(server, tmp_path)
            time.sleep(0.15)
        assert rcon.ask("save-on") == "Automatic saving is now enabled"


def test_world_goes_on_after_a_kill(server: StandIn) -> None:
    run("docker", "kill", server.name)
    run("docker", "start", server.name)
    time.sleep(1)
    server.wait_ready()

    with server.rcon() as rcon:
        rcon.ask("save-off")
        rcon.ask("save-all flush")
        assert verify(server.data / "world") == []
        rcon.ask("save-on")
