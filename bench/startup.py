"""``make load-startup``: from the start of ``serve`` to the first 200 of /healthz, and from SIGTERM to the exit.

The sockets that are open when it ends must be told (close code 1012). Writes docs/reports/startup.md.
"""

import asyncio
import os
import subprocess
import tempfile
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from bench.console_load import CHECKOUT
from servers.tests.conftest import write_server
from testing.panel import MASTER, Panel, real_text, wait_for

REPORT = CHECKOUT / "docs" / "reports" / "startup.md"
TIMES, SERVERS, CONSOLES, LISTS, CODES = 5, 50, 20, 5, 3
STOP_S = 4  # how long the game of the running operation takes to stop


@dataclass
class Case:
    """One way to start and to end, several times."""

    name: str
    start_s: list[float] = field(default_factory=list)
    end_s: list[float] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    exits: Counter[int] = field(default_factory=Counter)
    open: int = 0
    note: str = ""

    def row(self) -> str:
        """Return its line of the report's table."""
        codes = ", ".join(f"{count} of {code}" for code, count in sorted(self.codes.items())) or "—"
        exits = ", ".join(str(code) for code in sorted(self.exits))
        return f"| {self.name} | {_spread(self.start_s)} | {_spread(self.end_s)} | {exits} | {codes} | {self.note} |"


def start(panel: Panel, case: Case) -> None:
    """Start the panel and wait for the first 200 of /healthz."""
    began = time.perf_counter()
    panel.start()
    wait_for(lambda: httpx.get(f"{panel.url}/healthz").status_code, lambda code: code == 200, limit_s=30)
    case.start_s.append(time.perf_counter() - began)


def end(panel: Panel, case: Case) -> None:
    """Send SIGTERM and wait for the exit."""
    began = time.perf_counter()
    case.exits[panel.stop()] += 1
    case.end_s.append(time.perf_counter() - began)


async def end_with_sockets(panel: Panel, case: Case, *, operation: str = "") -> None:
    """Open sockets of each kind, end the panel, and count what they were told."""
    paths = [f"/servers/s{number:02}/console" for number in range(CONSOLES)]
    paths += ["/servers/live"] * LISTS + ["/auth/code"] * CODES
    paths += [f"/operations/{operation}"] * bool(operation)
    url = f"{panel.url.replace('http', 'ws')}/api"
    sockets = [await connect(f"{url}{path}?token={MASTER}", max_size=None) for path in paths]
    case.open = len(sockets)
    told = [asyncio.create_task(close_code(one)) for one in sockets]
    await asyncio.sleep(1)
    await asyncio.to_thread(end, panel, case)
    case.codes.update(await asyncio.gather(*told))


async def close_code(socket: ClientConnection) -> str:
    """Read up to the end; return the close code."""
    try:
        async for _ in socket:
            pass
    except WebSocketException:
        pass
    return str(socket.close_code)


def with_operation(panel: Panel, case: Case) -> None:
    """End the panel while a real server is being stopped."""
    name = f"startup-{uuid.uuid4().hex[:8]}"
    text = real_text(name)
    text = text.replace("    ports:\n", f'      TESTBED_STOP_S: "{STOP_S}"\n    ports:\n')
    write_server(panel.servers, name, text)
    try:
        start(panel, case)
        with panel.client() as client:
            client.post(f"/servers/{name}/operations", json={"action": "up"}).raise_for_status()
            status = f"/servers/{name}/status"
            wait_for(lambda: client.get(status).json()["status"], lambda one: one == "HEALTHY", limit_s=90)
            begun = client.post(
                f"/servers/{name}/operations", json={"action": "stop"}, headers={"Prefer": "respond-async"}
            )
            assert begun.status_code == 202, begun.text
        operation = str(begun.json()["operation"]["id"])
        asyncio.run(end_with_sockets(panel, case, operation=operation))
        panel.start()
        with panel.client() as client:
            case.note = f"the operation: {client.get(f'/operations/{operation}').json()['state']}"
        panel.stop()
    finally:
        subprocess.run(["docker", "rm", "--force", f"mc-{name}"], capture_output=True, check=False)
        subprocess.run(["docker", "network", "rm", f"{name}_default"], capture_output=True, check=False)


def measure() -> list[Case]:
    """Run all cases."""
    cases = [
        Case("first start, a new database"),
        Case(f"again, {SERVERS} servers on disk"),
        Case(f"{CONSOLES} consoles, {LISTS} lists, {CODES} codes open"),
        Case(f"the same and an operation's, a stop of {STOP_S} s under way"),
    ]
    for _ in range(TIMES):
        with tempfile.TemporaryDirectory() as folder:
            panel = Panel(Path(folder))
            start(panel, cases[0])
            end(panel, cases[0])
    with tempfile.TemporaryDirectory() as folder:
        panel = Panel(Path(folder))
        for number in range(SERVERS):
            write_server(panel.servers, f"s{number:02}")
        end_once = Case("not counted")
        start(panel, end_once)
        end(panel, end_once)
        for _ in range(TIMES):
            start(panel, cases[1])
            end(panel, cases[1])
            start(panel, cases[2])
            asyncio.run(end_with_sockets(panel, cases[2]))
        with_operation(panel, cases[3])
    return cases


def report(cases: list[Case]) -> str:
    """Write it down."""
    rows = "\n".join(case.row() for case in cases)
    return f"""# Start and end

Written by `make load-startup`: seconds from the start of the process `manage.py serve` to the first 200 of
`/healthz`, and from SIGTERM to its exit; {TIMES} times each (the last row once), on {os.cpu_count()} cores.
Load average at the end: {os.getloadavg()[0]:.1f}. Close code 1012 tells a page to connect again.

| | start, s: least / median / most | end, s | exit code | sockets were told | |
|---|---|---|---|---|---|
{rows}
"""


def _spread(values: list[float]) -> str:
    at = sorted(values)
    return f"{at[0]:.1f} / {at[len(at) // 2]:.1f} / {at[-1]:.1f}"


def main() -> None:
    """Run, print, write the report."""
    text = report(measure())
    REPORT.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
