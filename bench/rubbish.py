"""``make load-rubbish``: rubbish as fast as ``wrk -c 20`` sends it, while somebody reads a console.

Loopback only. Writes docs/reports/rubbish.md.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import httpx
import psutil

from bench.console_clients import Client
from bench.console_load import CHECKOUT, MIB, console_url, new_log
from bench.log_writer import line
from bench.panel_logs import tracebacks_in
from testing.panel import MASTER, Panel, running_panel

REPORT = CHECKOUT / "docs" / "reports" / "rubbish.md"
CONNECTIONS, PER_S, REST_S, CATCH_UP_S = 20, 20, 10.0, 30.0


@dataclass
class Time:
    """What an honest client and the panel went through for some time."""

    status_ms: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    rss_mib: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)  # lines of the console, from writing to frame

    def row(self, name: str) -> str:
        """Return its line of the report's table."""
        memory = f"{self.rss_mib[0]:.0f} / {max(self.rss_mib):.0f} / {self.rss_mib[-1]:.0f}"
        files = f"{self.files[0]} / {max(self.files)} / {self.files[-1]}"
        asked = f"{_spread(self.status_ms)} | {len(self.refused)} of {len(self.status_ms)}"
        return f"| {name} | {_spread(self.late_ms)} | {asked} | {memory} | {files} |"


@dataclass
class Run:
    """One run and all it gave."""

    viewer: Client
    before: Time
    during: Time
    after: Time
    lines: int
    wrk: str
    sockets: str
    alive: bool
    tracebacks: list[str]


async def write_lines(file: TextIO, until: asyncio.Event) -> int:
    """Write numbered lines at PER_S; return how many."""
    number, started = 0, time.monotonic()
    while not until.is_set():
        number += 1
        file.write(line(number))
        file.flush()
        await asyncio.sleep(max(0.0, started + number / PER_S - time.monotonic()))
    return number


async def be_honest(panel: Panel, phase: Time) -> None:
    """Ask for a status five times a second, and look at the panel's process."""
    assert panel.process is not None
    process = psutil.Process(panel.process.pid)
    headers = {"Authorization": f"Bearer {MASTER}"}
    async with httpx.AsyncClient(base_url=f"{panel.url}/api", headers=headers, timeout=30) as client:
        while True:
            started = time.perf_counter()
            try:
                answer = await client.get("/servers/honest/status")
                if answer.status_code != 200:
                    phase.refused.append(f"{answer.status_code} {answer.text[:200]}")
            except httpx.TransportError as error:
                phase.refused.append(repr(error))
            phase.status_ms.append((time.perf_counter() - started) * 1000)
            phase.rss_mib.append(process.memory_info().rss / MIB)
            phase.files.append(process.num_fds())
            await asyncio.sleep(0.2)


async def in_phase(panel: Panel, viewer: Client, *works: "asyncio.Future[str]", rest_s: float = 0.0) -> Time:
    """Measure until the works are done, or for so long."""
    phase, first = Time(), len(viewer.latencies_s)
    honest = asyncio.create_task(be_honest(panel, phase))
    await asyncio.gather(asyncio.sleep(rest_s), *works)
    honest.cancel()
    with suppress(asyncio.CancelledError):
        await honest
    phase.late_ms = [one * 1000 for one in viewer.latencies_s[first:]]
    return phase


async def printed_by(*argv: str) -> str:
    """Run a sender and return what it printed."""
    process = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, cwd=CHECKOUT, env=os.environ | {"TOKEN": MASTER}
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()
    return printed.decode()


