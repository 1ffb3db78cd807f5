"""``make bench``: status and list through the API against one ``docker compose ps`` for each question."""

import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import rcon_load
from servers.docker.cli import find_program
from servers.tests.conftest import write_server
from servers.tests.real.panel import running_panel, wait_for

SERVERS = 20
ASKED = 300
COMPOSED = 20


def measure(ask: Callable[[int], object], times: int) -> list[float]:
    """Return the milliseconds of each call, sorted."""
    taken = []
    for number in range(times):
        start = time.perf_counter()
        ask(number)
        taken.append((time.perf_counter() - start) * 1000)
    return sorted(taken)


def show(what: str, taken: list[float], plain_ms: float, questions: int) -> None:
    """Print one line: p50, p99, and how many times faster than asking Compose."""
    p50, p99 = statistics.median(taken), taken[int(len(taken) * 0.99) - 1]
    print(f"{what:34} p50 {p50:8.2f} ms  p99 {p99:8.2f} ms  {plain_ms * questions / p50:8.0f} x")


def main() -> None:
    """Run and print."""
    compose = find_program("docker-compose") or "docker-compose"
    with tempfile.TemporaryDirectory() as folder, running_panel(Path(folder)) as panel, panel.client() as client:
        for number in range(SERVERS):
            write_server(panel.servers, f"bench{number:02}")
        first = "/servers/bench00/status"
        wait_for(lambda: client.get(first).json()["status"], lambda one: one == "EXISTS", limit_s=10)

        def ask_compose(number: int) -> None:
            file = panel.servers / f"bench{number % SERVERS:02}" / "compose.yaml"
            argv = [compose, "--file", str(file), "ps", "--all", "--format", "json"]
            subprocess.run(argv, check=True, capture_output=True)

        plain = measure(ask_compose, COMPOSED)
        plain_ms = statistics.median(plain)
        print(f"{SERVERS} servers on disk, none running; ratios against one `docker compose ps` for each question\n")
        show("docker compose ps", plain, plain_ms, 1)
        status = measure(lambda number: client.get(f"/servers/bench{number % SERVERS:02}/status"), ASKED)
        show("GET /servers/{id}/status", status, plain_ms, 1)
        listed = measure(lambda _: client.get("/servers/"), ASKED // 3)
        show(f"GET /servers/ ({SERVERS} with status)", listed, plain_ms, SERVERS)


main()
rcon_load.show()
