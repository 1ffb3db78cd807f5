"""Reading costs nothing: counted by the kernel's own exec events on the panel's process tree."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from servers.tests.conftest import write_server
from testing.panel import Panel, running_panel, wait_for

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

# The server asked for has no container. Other tests start some on this engine; each event of theirs is looked into.
OF_ANOTHER_CONTAINER = re.compile(r'"inspect", "--type", "container", "--", "[0-9a-f]{12}')


@contextmanager
def traced(panel: Panel, log: Path) -> Iterator[None]:
    """Write every execve of the panel and of what it starts to ``log``."""
    assert panel.process is not None
    tracer = subprocess.Popen(
        ["strace", "-f", "-q", "-e", "trace=execve", "-o", log, "-p", str(panel.process.pid)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    status = Path(f"/proc/{panel.process.pid}/status")
    wait_for(status.read_text, lambda text: f"TracerPid:\t{tracer.pid}\n" in text, limit_s=10)
    try:
        yield
    finally:
        tracer.terminate()
        tracer.wait()


def execs(log: Path) -> list[str]:
    return [line for line in log.read_text().splitlines() if "execve(" in line]


def wait_until_still(log: Path) -> int:
    """Wait until nothing was started for 2 s and return how much was: the start's looks at the engine are no reads.

    The last of them comes half a second after its stream of events is open, which takes seconds on a busy machine.
    """
    count, since, end = len(execs(log)), time.monotonic(), time.monotonic() + 30
    while time.monotonic() - since < 2:
        assert time.monotonic() < end, "the panel starts processes without end"
        time.sleep(0.05)
        if len(execs(log)) != count:
            count, since = len(execs(log)), time.monotonic()
    return count


def test_200_status_requests_start_no_process(tmp_path: Path) -> None:
    log = tmp_path / "execs"
    with running_panel(tmp_path) as panel, panel.client() as client:
        write_server(panel.servers, "quiet")
        wait_for(
            lambda: client.get("/servers/quiet/status").json()["status"], lambda one: one == "EXISTS", limit_s=10
        )
        with traced(panel, log):
            before = wait_until_still(log)
            for _ in range(200):
                assert client.get("/servers/quiet/status").status_code == 200
            of_reads = [line for line in execs(log)[before:] if not OF_ANOTHER_CONTAINER.search(line)]
            client.post("/servers/quiet/operations", json={"action": "stop"})  # the tracer sees what does start one
            wait_for(lambda: len(execs(log)), lambda count: count > before, limit_s=10)

    assert of_reads == []
