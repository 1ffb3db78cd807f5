"""Every loop over the servers: one server's trouble is tried as seldom as anything else, and holds up no other."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Never

import pytest

from core.errors import Conflict
from servers.live.metrics.disk_usage import DiskUsage
from servers.live.metrics.sampler import Sampler
from servers.live.rcon.players import PlayerSampler
from servers.minecraft.data_root import DataRoot, usual
from servers.minecraft.server_ping import PingFailed, ServerPing
from servers.tests.domain.recorded_host import RecordedHost
from servers.tests.live.test_sampler import CASE, container

TROUBLE = [OSError(5, "I/O error"), RecursionError("deep"), MemoryError(), ValueError("odd"), Conflict("a link")]
ROUNDS_S = 2.6  # loops that try again each second do so three times


@dataclass
class Loop:
    """One loop over the servers ``good`` and ``bad``; ``has_good`` tells whether the good one was served."""

    start: Callable[[], object]
    stop: Callable[[], Any]
    has_good: Callable[[], bool]


def disk_usage(root: Path, hit: Callable[[], Never]) -> Loop:
    (root / "good/data").mkdir(parents=True)

    def data_root(name: str) -> DataRoot:
        return usual(root, name) if name == "good" else hit()

    usage = DiskUsage(lambda: {"bad": True, "good": True}, root, data_root=data_root)
    return Loop(usage.start, usage.stop, lambda: "good" in usage.samples)


def players(root: Path, hit: Callable[[], Never]) -> Loop:
    del root

    async def ask(name: str) -> str:
        return "There are 0 of a max of 20 players online:" if name == "good" else hit()

    async def ping(_: str) -> ServerPing:
        raise PingFailed("no")

    sampler = PlayerSampler(ask, ping, lambda: ["bad", "good"])
    return Loop(sampler.start, sampler.stop, lambda: sampler.peek("good") is not None)


def figures(root: Path, hit: Callable[[], Never]) -> Loop:
    host = RecordedHost.make(root, CASE)
    host.set_namespace("self", "net:[1]")
    host.set_namespace(str(host.pid), "net:[2]")

    class Odd(int):
        """A process id under which nothing can be found."""

        def __format__(self, spec: str) -> Never:
            hit()

        def __str__(self) -> str:
            return f"{hit()}"

    good = container(host)
    bad = replace(good, id="bad", pid=Odd(1))
    sampler = Sampler(lambda: {"bad": bad, "good": good}, root)
    sampler.kernel = type(sampler.kernel)(host.proc, host.root)
    return Loop(sampler.start, sampler.stop, lambda: "good" in sampler.samples.servers)


LOOPS = [disk_usage, players, figures]
# A file of the kernel that cannot be read is a figure that is not known, and no trouble.
CASES = [(make, one) for make in LOOPS for one in TROUBLE if make is not figures or not isinstance(one, OSError)]


@pytest.mark.parametrize("make", LOOPS, ids=lambda one: one.__name__)
async def test_a_server_in_trouble_is_left_alone_for_its_time_and_the_others_are_served(
    make: Callable[..., Loop], tmp_path: Path
) -> None:
    # Beside each other, as they wait: a loop of its own for each trouble.
    cases = [(trouble, tmp_path / f"{number}") for number, (its, trouble) in enumerate(CASES) if its is make]
    assert len(cases) >= 4

    found = await asyncio.gather(*(tries(make, trouble, folder) for trouble, folder in cases))

    # The figures of all servers keep to one clock, so the second time may come soon after the first.
    most = 2 if make is figures else 1
    said = [(repr(trouble), *one) for (trouble, _), one in zip(cases, found, strict=True)]
    assert [one for one in said if not 1 <= one[1] <= most] == [], "not again before its next time"
    assert [one for one in said if not one[2]] == [], "the good one was not served"


async def tries(make: Callable[..., Loop], trouble: Exception, folder: Path) -> tuple[int, bool]:
    """Run a loop for a while; return how often it tried the server in trouble, and whether it served the good one."""
    tried: Counter[str] = Counter()

    def hit() -> Never:
        tried["bad"] += 1
        raise trouble

    folder.mkdir()
    loop = make(folder, hit)
    loop.start()
    try:
        end = time.monotonic() + ROUNDS_S
        while time.monotonic() < end or (not tried and time.monotonic() < end + 10):
            await asyncio.sleep(0.05)
        return tried["bad"], loop.has_good()
    finally:
        await loop.stop()
