"""Figures of real containers, asked over HTTP and WebSocket, beside the kernel's own counters."""

import json
import random
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection

from servers.docker.usage.cgroup import find_cgroup
from servers.docker.usage.counters import Unread
from servers.tests.conftest import write_server
from servers.tests.live.test_list_feed import apply
from testing.panel import FACTOR, Panel, running_panel, wait_for

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

IMAGE = "mcadmin-testbed:tiny"
MB = 1024 * 1024
RUNNING = {"RUNNING", "STARTING", "HEALTHY"}


def docker(*argv: str, check: bool = True) -> str:
    done = subprocess.run(["docker", *argv], check=False, capture_output=True, text=True, timeout=60)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with running_panel(tmp_path_factory.mktemp("figures")) as one:
        yield one


@pytest.fixture
def client(panel: Panel) -> Iterator[httpx.Client]:
    with panel.client() as one:
        yield one


class Server:
    """A server whose container is made by hand: without labels it belongs to it by its name."""

    def __init__(self, panel: Panel, name: str) -> None:
        self.name = name
        self.container = f"mc-{name}"
        write_server(panel.servers, name)

    def run(self, command: str, *options: str) -> None:
        docker("run", "--detach", "--name", self.container, "--memory", "1g", *options, IMAGE, "sh", "-c", command)

    def remove(self) -> None:
        docker("rm", "--force", "--volumes", self.container, check=False)


@pytest.fixture
def server(panel: Panel) -> Iterator[Server]:
    one = Server(panel, f"f{uuid.uuid4().hex[:8]}")
    yield one
    one.remove()


def ask(client: httpx.Client, server: Server, figure: str) -> Any:
    return client.get(f"/servers/{server.name}/{figure}")


def figures(client: httpx.Client, server: Server, figure: str) -> dict[str, Any]:
    """Wait until there are some."""
    wait_for(lambda: ask(client, server, figure).status_code, lambda code: code == 200, limit_s=15)
    found: dict[str, Any] = ask(client, server, figure).json()
    return found


def test_reading_a_large_file_is_no_use_of_memory(client: httpx.Client, server: Server, tmp_path: Path) -> None:
    """What is read once lies in the page cache until somebody needs the room (what is used again and again counts)."""
    # Past the page cache: or the cache would be ours, not the container's.
    argv = ["dd", "if=/dev/zero", f"of={tmp_path}/large", "bs=1M", "count=150", "oflag=direct"]
    subprocess.run(argv, check=True, capture_output=True)
    server.run("dd if=/host/large of=/dev/null bs=1M; sleep 600", "--volume", f"{tmp_path}:/host:ro")

    memory = wait_for(
        lambda: figures(client, server, "resources"), lambda one: one["memory"]["file"] > 140 * MB, limit_s=30
    )

    assert memory["memory"]["total"] > 140 * MB
    assert memory["memoryUsageBytes"] < 30 * MB


def test_a_container_killed_for_memory_says_so_within_5_s(client: httpx.Client, server: Server) -> None:
    server.run("sleep 3; a=x; while :; do a=$a$a; done", "--memory", "32m")
    docker("wait", server.container)
    ended = time.monotonic()

    status = wait_for(
        lambda: ask(client, server, "status").json(), lambda one: one["oomKilled"] is True, limit_s=5
    )

    assert time.monotonic() - ended <= 5 * FACTOR
    assert (status["status"], status["exitCode"]) == ("CREATED", 137)
    assert status["reason"].startswith("OOM-killed")


def test_cpu_is_the_kernels_own_within_5_percent(client: httpx.Client, server: Server) -> None:
    server.run("while :; do :; done")
    first = figures(client, server, "resources")
    container_id, pid = docker("inspect", "--format", "{{.Id}} {{.State.Pid}}", server.container).split()
    cgroup = find_cgroup(int(pid), container_id)

    def counted() -> tuple[float, int]:
        cpu = cgroup.read_cpu()
        assert not isinstance(cpu, Unread)
        return time.monotonic(), cpu.usage_us

    # The kernel's counter between two samples of the panel, each looked at as soon as it is there.
    moments = []
    seen = first["sampledAt"]
    shown = first
    for _ in range(2):
        shown = wait_for(
            lambda: figures(client, server, "resources"), lambda one: one["sampledAt"] != seen, limit_s=15  # noqa: B023
        )
        moments.append(counted())
        seen = shown["sampledAt"]
    (at, used), (later, used_later) = moments
    kernel_percent = (used_later - used) / (later - at) / 10_000

    assert shown["cpuPercentage"] == pytest.approx(kernel_percent, rel=0.05)


