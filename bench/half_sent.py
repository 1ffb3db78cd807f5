"""``make load-half-sent``: 1,500 requests that never end, at the panel itself and through deploy/nginx.conf.

Meanwhile an honest client asks, a viewer reads a console, a schedule makes snapshots. Loopback only. Writes
docs/reports/half-sent.md.
"""

import argparse
import asyncio
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.bystanders import LINES_PER_S, Front, Phase, Viewer, go_through, listed, spread
from bench.console_load import CHECKOUT, new_log
from bench.half_sent_strangers import PER_S as OPENED_PER_S
from bench.half_sent_strangers import TIMES
from bench.panel_logs import tracebacks_in
from deploy.tests.test_proxies import certificate, listens, nginx
from testing.panel import Panel, free_port, running_panel, wait_for
from testing.repositories import BINARIES, PASSWORD

REPORT = CHECKOUT / "docs" / "reports" / "half-sent.md"
ADDRESSES = (0, 1, 40)  # with none, in peace
REST_S = 15.0


@contextmanager
def behind_nginx(panel: Panel) -> Iterator[Front]:
    """Run nginx with the shipped configuration, on a port of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        certificate(folder)
        with (folder / "output").open("w") as output:
            argv = nginx(folder, port, panel.url.rpartition("//")[2])
            process = subprocess.Popen(argv, cwd=folder, stdout=output, stderr=output)
        try:
            wait_for(lambda: listens(port), bool, limit_s=15)
            yield Front("nginx", f"https://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(timeout=30)
        for file in (folder / "output", folder / "mcadmin-error.log"):
            print(f"{file.name}: {file.read_text()[-2000:]!r}")


async def measure(panel: Panel, front: Front, *, server: str, seconds: float) -> tuple[list[Phase], str]:
    """Run all phases of one front; return them, and what the viewer of the console says."""
    viewer, phases = Viewer(panel, front, server), []
    async with viewer.watching():
        for addresses in ADDRESSES:
            phase = Phase(f"{front.name}, {_strangers(addresses)}")
            words = ["bench.half_sent_strangers", str(addresses), str(seconds)] if addresses else None
            phases += [await go_through(phase, viewer, strangers=words, rest_s=REST_S)]
    return phases, viewer.sentence()


def schedule(panel: Panel, server: str) -> str:
    """Make a snapshot of ``server`` due each minute; return the schedule's address."""
    with panel.client() as client:
        made = client.post("/snapshots/schedules", json={"cron": "* * * * *", "server_id": server, "overlap": "skip"})
        assert made.status_code == 201, made.text
        return f"/snapshots/schedules/{made.json()['id']}"


def report(phases: list[Phase], said: list[str], runs: list[dict[str, Any]], seconds: float, tracebacks: int) -> str:
    """Return the report's text."""
    bad = [one for phase in phases for one in phase.not_200]
    newline = "\n"
    return f"""# Half-sent requests

Written by `make load-half-sent`, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load
{os.getloadavg()[0]:.1f} at the end. {TIMES:,} connections of strangers at once for {seconds:.0f} s, half of them in
the middle of the headers, half in the middle of a body (`POST /api/auth/token`), each sending one byte every 3 s; what
is closed is opened again, {OPENED_PER_S} a second of all. Once straight at a real `manage.py serve`, once through
`deploy/nginx.conf` with TLS. Meanwhile an honest client asks `/healthz`, a status and `/api/user/me`, each on a
connection of its own; a viewer reads a console into which {LINES_PER_S} numbered lines a second are written; a
snapshot is due each minute. The strangers share the panel's cores, and with TLS their handshakes are most of the work.

p50 / p95 / most in ms:

| | answers | not 200 | lines late | snapshots made of due | open files of the panel |
|---|---|---|---|---|---|
{newline.join(_row(phase, runs) for phase in phases)}

{newline.join(f"- {one}." for one in said)}
- Tracebacks in the panel's log: **{tracebacks}**.

What became of the strangers' connections:

{newline.join(f"- {phase.name}: {listed(phase.strangers)}" for phase in phases if phase.strangers)}
{"".join(f"{newline}- `{one}`" for one in sorted(set(bad))[:20])}"""


def _row(phase: Phase, due: list[dict[str, Any]]) -> str:
    assert phase.ended is not None
    mine = [run for run in due if phase.began <= datetime.fromisoformat(run["due_at"]) < phase.ended]
    good, asked = sum(run["state"] == "succeeded" for run in mine), phase.all_asked_ms()
    return (
        f"| {phase.name} | {spread(asked)} | {len(phase.not_200)} of {len(asked)} | "
        f"{spread(phase.late_ms)} | {good} of {len(mine)} | {phase.files} |"
    )


def _strangers(addresses: int) -> str:
    return {0: "in peace", 1: "1 address"}.get(addresses, f"{addresses} addresses")


def main() -> None:
    """Run, print, write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=70, help="of each attack (default: %(default)s)")
    seconds = parser.parse_args().seconds
    settings = {
        "RESTIC__PASSWORD": PASSWORD, "RESTIC__BINARY": str(BINARIES["0.18"]), "TRUSTED_PROXIES": "127.0.0.1",
        "ALLOWED_HOSTS": "panel.example.org,localhost,127.0.0.1",
    }
    with tempfile.TemporaryDirectory() as name:
        folder, phases, said = Path(name), [], []
        with running_panel(folder, **settings, RESTIC__REPOSITORY_PATH=str(folder / "repository")) as panel:
            panel.manage("snapshot", "init")
            for server in ("honest", "honest-too"):  # the lines of each are numbered from 1
                new_log(panel, server)
            address = schedule(panel, "honest")
            direct = asyncio.run(measure(panel, Front("direct", panel.url), server="honest", seconds=seconds))
            with behind_nginx(panel) as front:
                proxied = asyncio.run(measure(panel, front, server="honest-too", seconds=seconds))
            for found, line in (direct, proxied):
                phases += found
                said.append(line)
            with panel.client() as client:
                runs = client.get(address).json()["runs"]
        tracebacks = sum(tracebacks_in(folder).values())
    text = report(phases, said, runs, seconds, tracebacks)
    REPORT.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
