"""A larger installation: PostgreSQL, Redis, several workers and supervisors, each a process of its own."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from testbed.postgres import postgres
from testing.panel import FACTOR, Panel, free_port, wait_for
from testing.processes import redis_server


class Installation:
    """The processes of one panel."""

    def __init__(self, panel: Panel, stack: ExitStack) -> None:
        self.panel = panel
        self.workers: dict[str, subprocess.Popen[str]] = {}
        self.supervisors: list[tuple[subprocess.Popen[str], Path]] = []
        self._stack = stack

    def add_worker(self) -> str:
        """Start one more `serve --worker`; return its address when it answers."""
        port = free_port()
        log = self.panel.folder / f"worker-{port}.log"
        url = f"http://127.0.0.1:{port}"
        self.workers[url] = self._spawn(log, "serve", "--worker", "--port", str(port))
        wait_for(lambda: answers(url), bool, limit_s=60)
        return url

    def add_supervisor(self) -> None:
        """Start one more `supervise`."""
        log = self.panel.folder / f"supervisor-{len(self.supervisors)}.log"
        self.supervisors.append((self._spawn(log, "supervise"), log))

    def supervising(self) -> list[int]:
        """Return which supervisors say that they lead, dead ones left out."""
        return [
            number
            for number, (process, log) in enumerate(self.supervisors)
            if process.poll() is None and "Supervising." in log.read_text()
        ]

    def _spawn(self, log: Path, *argv: str) -> subprocess.Popen[str]:
        with log.open("w") as output:
            process = self.panel.spawn("-u", "manage.py", *argv, output=output)
        self._stack.callback(_end, process)
        return process


@contextmanager
def installation(folder: Path, *, workers: int, supervisors: int, **environment: str) -> Iterator[Installation]:
    """Start everything; all of it is gone afterwards."""
    with ExitStack() as stack:
        database = stack.enter_context(postgres())
        redis = stack.enter_context(redis_server(folder, port=free_port()))
        panel = Panel(folder, DATABASE_URL=database, REDIS_URL=redis, **environment)
        one = Installation(panel, stack)
        for _ in range(supervisors):
            one.add_supervisor()
        for _ in range(workers):
            one.add_worker()
        yield one


def answers(url: str) -> bool:
    """Tell whether a process answers at ``url``."""
    try:
        return httpx.get(f"{url}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
    end = time.monotonic() + 60 * FACTOR
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    if process.poll() is None:
        process.kill()
    process.wait()
