from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed.tests.support import TESTBED, StandIn, run

Start = Callable[..., StandIn]


@pytest.fixture(scope="session", autouse=True)
def everything_is_up() -> None:
    """A tenth of a second when it is; minutes on a new machine."""
    run(TESTBED / "up.sh", timeout_s=900)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a stand-in with docker options and environment of the test's choice; removed afterwards."""
    started: list[StandIn] = []

    def start_one(*options: str, **environment: object) -> StandIn:
        started.append(StandIn(tmp_path / "data", *options, **environment))
        return started[-1]

    yield start_one
    for server in started:
        server.remove()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """One server without faults for all tests of a module; its saves confirm quickly."""
    data = tmp_path_factory.mktemp("server") / "data"
    one = StandIn(data, MOTD="Hello: you", MAX_PLAYERS=7, TESTBED_FLUSH_S=0.5)
    yield one.wait_ready()
    one.remove()
