"""The sampler on recorded kernel files: rates, newcomers, restarts, what vanishes."""

import asyncio
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from servers.docker.container import Container, Health, State
from servers.live.metrics.container_metrics import Kernel
from servers.live.metrics.sampler import INTERVAL_S, Sampler
from servers.tests.domain.recorded_host import RecordedHost

CASE = "v2-systemd-limited"


def container(host: RecordedHost) -> Container:
    now = datetime.now(UTC)
    return Container(
        id=host.container_id, name="mc-x", image="i", state=State.RUNNING, health=Health.NONE, health_message="",
        health_since=None, pid=host.pid, exit_code=None, oom_killed=False, error="", restart_count=0,
        created_at=now, started_at=now, finished_at=None, address="", tty=False, labels={},
    )


class Clock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


@pytest.fixture
def host(tmp_path: Path) -> RecordedHost:
    host = RecordedHost.make(tmp_path, CASE)
    host.set_namespace("self", "net:[1]")
    host.set_namespace(str(host.pid), "net:[2]")
    return host


@pytest.fixture
def make(host: RecordedHost, tmp_path: Path) -> Callable[[dict[str, Container]], Sampler]:
    def make(targets: dict[str, Container]) -> Sampler:
        sampler = Sampler(lambda: targets, tmp_path)
        sampler.kernel = Kernel(host.proc, host.root)
        return sampler

    return make


def use_cpu(host: RecordedHost, microseconds: int) -> None:
    stat = host.directory() / "cpu.stat"
    used = int(stat.read_text().split()[1])
    stat.write_text(stat.read_text().replace(f"usage_usec {used}", f"usage_usec {used + microseconds}"))


def test_first_figures_come_after_a_second_and_then_every_interval(
    host: RecordedHost, make: Callable[..., Sampler], clock: Clock
) -> None:
    sampler = make({"a": container(host)})

    wait_s = sampler.round()
    first = sampler.samples.servers["a"]
    assert first.usage.memory is not None
    assert (first.cpu_percent, first.rates) == (None, None)

    clock.now += wait_s
    use_cpu(host, 1_500_000)
    wait_s = sampler.round()
    assert sampler.samples.servers["a"].cpu_percent == 150.0, "one and a half cores for a second"

    clock.now += wait_s
    assert clock.now % INTERVAL_S == 0, "from now on all servers share the grid"
    assert sampler.round() == INTERVAL_S


def test_a_newcomer_is_read_at_once_and_leaves_the_others_figures_alone(
    host: RecordedHost, make: Callable[..., Sampler], clock: Clock
) -> None:
    targets = {"a": container(host)}
    sampler = make(targets)
    for _ in range(3):
        clock.now += sampler.round()
    sampler.round()
    before = sampler.samples.servers["a"]

    clock.now += 2.0
    targets["b"] = replace(targets["a"])
    sampler.round()

    assert sampler.samples.servers["a"] is before
    assert sampler.samples.servers["b"].rates is None


def test_a_restarted_container_begins_anew(host: RecordedHost, make: Callable[..., Sampler], clock: Clock) -> None:
    targets = {"a": container(host)}
    sampler = make(targets)
    clock.now += sampler.round()
    clock.now += sampler.round()
    assert sampler.samples.servers["a"].rates is not None

    targets["a"] = replace(targets["a"], started_at=datetime.now(UTC))
    sampler.round()

    assert sampler.samples.servers["a"].rates is None


def test_a_counter_that_went_back_gives_no_rate(
    host: RecordedHost, make: Callable[..., Sampler], clock: Clock
) -> None:
    sampler = make({"a": container(host)})
    clock.now += sampler.round()
    (host.directory() / "io.stat").write_text("254:0 rbytes=0 wbytes=1 rios=0 wios=1\n")

    sampler.round()

    rates = sampler.samples.servers["a"].rates
    assert rates is not None
    assert (rates.disk_read, rates.disk_write) == (0.0, None)


def test_what_ended_under_our_eyes_has_no_figures(
    host: RecordedHost, make: Callable[..., Sampler], clock: Clock
) -> None:
    targets = {"a": container(host), "b": container(host)}
    sampler = make(targets)
    clock.now += sampler.round()
    shutil.rmtree(host.directory())
    sampler.round()
    assert sampler.samples.servers == {}

    targets.clear()
    sampler.round()
    assert sampler.samples.servers == {}


def test_an_engine_on_another_host_gives_reasons_instead_of_figures(
    host: RecordedHost, make: Callable[..., Sampler], clock: Clock
) -> None:
    host.write_proc(str(host.pid), "cgroup", "0::/init.scope\n")
    sampler = make({"a": container(host)})
    sampler.round()

    sample = sampler.samples.servers["a"]
    assert (sample.usage.memory, sample.cpu_percent, sample.network) == (None, None, None)
    assert sample.reasons.keys() == {"memory", "cpu", "block_io", "pids", "network"}
    assert "another host" in sample.reasons["cpu"]


def test_the_host_is_measured_over_a_second_first(make: Callable[..., Sampler], clock: Clock) -> None:
    sampler = make({})
    clock.now += sampler.round()
    assert sampler.host(wait_s=0) is None

    time.sleep(0.05)  # the kernel's own clock must tick for a share of it
    sampler.round()

    sample = sampler.host(wait_s=0)
    assert sample is not None
    assert 0 <= sample.cpu_percent <= 100
    assert 0 < sample.figures.ram_used_bytes < sample.figures.ram_total_bytes


async def test_it_runs_on_its_own_and_tells_its_listeners(make: Callable[..., Sampler], host: RecordedHost) -> None:
    heard: asyncio.Queue[float] = asyncio.Queue()
    sampler = make({"a": container(host)})
    sampler.listen(lambda samples: heard.put_nowait(samples.took_s))
    sampler.start()
    try:
        async with asyncio.timeout(5):
            await heard.get()
            await heard.get()
    finally:
        await sampler.stop()
    assert sampler.samples.host is not None
