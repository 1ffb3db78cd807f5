"""The end of the soak: what it left, held against what should be there, and the report."""

import asyncio
import contextlib
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bench.panel_logs import tracebacks_in, warnings_in
from bench.soak_figures import EVERY_S, over_time, table
from bench.soak_viewers import Verdict, judge, written_by

if TYPE_CHECKING:
    from bench.soak import Soak

REPORT = Path(__file__).resolve().parents[1] / "docs" / "reports" / "soak.md"
BY_HAND = "<!-- What follows is written by hand, and stays. -->"
WARM_UP_S = 60.0
WANTED = {"running healthy": "HEALTHY", "running starting": "STARTING", "exited": "CREATED", "absent": "EXISTS"}


@dataclass
class Ending:
    """What was found at the end."""

    wrong: list[str] = field(default_factory=list)  # statuses, lists of the live sockets
    compared: int = 0
    operations: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    claims: Counter[str] = field(default_factory=Counter)
    messages: list[str] = field(default_factory=list)
    stop_s: float = 0.0
    stop_code: int = 0
    told: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)


ending = Ending()


def inspected(soak: "Soak", name: str) -> str:
    """Return what the engine says of a server: its container's state, and health if it runs."""
    template = "{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}"
    found = soak.engine.docker("inspect", "--format", template, f"mc-{name}", check=False).strip()
    return found if found.startswith("running") or not found else found.split()[0]


async def end(soak: "Soak", watching: list[asyncio.Task[None]]) -> None:
    """Compare, count, stop the servers, end the panel, look for what is left."""
    await asyncio.to_thread(soak.engine.docker, "kill", f"mc-{soak.names[0]}", check=False)
    await soak.call("POST", f"/servers/{soak.names[1]}/operations", label="stop", json={"action": "stop"})
    await _compare(soak)
    await _count(soak)
    for name in soak.names:
        await soak.call("POST", f"/servers/{name}/operations", label="stop", json={"action": "stop"})
    await asyncio.sleep(3)  # the last lines are on their way
    await asyncio.to_thread(soak.lives[-1].look)
    before = _closes(soak)
    for name in soak.names:
        await soak.call("POST", f"/servers/{name}/operations", label="down", json={"action": "down"})
    started = time.monotonic()
    ending.stop_code = await asyncio.to_thread(soak.panel.stop)
    ending.stop_s = time.monotonic() - started
    await asyncio.sleep(0.3)
    ending.told = _closes(soak) - before
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    await asyncio.to_thread(_look_for_leftovers, soak)


async def _compare(soak: "Soak") -> None:
    """Hold each status against the engine, and each live socket against the list: 30 s to become the same."""
    limit, wrong = time.monotonic() + 30, ["not looked"]
    while wrong and time.monotonic() < limit:
        wrong, listed = [], await soak.call("GET", "/servers", label="GET")
        items = {item["id"]: item for item in listed.json()} if listed is not None else {}
        for name in soak.names:
            engine = await asyncio.to_thread(inspected, soak, name)
            if items.get(name, {}).get("status") != WANTED.get(engine or "absent"):
                wrong.append(f"{name}: {items.get(name, {}).get('status')}, the engine: {engine or 'absent'}")
            wrong += [
                f"{name} on a live socket: {one.items.get(name, {}).get('status')}"
                for one in soak.lists
                if one.items.get(name, {}).get("status") != items.get(name, {}).get("status")
            ]
        ending.compared = len(soak.names) * (1 + len(soak.lists))
        if wrong:
            await asyncio.sleep(1)
    ending.wrong = wrong