async def measure(panel: Panel, *, seconds: int, rest_s: float = REST_S) -> Run:
    """Read the console, be honest, and let rubbish rain in between."""
    log = new_log(panel, "honest")
    viewer, over = Client(console_url(panel, "honest"), "viewer", sampled=1), asyncio.Event()
    watching = asyncio.create_task(viewer.watch())
    await viewer.ready.wait()
    with log.open("a") as file:
        writing = asyncio.create_task(write_lines(file, over))
        before = await in_phase(panel, viewer, rest_s=rest_s)
        port = panel.url.rpartition(":")[2]
        script = str(CHECKOUT / "bench" / "rubbish.lua")
        load = ("wrk", "-c", str(CONNECTIONS), "-t", "2", "-d", f"{seconds}s", "-s", script, panel.url)
        wrk = asyncio.ensure_future(printed_by(*load))
        sockets = asyncio.ensure_future(printed_by(sys.executable, "-m", "bench.rubbish_sockets", port, str(seconds)))
        during = await in_phase(panel, viewer, wrk, sockets)
        after = await in_phase(panel, viewer, rest_s=rest_s)
        over.set()
        lines = await writing
    with suppress(TimeoutError):
        async with asyncio.timeout(CATCH_UP_S):
            await viewer.reach(lines)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert panel.process is not None
    alive = panel.process.poll() is None
    found = [f"{count} of {what}" for what, count in tracebacks_in(panel.folder).items()]
    return Run(viewer, before, during, after, lines, wrk.result(), sockets.result(), alive, found)


def report(run: Run, seconds: int) -> str:
    """Write it down."""
    viewer, codes = run.viewer, re.findall(r"answer (\d+) (\d+)", run.wrk)
    sockets = json.loads(run.sockets)
    refused = sorted(set(run.during.refused + run.before.refused + run.after.refused))
    return f"""# Rubbish

Written by `make load-rubbish`: {seconds} s of `wrk -c {CONNECTIONS} -t 2` with `bench/rubbish.lua` (random paths,
methods, bodies, headers of up to 60,000 bytes, broken tokens, broken JSON with a good token, no HTTP at all) and
beside it `bench/rubbish_sockets.py` (frames that no page sends, broken streams, half requests), on one panel, all on
the same {os.cpu_count()} cores over loopback. A viewer reads a console into which {PER_S} numbered lines a second are
written; an honest client asks for a status. Load average at the end: {os.getloadavg()[0]:.1f}.

- {run.lines:,} lines written. Out of order, doubled or lost without a word: **{len(viewer.faults)}**; announced as
  lost: **{viewer.lost}**; neither got nor announced: **{run.lines - viewer.has}**; connections lost: {viewer.resumed}.
- The panel is alive: **{"yes" if run.alive else "no"}**.
- Tracebacks in its log: **{len(run.tracebacks)}**.{_below(run.tracebacks)}
- Not answered with 200 to the honest client: {len(refused)} kinds.{_below(refused)}

p50 / p95 / most in ms; first / most / last:

| | lines late | status | not 200 | memory, MiB | open files |
|---|---|---|---|---|---|
{run.before.row("before")}
{run.during.row("rubbish")}
{run.after.row("after")}

Memory at the start, after each quarter of the rubbish: {_quarters(run.during.rss_mib)} MiB.

## What was sent

Answers to wrk: {", ".join(f"{count} of {code}" for code, count in codes)}.

```
{re.sub(r"(?m)^answer .*$", "", run.wrk).replace("  ", " ").strip()}
```

Sockets: {_listed(sockets["sent"])}; their ends: {_listed(sockets["ended"])}.
"""


def _quarters(sampled: list[float]) -> str:
    return ", ".join(f"{sampled[min(len(sampled) - 1, len(sampled) * at // 4)]:.0f}" for at in range(5))


def _spread(values: list[float]) -> str:
    at = sorted(values)
    return f"{at[len(at) // 2]:.0f} / {at[int(len(at) * 0.95)]:.0f} / {at[-1]:.0f}" if at else "—"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} of {name}" for name, count in sorted(counts.items()))


def _below(found: list[str]) -> str:
    return "".join(f"\n  - `{one}`" for one in found)


def main() -> None:
    """Run, print, write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="of rubbish (default: %(default)s)")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder, running_panel(Path(folder)) as panel:
        run = asyncio.run(measure(panel, seconds=seconds))
        text = report(run, seconds)
    REPORT.write_text(text.replace(panel.url, "http://127.0.0.1:…"))
    print(text)


if __name__ == "__main__":
    main()
