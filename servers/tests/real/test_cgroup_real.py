"""The readers against a real engine's container and the kernel's own counters."""

import os
import subprocess
import uuid
from collections.abc import Iterator

import pytest

from servers.docker.usage.cgroup import find_cgroup
from servers.docker.usage.counters import ContainerGone, Unread
from servers.docker.usage.network import NetworkIO, read_network

pytestmark = pytest.mark.docker

IMAGE = "mcadmin-testbed:tiny"
LIMIT_BYTES = 64 * 1024 * 1024


def docker(*argv: str) -> str:
    return subprocess.run(["docker", *argv], check=True, capture_output=True, text=True, timeout=30).stdout


class Container:
    """A container that keeps one core busy."""

    def __init__(self, *options: str) -> None:
        name = f"mcadmin-test-{uuid.uuid4().hex[:8]}"
        busy = "while :; do :; done"
        self.id = docker("run", "--detach", "--memory", "256m", "--name", name, *options, IMAGE, "sh", "-c", busy)
        self.id = self.id.strip()
        self.pid = int(docker("inspect", "--format", "{{.State.Pid}}", self.id))

    def remove(self) -> None:
        docker("rm", "--force", "--volumes", self.id)


@pytest.fixture
def container(request: pytest.FixtureRequest) -> Iterator[Container]:
    try:
        docker("image", "inspect", IMAGE)
    except (OSError, subprocess.SubprocessError) as error:
        if os.environ.get("MCADMIN_REQUIRE_REAL") == "1":
            pytest.fail(f"no engine with the image {IMAGE}: {error}")
        pytest.skip(f"NO ENGINE with the image {IMAGE}: cgroups are not tested on a real container")
    container = Container(*getattr(request, "param", ["--memory", str(LIMIT_BYTES)]))
    yield container
    container.remove()


def test_busy_container_is_measured(container: Container) -> None:
    cgroup = find_cgroup(container.pid, container.id)

    before = cgroup.read_cpu()
    with open(f"/proc/{container.pid}/stat") as stat:  # the kernel's other account of the same process
        ticks = sum(map(int, stat.read().rpartition(")")[2].split()[11:13]))
    after = cgroup.read_cpu()
    memory = cgroup.read_memory()

    assert not isinstance(before, Unread)
    assert not isinstance(after, Unread)
    assert before.usage_us <= after.usage_us
    margin_us = 500_000  # a process's time is counted in ticks, and the cgroup's includes its start
    process_us = ticks * 1_000_000 // os.sysconf("SC_CLK_TCK")
    assert before.usage_us - margin_us <= process_us <= after.usage_us + margin_us
    assert not isinstance(memory, Unread)
    assert memory.limit_bytes == LIMIT_BYTES
    assert 0 < memory.working_set_bytes <= memory.total_bytes <= LIMIT_BYTES
    assert memory.anon_bytes > 0
    assert memory.peak_bytes is None or memory.peak_bytes >= memory.anon_bytes
    assert cgroup.read_pids() == 1


def test_what_is_not_read_has_a_reason(container: Container) -> None:
    usage = find_cgroup(container.pid, container.id).read()

    figures = {"memory": usage.memory, "cpu": usage.cpu, "block_io": usage.block_io, "pids": usage.pids}
    assert {name for name, figure in figures.items() if figure is None} == usage.reasons.keys()


def test_network_of_its_own_is_read(container: Container) -> None:
    assert isinstance(read_network(container.pid), NetworkIO)


@pytest.mark.parametrize("container", [["--network", "host"]], indirect=True)
def test_host_network_is_not_the_containers(container: Container) -> None:
    assert isinstance(read_network(container.pid), Unread)


def test_killed_container_is_gone(container: Container) -> None:
    cgroup = find_cgroup(container.pid, container.id)
    docker("kill", container.id)
    docker("wait", container.id)

    with pytest.raises(ContainerGone):
        cgroup.read()
    with pytest.raises(ContainerGone):
        read_network(container.pid)
