"""``make load-console``: a console under load, and a log flood, on a real panel; writes docs/reports/console.md."""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from bench.console_clients import Client, stay_deaf
from servers.tests.conftest import write_server
from testing.panel import MASTER, Panel, running_panel

CHECKOUT = Path(__file__).resolve().parent.parent
REPORT = CHECKOUT / "docs" / "reports" / "console.md"
CATCH_UP_S = 60.0
LINES_PER_S = 5_000
MIB = 1024 * 1024


@dataclass
class Strain:
    """What the panel was like over some time: resident MiB, and milliseconds of ``GET /servers/``."""

    rss_mib: list[float] = field(default_factory=list)
    list_ms: list[float] = field(default_factory=list)

    def told(self) -> str:
        at = sorted(self.list_ms)
        return (
            f"{self.rss_mib[0]:.0f} / {max(self.rss_mib):.0f} / {self.rss_mib[-1]:.0f} | "
            f"{statistics.median(at):.1f} / {at[int(len(at) * 0.95)]:.1f} / {at[-1]:.1f}"
        )


@dataclass
class Outcome:
    """One run: the writer's own figures, the viewers, and the panel's strain before, during and after."""

    writer: dict[str, float]
    clients: list[Client]
    before: Strain
    during: Strain
    after: Strain

    def faults(self) -> list[str]:
        return [f"{one.name}: {fault}" for one in self.clients for fault in one.faults]

    def missing(self) -> dict[str, int]:
        """Lines that were neither got nor announced as lost, by viewer."""
        return {one.name: int(self.writer["lines"]) - one.has for one in self.clients}

    def healthy_latencies_s(self) -> list[float]:
        healthy = [client for client in self.clients if not client.pause_s and not client.leaves]
        return sorted(one for client in healthy for one in client.latencies_s)


@asynccontextmanager
async def strained(panel: Panel) -> AsyncIterator[Strain]:
    """Measure while the block runs."""
    strain = Strain()
    assert panel.process is not None
    process = psutil.Process(panel.process.pid)
    headers = {"Authorization": f"Bearer {MASTER}"}

    async def ask() -> None:
        async with httpx.AsyncClient(base_url=f"{panel.url}/api", headers=headers, timeout=60) as client:
            while True:
                started = time.perf_counter()
                (await client.get("/servers/")).raise_for_status()
                strain.list_ms.append((time.perf_counter() - started) * 1000)
                strain.rss_mib.append(process.memory_info().rss / MIB)
                await asyncio.sleep(0.1)

    task = asyncio.create_task(ask())
    try:
        yield strain
    finally:
        await asyncio.sleep(0.2)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def write(*argv: str) -> dict[str, float]:
    """Run the writer and return what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.log_writer", *argv,
        stdout=asyncio.subprocess.PIPE, cwd=CHECKOUT,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    figures: dict[str, float] = json.loads(printed)
    return figures


async def run(
    panel: Panel, server_id: str, clients: list[Client], *argv: str, deaf: int = 0, rest_s: float = 3.0
) -> Outcome:
    """Connect ``clients``, write, wait until every one has or lacks each line, look at the panel before and after."""
    async with strained(panel) as before:
        await asyncio.sleep(rest_s)
    url = console_url(panel, server_id)
    tasks = [asyncio.create_task(one.watch()) for one in clients]
    tasks += [asyncio.create_task(stay_deaf(url)) for _ in range(deaf)]
    await asyncio.gather(*(one.ready.wait() for one in clients))
    async with strained(panel) as during:
        figures = await write(*argv)
        reaching = [asyncio.create_task(one.reach(int(figures["lines"]))) for one in clients]
        _, late = await asyncio.wait(reaching, timeout=CATCH_UP_S)
    tasks += late
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with strained(panel) as after:
        await asyncio.sleep(rest_s)
    return Outcome(figures, clients, before, during, after)


def console_url(panel: Panel, server_id: str) -> str:
    return f"{panel.url.replace('http', 'ws')}/api/servers/{server_id}/console?token={MASTER}"


def new_log(panel: Panel, server_id: str) -> Path:
    """Make a server on disk with an empty log."""
    log = write_server(panel.servers, server_id) / "data" / "logs" / "latest.log"
    log.parent.mkdir()
    log.touch()
    return log


@dataclass(frozen=True)
class Crowd:
    """How many viewers of each kind; deaf ones read nothing at all."""

    healthy: int = 15
    leaving: int = 3
    slow: int = 1
    deaf: int = 1
    slow_pause_s: float = 1.0  # between two frames


async def load(panel: Panel, crowd: Crowd, *, lines: int) -> Outcome:
    """Numbered multi-byte lines through two rotations and one truncation, to viewers of all kinds."""
    log, url = new_log(panel, "load"), console_url(panel, "load")
    clients = [Client(url, f"healthy {n}") for n in range(crowd.healthy)]
    clients += [Client(url, f"leaving {n}", leaves=True) for n in range(crowd.leaving)]
    clients += [Client(url, f"slow {n}", pause_s=crowd.slow_pause_s) for n in range(crowd.slow)]
    return await run(panel, "load", clients, "paced", str(log), str(lines), str(LINES_PER_S), deaf=crowd.deaf)


async def flooded(panel: Panel, *, seconds: float, viewers: int) -> Outcome:
    """Lines as fast as the disk takes them."""
    log, url = new_log(panel, "flood"), console_url(panel, "flood")
    clients = [Client(url, f"viewer {n}", numbered=False) for n in range(viewers)]
    return await run(panel, "flood", clients, "flood", str(log), str(seconds))


def report(loaded: Outcome, flood: Outcome) -> str:
    """Write both runs down."""
    head = f"""# The console under load