async def _count(soak: "Soak") -> None:
    """Count the records of operations, the schedule's runs and what the snapshots claim."""
    async with soak.client() as client:
        for name in soak.names:
            cursor: str | None = ""
            while cursor is not None:
                query = {"cursor": cursor} if cursor else {}
                page = (await client.get(f"/servers/{name}/operations", params=query)).json()
                ending.operations.update(f"{one['kind']} {one['state']}" for one in page["operations"])
                cursor = page["next"]
        schedules = (await client.get("/snapshots/schedules")).json()["schedules"]
        for schedule in schedules:
            runs = (await client.get(f"/snapshots/schedules/{schedule['id']}")).json()["runs"]
            ending.runs.update(run["state"] for run in runs)
            ending.messages += [f"{run['state']}: {run['message'][:200]}" for run in runs if run["message"]]
        kept = (await client.get("/snapshots")).json()["snapshots"]
        ending.claims.update(one["saved"] for one in kept)


def _look_for_leftovers(soak: "Soak") -> None:
    """Find containers, networks, processes and files that should be gone."""
    names = soak.engine.docker("ps", "--all", "--format", "{{.Names}}").split()
    ending.left += [f"container {name}" for name in names]
    networks = soak.engine.docker("network", "ls", "--format", "{{.Name}}").split()
    ending.left += [f"network {name}" for name in networks if name not in {"bridge", "host", "none"}]
    folder = str(soak.panel.folder)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            environment = process.environ()
            if process.pid != os.getpid() and (
                environment.get("MC_ADMIN_CONFIG", "").startswith(folder)
                or environment.get("RESTIC_REPOSITORY", "").startswith(folder)
                or environment.get("TMPDIR", "").startswith(folder)
            ):
                ending.left.append(f"process {' '.join(process.cmdline())[:120]}")
    ending.left += [f"temporary file {one.name}" for one in (soak.panel.folder / "tmp").iterdir()]
    for one in soak.panel.servers.iterdir():
        wanted = {"compose.yaml", "data"} if one.name in soak.names else set()
        ending.left += [f"{one.name}/{file.name}" for file in one.iterdir() if file.name not in wanted]
    ending.left += [f"restic lock {one.name[:8]}" for one in (soak.panel.folder / "repository/locks").iterdir()]


def verdicts(soak: "Soak") -> tuple[Verdict, Verdict, list[str]]:
    """Judge all viewers: those that stayed, those that left and came back, and each that missed something."""
    stayed, left, bad = Verdict(), Verdict(), []
    written = {name: written_by(soak.panel.servers / name / "data/logs") for name in soak.names}
    for number, viewer in enumerate(soak.consoles):
        verdict = judge(viewer, written[viewer.server_id])
        if viewer.leaves_s:
            left.add(verdict)
        else:
            stayed.add(verdict)
        if verdict.missing or verdict.within or verdict.doubled or verdict.unknown:
            bad.append(f"viewer {number} of {viewer.server_id}: {verdict}, announced {viewer.announced}")
    return stayed, left, bad


def write(soak: "Soak", *, seed: int) -> None:
    """Write the report, and print it."""
    folder, name = str(soak.panel.folder), "the folder"
    text = _report(soak, seed).replace(folder, name).replace(str(soak.engine.folder), "the engine's folder")
    _, mark, by_hand = REPORT.read_text().partition(BY_HAND) if REPORT.exists() else ("", "", "")
    REPORT.write_text(f"{text}\n{mark and chr(10)}{mark}{by_hand}")
    print(text)


def _report(soak: "Soak", seed: int) -> str:
    parts = (_head(soak, seed), _processes(soak), _lines(soak), _answers(soak), _end(soak))
    return "\n\n".join(parts)


def _head(soak: "Soak", seed: int) -> str:
    return f"""# The soak

Written by `make load-soak MINUTES={soak.minutes:g}`: one panel (`manage.py serve`) and an engine of its own with
{len(soak.names)} servers of the test bed's image, on {os.cpu_count()} cores that others used, too;
{len(soak.consoles)} console viewers, {len(soak.lists)} live sockets, some two questions a second, a snapshot of
everything each minute (real restic).
Each game writes two numbered lines a second, is asked for its health every 10 s and saves every 20 s.
Seed {seed}; load average at the end {os.getloadavg()[0]:.1f}.

Done to it:

{_counted(soak.acts)}"""


