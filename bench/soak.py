"""``make load-soak``: everything at once for half an hour, on an engine of its own; writes docs/reports/soak.md.

Ten servers, console viewers, live sockets, questions, a snapshot a minute, and death: of containers, of the panel, of
the engine. ``make load-soak MINUTES=3`` for a look.
"""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from bench import soak_report
from bench.soak_figures import Life, keep_looking
from bench.soak_viewers import ConsoleViewer, ListViewer
from servers.tests.conftest import IMAGE
from testing.panel import MASTER, Panel, real_text, wait_for
from testing.private_engine import PrivateEngine, private_engine

SERVERS, VIEWERS, LEAVING, LISTS = 10, 20, 4, 3
PASSWORD = "not-a-secret-of-anybody"  # noqa: S105 - of a repository that lives for half an hour
KNOBS = {"TESTBED_FLOOD_LINES_PER_S": 2, "TESTBED_SAVE_INTERVAL_S": 20, "TESTBED_FLUSH_S": 1}
HEALTH = "    restart: unless-stopped\n    healthcheck:\n      interval: 10s\n"  # of the games: they share the cores
QUESTIONS = ("status", "resources", "players", "history?metric=cpuPercentage", "operations", "snapshots", "iostats")
ASK_S, KILL_S = 1.0, (20.0, 50.0)
PANEL_DIES, ENGINE_RESTARTS = (0.15, 0.28, 0.45), {0.35: "restart", 0.7: "kill9"}  # parts of the whole time
BACK_S = 40.0  # after an engine was killed the next one first ends what it left running
GONE = (httpx.TransportError,)