Written by `make load-console`: one panel (`manage.py serve`), its viewers and the log's writer as processes beside it
on the same {os.cpu_count()} cores, over loopback. Load average of the machine at the end: {os.getloadavg()[0]:.1f}.
"""
    return "\n".join([head, *loaded_told(loaded), "", *flood_told(flood)]) + "\n"


def loaded_told(outcome: Outcome) -> list[str]:
    at, lines, seconds = outcome.healthy_latencies_s(), outcome.writer["lines"], outcome.writer["seconds"]
    leaving = [one for one in outcome.clients if one.leaves]
    slow = [one for one in outcome.clients if one.pause_s]
    healthy = len(outcome.clients) - len(leaving) - len(slow)
    lost = sum(one.lost for one in outcome.clients if not one.pause_s)
    p50, p95, p99 = (at[int(len(at) * part)] * 1000 for part in (0.5, 0.95, 0.99))
    return f"""## Numbered lines through two rotations and one truncation

{lines:,.0f} multi-byte lines in {seconds:.1f} s ({lines / seconds:,.0f}/s) to {len(outcome.clients) + 1} viewers:
{healthy} healthy, {len(leaving)} that left at random and resumed ({sum(one.resumed for one in leaving)} times),
{len(slow)} slow (a frame a second), one that read nothing.

- Lines out of order, doubled, or lost without a word: **{len(outcome.faults())}**; \
neither got nor announced as gone: **{sum(outcome.missing().values())}**.
- Announced as gone: to healthy and resumed viewers {lost}, to slow ones {sum(one.lost for one in slow):,} \
(they got the other {sum(one.got for one in slow):,}).
- From write to frame, {len(at):,} lines of the healthy ones: p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms.

{strain_table(outcome)}""".split("\n")


def flood_told(outcome: Outcome) -> list[str]:
    mib, seconds, missing = outcome.writer["bytes"] / MIB, outcome.writer["seconds"], outcome.missing()
    return [
        "## A flood",
        "",
        f"{mib:,.0f} MiB ({outcome.writer['lines']:,.0f} lines) in {seconds:.1f} s: {mib / seconds:,.0f} MiB/s.",
        "That is as fast as the disk took it.",
        "",
        *(
            f"- {one.name}: {one.got:,} lines shown, {one.lost:,} told to be gone, {missing[one.name]} missing."
            for one in outcome.clients
        ),
        "",
        strain_table(outcome),
    ]


def strain_table(outcome: Outcome) -> str:
    rows = (f"| {name} | {getattr(outcome, name).told()} |" for name in ("before", "during", "after"))
    return "\n".join(
        [
            "| | panel's memory, MiB: first / most / last | `GET /servers/`, ms: p50 / p95 / most |",
            "|---|---|---|",
            *rows,
        ]
    )


async def measure(folder: Path) -> tuple[Outcome, Outcome]:
    """Run both on one panel."""
    with running_panel(folder) as panel:
        return await load(panel, Crowd(), lines=200_000), await flooded(panel, seconds=10, viewers=3)


def main() -> None:
    """Run, print, write the report."""
    with tempfile.TemporaryDirectory() as folder:
        loaded, flood = asyncio.run(measure(Path(folder)))
    text = report(loaded, flood)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(text)
    print(text)
    for fault in loaded.faults()[:20]:
        print(fault)


if __name__ == "__main__":
    main()