def _processes(soak: "Soak") -> str:
    warm_up_s = min(WARM_UP_S, soak.minutes * 60 / 12)
    answered = ", ".join(f"{one:.1f} s" for one in soak.starts_s) or "none"
    rows = "\n".join(table(soak.lives, warm_up_s))
    return f"""## The panel's processes

Looked at every {EVERY_S:g} s; figures from {warm_up_s:g} s after each start on. Memory in MiB; behind the comma the
slope a minute. `children` are `docker events`, `docker compose`, restic.

{rows}

Memory (rss) of the longest life, at each tenth of it: {over_time(soak.lives, warm_up_s)} MiB.

From the start of a process that followed a SIGKILL to the line that says that it answers: {answered}."""


def _lines(soak: "Soak") -> str:
    stayed, left, bad = verdicts(soak)
    consoles, lists = sum(one.links for one in soak.consoles), sum(one.links for one in soak.lists)
    frames, announced = sum(one.frames for one in soak.lists), sum(one.announced for one in soak.consoles)
    return f"""## Console lines

Held against the games' own files. *Jumped over* and *doubled*: in one connection, or between two of one epoch.
*Anew*: reconnected to another panel process, which sent the end of the log.

| viewers | written since their first line | never shown | jumped over | doubled | in no file | anew |
|---|---|---|---|---|---|---|
{_row("stayed", stayed)}
{_row("left at random and resumed", left)}

Announced as lost: {announced}. Connections: {consoles} of consoles, {lists} of the list ({frames} frames).
How they ended: {_listed(_closes(soak))}.{_below(bad)}"""


def _answers(soak: "Soak") -> str:
    at = sorted(soak.asked_ms)
    p50, p95, p99, most = (f"{at[min(len(at) - 1, int(len(at) * part))]:.0f} ms" for part in (0.5, 0.95, 0.99, 1))
    messages = "\n".join(f"- {one}" for one in sorted(set(ending.messages))) or "- none"
    return f"""## Answers

{len(at)} times `GET`: p50 {p50}, p95 {p95}, p99 {p99}, most {most}.

{_counted(soak.answers)}

Operations by their records:

{_counted(ending.operations)}

Runs of the schedule:

{_counted(ending.runs)}

What they said:

{messages}

What the kept snapshots claim: {_listed(ending.claims)}."""


def _end(soak: "Soak") -> str:
    sockets, failed = len(soak.consoles) + len(soak.lists), tracebacks_in(soak.panel.folder)
    return f"""## At the end

- Statuses and live sockets held against `docker inspect`: {ending.compared};
  wrong: {len(ending.wrong)}.{_below(ending.wrong)}
- SIGTERM to exit: {ending.stop_s:.1f} s, code {ending.stop_code}; {sockets} sockets were told: {_listed(ending.told)}.
- Left over (containers, networks, processes, temporary files, files beside compose file and data, locks of the
  repository): {len(ending.left)}.{_below(ending.left)}
- Answers of 5xx other than 502, 503, 504, and what else should not be: {len(soak.findings)}.{_below(soak.findings)}
- Tracebacks in the panel's log: {failed.total()}.{_below(_pairs(failed))}

Warnings and errors in the panel's log:

{_counted(warnings_in(soak.panel.folder))}"""


def _closes(soak: "Soak") -> Counter[str]:
    return sum((one.closes for one in (*soak.consoles, *soak.lists)), Counter[str]())


def _row(name: str, one: Verdict) -> str:
    return f"| {name} | {one.written:,} | {one.missing} | {one.within} | {one.doubled} | {one.unknown} | {one.anew} |"


def _pairs(counter: Counter[str]) -> list[str]:
    return [f"{count} of `{name}`" for name, count in sorted(counter.items())]


def _below(found: list[str]) -> str:
    return "".join(f"\n  - {one}" for one in found)


def _counted(counter: Counter[str]) -> str:
    return "\n".join(f"- {one}" for one in _pairs(counter)) or "- none"


def _listed(counter: Counter[str]) -> str:
    return ", ".join(_pairs(counter)) or "none"