@dataclass
class Soak:
    """All that lives for the time of the soak, and what was counted."""

    engine: PrivateEngine
    panel: Panel
    names: list[str]
    minutes: float
    began: float = field(default_factory=time.monotonic)
    lives: list[Life] = field(default_factory=list)
    consoles: list[ConsoleViewer] = field(default_factory=list)
    lists: list[ListViewer] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)  # "GET 200", "start 409 busy"
    asked_ms: list[float] = field(default_factory=list)
    acts: Counter[str] = field(default_factory=Counter)  # what was done to containers, panel, engine
    starts_s: list[float] = field(default_factory=list)  # seconds until a panel that was killed answers again
    findings: list[str] = field(default_factory=list)

    @property
    def passed_s(self) -> float:
        return time.monotonic() - self.began

    @property
    def left_s(self) -> float:
        return self.minutes * 60 - self.passed_s

    def client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {MASTER}"}
        return httpx.AsyncClient(base_url=f"{self.panel.url}/api", headers=headers, timeout=120)

    async def call(self, method: str, path: str, *, label: str, **more: Any) -> httpx.Response | None:
        """Ask the panel and count the answer; None while it is gone."""
        started = time.perf_counter()
        try:
            async with self.client() as client:
                answer = await client.request(method, path, **more)
        except GONE:
            self.answers[f"{label}: no panel"] += 1
            return None
        if label == "GET":
            self.asked_ms.append((time.perf_counter() - started) * 1000)
        code = "" if answer.is_success else f" {answer.json().get('code', '')}"
        self.answers[f"{label}: {answer.status_code}{code}"] += 1
        if answer.status_code >= 500 and answer.status_code not in {502, 503, 504}:
            self.findings.append(f"{self.passed_s:.0f} s: {method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer


def start_panel(soak: Soak) -> None:
    """Start the panel and begin a new life."""
    started = time.perf_counter()
    soak.panel.start()
    if soak.lives:
        soak.starts_s.append(time.perf_counter() - started)
    assert soak.panel.process is not None
    soak.lives.append(Life(soak.passed_s, psutil.Process(soak.panel.process.pid)))


async def ask(soak: Soak) -> None:
    """Be a dashboard: the list, and one question of one server, again and again."""
    while True:
        what, name = random.choice(QUESTIONS), random.choice(soak.names)  # noqa: S311 - a test's own chance
        await soak.call("GET", "/servers", label="GET")
        await soak.call("GET", f"/servers/{name}/{what}", label="GET")
        await asyncio.sleep(ASK_S)


async def kill_containers(soak: Soak) -> None:
    """Kill a server behind the panel's back and start it through the panel."""
    while True:
        await asyncio.sleep(random.uniform(*KILL_S))  # noqa: S311 - a test's own chance
        if soak.left_s < 30:
            return
        name = random.choice(soak.names)  # noqa: S311 - as above
        try:
            await asyncio.to_thread(soak.engine.docker, "kill", f"mc-{name}")
        except subprocess.CalledProcessError:
            soak.acts["docker kill that the engine refused (not running, or the engine away)"] += 1
        else:
            soak.acts["docker kill"] += 1
        await asyncio.sleep(1)
        await bring_up(soak, name)


async def bring_up(soak: Soak, name: str) -> None:
    """Start a server through the panel, as often as it takes."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        answer = await soak.call("POST", f"/servers/{name}/operations", label="start", json={"action": "start"})
        if answer is not None and answer.is_success:
            return
        await asyncio.sleep(2)
    soak.findings.append(f"{soak.passed_s:.0f} s: {name} could not be started within 90 s")


async def kill_panels(soak: Soak) -> None:
    """Kill the panel now and then, and start it anew."""
    for part in PANEL_DIES:
        await asyncio.sleep(max(0.0, part * soak.minutes * 60 - soak.passed_s))
        await asyncio.to_thread(soak.lives[-1].look)
        await asyncio.to_thread(soak.panel.stop, with_signal=signal.SIGKILL)
        soak.acts["panel killed by SIGKILL"] += 1
        await asyncio.sleep(1)
        await asyncio.to_thread(start_panel, soak)


async def restart_engines(soak: Soak) -> None:
    """End the engine once in order and once by SIGKILL; its servers come back by their restart policy."""
    for part, how in ENGINE_RESTARTS.items():
        await asyncio.sleep(max(0.0, part * soak.minutes * 60 - soak.passed_s))
        soak.acts["engine restarted" if how == "restart" else "engine killed by SIGKILL, started"] += 1
        await asyncio.to_thread(soak.engine.order, how)
        if how == "kill9":
            await asyncio.sleep(3)
            await asyncio.to_thread(soak.engine.order, "start")
        await asyncio.sleep(BACK_S)
        for name in soak.names:
            if not (await asyncio.to_thread(soak_report.inspected, soak, name)).startswith("running"):
                soak.acts["server started by hand after the engine's return"] += 1
                await bring_up(soak, name)


async def guarded(soak: Soak, part: Callable[[Soak], Coroutine[Any, Any, None]]) -> None:
    """Run one part; its failure is a finding, and the others go on."""
    try:
        await part(soak)
    except (AssertionError, OSError, ValueError, LookupError, subprocess.SubprocessError) as error:
        soak.findings.append(f"{soak.passed_s:.0f} s: {part.__name__} ended: {error!r}"[:500])


async def live(soak: Soak) -> None:
    """Do everything at once until the time is over."""
    def url() -> str:
        return f"{soak.panel.url.replace('http', 'ws')}/api/servers"

    for number in range(VIEWERS):
        name = soak.names[number % SERVERS]
        leaves_s = 30.0 if number < LEAVING else 0.0
        soak.consoles.append(ConsoleViewer(f"/{name}/console?token={MASTER}", url, leaves_s=leaves_s, server_id=name))
    soak.lists += [ListViewer(f"/live?token={MASTER}", url) for _ in range(LISTS)]
    watching = [asyncio.create_task(one.watch()) for one in (*soak.consoles, *soak.lists)]
    parts = (ask, kill_containers, kill_panels, restart_engines)
    working = [asyncio.create_task(guarded(soak, part)) for part in parts]
    working.append(asyncio.create_task(keep_looking(soak.lives)))
    while soak.left_s > 0:
        await asyncio.sleep(min(60.0, soak.left_s))
        print(f"{soak.passed_s / 60:5.1f} min {dict(soak.acts)} {len(soak.findings)} findings", flush=True)
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)
    await soak_report.end(soak, watching)


@contextlib.contextmanager
def bed(folder: Path, minutes: float) -> Iterator[Soak]:
    """Start engine, panel and servers with their schedule of snapshots."""
    (folder / "tmp").mkdir()
    with private_engine() as engine:
        engine.take_image(IMAGE)
        panel = Panel(
            folder, DOCKER_HOST=engine.host, TMPDIR=str(folder / "tmp"),
            RESTIC__REPOSITORY_PATH=str(folder / "repository"), RESTIC__PASSWORD=PASSWORD,
        )
        panel.manage("snapshot", "init")
        soak = Soak(engine, panel, [f"soak-{number:02}" for number in range(SERVERS)], minutes)
        start_panel(soak)
        try:
            make_servers(soak)
            yield soak
        finally:
            assert panel.process is not None
            if panel.process.poll() is None:
                panel.stop(with_signal=signal.SIGKILL)


def make_servers(soak: Soak) -> None:
    """Write, start and wait for all servers; let a snapshot of everything be made each minute."""
    knobs = "".join(f'      {key}: "{value}"\n' for key, value in KNOBS.items())
    with soak.panel.client() as client:
        for name in soak.names:
            text = real_text(name)
            text = text.replace("    ports:\n", f"{knobs}{HEALTH}    ports:\n")
            directory = soak.panel.servers / name
            (directory / "data").mkdir(parents=True)
            (directory / "compose.yaml").write_text(text)
            client.post(f"/servers/{name}/operations", json={"action": "up"}).raise_for_status()
        for name in soak.names:
            wait_for(
                lambda: client.get(f"/servers/{name}/status").json()["status"],  # noqa: B023 - asked at once
                lambda one: one == "HEALTHY", limit_s=120,
            )
        schedule = {"cron": "* * * * *", "scope": "global", "policy": {"keep_last": 10}, "missed": "run_once"}
        client.post("/snapshots/schedules", json=schedule).raise_for_status()


def main() -> None:
    """Run it, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="how long (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the random choices (default: of the clock)")
    options = parser.parse_args()
    seed = options.seed or int(time.time())
    random.seed(seed)
    print(f"seed {seed}, load average {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as folder, bed(Path(folder), options.minutes) as soak:
        soak.began = time.monotonic()
        soak.lives[0].began_s = 0.0
        asyncio.run(live(soak))
        soak_report.write(soak, seed=seed)


if __name__ == "__main__":
    main()