def test_100_mb_written_are_counted_or_said_to_be_not_counted(client: httpx.Client, server: Server) -> None:
    server.run("dd if=/dev/zero of=/f bs=1M count=100 conv=fsync 2>/dev/null; touch /written; sleep 600")
    wait_for(
        lambda: docker("exec", server.container, "ls", "/"), lambda names: "written" in names.split(), limit_s=60
    )
    started = figures(client, server, "iostats")["sampledAt"]

    iostats = wait_for(
        lambda: figures(client, server, "iostats"), lambda one: one["sampledAt"] != started, limit_s=15
    )

    if iostats["diskWriteBytes"] is None:
        assert "not counted here" in iostats["reasons"]["diskWriteBytes"]
        assert iostats["devices"] == []
    else:
        assert iostats["diskWriteBytes"] >= 100 * MB


def test_traffic_between_two_containers_shows(client: httpx.Client, panel: Panel, server: Server) -> None:
    other = Server(panel, f"{server.name}b")
    try:
        server.run("mkdir /www; dd if=/dev/zero of=/www/f bs=1M count=20 2>/dev/null; httpd -f -p 7777 -h /www")
        other.run("sleep 600")
        address = docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", server.container)
        fetch = f"until wget -q -O /dev/null http://{address}:7777/f; do sleep 1; done"
        docker("exec", other.container, "sh", "-c", fetch)

        sent = wait_for(
            lambda: figures(client, server, "iostats"), lambda one: one["networkSendBytes"] > 20 * MB, limit_s=15
        )
        received = wait_for(
            lambda: figures(client, other, "iostats"), lambda one: one["networkReceiveBytes"] > 20 * MB, limit_s=15
        )
        assert sent["networkSendBytes"] < 30 * MB
        assert received["networkReceiveBytes"] < 30 * MB
    finally:
        other.remove()


class Copy:
    """The list as a page keeps it: from /servers/live alone."""

    def __init__(self, socket: ClientConnection) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.frames = 0
        self._socket = socket
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        for text in self._socket:
            self.items = apply(dict(self.items), json.loads(text))
            self.frames += 1

    def close(self) -> None:
        self._socket.close()
        self._thread.join()


def test_a_copy_kept_by_the_live_socket_equals_the_list_after_100_events(
    client: httpx.Client, panel: Panel
) -> None:
    chance = random.Random(18)  # noqa: S311 - a test
    run = uuid.uuid4().hex[:6]
    servers = [Server(panel, f"l{run}-{number}") for number in range(4)]
    try:
        with panel.socket("/servers/live") as socket:
            copy = Copy(socket)
            for _ in range(100):
                act(chance, chance.choice(servers))
            equal_to_the_list(client, copy)
            statuses = {copy.items[one.name]["status"] for one in servers}
            assert statuses <= {"EXISTS", "CREATED", "RUNNING"}
            assert copy.frames > 20
            copy.close()
    finally:
        for one in servers:
            one.remove()


def act(chance: random.Random, server: Server) -> None:
    """One event from outside: whatever fits the container's state."""
    state = docker("inspect", "--format", "{{.State.Status}}", server.container, check=False)
    name = server.container
    match state:
        case "":
            docker("create", "--memory", "64m", "--name", name, IMAGE, "sleep", "600")
        case "running":
            choices = [("pause", name), ("kill", name), ("restart", "-t", "0", name), ("rm", "-f", name)]
            docker(*chance.choice(choices))
        case "paused":
            docker("unpause", name)
        case _:
            docker(*chance.choice([("start", name), ("start", name), ("rm", name)]))


def equal_to_the_list(client: httpx.Client, copy: Copy) -> None:
    """Figures move every 5 s: somewhere between two samples both are the same."""
    wait_for(
        lambda: {item["id"]: item for item in client.get("/servers/").json()} == copy.items,
        lambda same: same,
        limit_s=20,
    )
