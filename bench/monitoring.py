"""The fast read path on a real engine: a dashboard's sweep against one process a question, and what sampling costs."""

import statistics
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from asgiref.sync import async_to_sync

from core import programs
from servers.docker.container import Container
from servers.docker.engine import DockerManager
from servers.live.metrics.sampler import INTERVAL_S, Sampler
from servers.tests.conftest import write_server
from testing.panel import Panel, real_text, running_panel, wait_for

SERVERS, RUNNING, LISTED = 20, 10, 50
AT_ONCE = 6
SAMPLED = 50
SAMPLING_S = 60.0
TINY = "mcadmin-testbed:tiny"

Question = tuple[str, str]  # what is asked, of which server


def main() -> None:
    """Run and print."""
    run = uuid.uuid4().hex[:6]
    names = [f"b{run}-{number:02}" for number in range(SERVERS)]
    with tempfile.TemporaryDirectory() as folder, running_panel(Path(folder)) as panel, panel.client() as client:
        idle_mib = resident_mib(panel)
        for name in names:
            write_server(panel.servers, name, real_text(name))
        try:
            for name in names[:RUNNING]:
                client.post(f"/servers/{name}/operations", json={"action": "up"}).raise_for_status()
            for name in names[:RUNNING]:
                wait_for(lambda: ready(client, name), lambda one: one, limit_s=300)  # noqa: B023 - asked at once
            print(f"{SERVERS} servers, {RUNNING} running on the engine; {AT_ONCE} questions at a time\n")
            sweeps(panel, client, names)
            latencies(panel, client, names)
            print(f"{'memory, just started and idle':44} {idle_mib:8.0f} MiB")
            print(f"{'memory, after all this':44} {resident_mib(panel):8.0f} MiB")
        finally:
            for name in names[:RUNNING]:
                client.post(f"/servers/{name}/operations", json={"action": "kill"})
                client.post(f"/servers/{name}/operations", json={"action": "down"})
    sampling(run)


def ready(client: httpx.Client, name: str) -> bool:
    """Tell whether a server is healthy and has all its figures."""
    status = client.get(f"/servers/{name}/status").json()["status"]
    return status == "HEALTHY" and client.get(f"/servers/{name}/iostats").status_code == 200


def questions(names: Sequence[str]) -> list[Question]:
    """Return what a dashboard asks at once: 81 questions."""
    asked = [("list", "")]
    asked += [(what, name) for name in names for what in ("status", "disk-usage")]
    return asked + [(w, n) for n in names[:RUNNING] for w in ("cpu_percent", "memory", "players", "iostats")]


def sweeps(panel: Panel, client: httpx.Client, names: Sequence[str]) -> None:
    """Ask all questions of the panel, and each by one process of its own."""
    asked = questions(names)

    def ours(question: Question) -> None:
        what, name = question
        answer = client.get(f"/servers/{name}/{what}" if name else "/servers/")
        assert answer.status_code == 200, answer.text

    def plain(question: Question) -> None:
        subprocess.run(command(panel, *question), check=True, capture_output=True)

    all_at_once(ours, asked)
    took = statistics.median(all_at_once(ours, asked) for _ in range(5))
    plain_took = all_at_once(plain, asked)
    print(f"{f'sweep of {len(asked)} questions, one process each':44} {plain_took * 1000:8.0f} ms")
    print(f"{f'sweep of {len(asked)} questions, panel':44} {took * 1000:8.0f} ms  {plain_took / took:8.0f} x")


def all_at_once(ask: Callable[[Question], None], asked: Sequence[Question]) -> float:
    """Return the seconds that it took to ask everything, AT_ONCE at a time."""
    started = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(ask, asked))
    return time.perf_counter() - started


def command(panel: Panel, what: str, name: str) -> list[str]:
    """Return the one process that answers a question."""
    docker, compose = programs.find("docker") or "docker", programs.find("docker-compose") or "docker-compose"
    match what:
        case "list":
            return [compose, "ls", "--all", "--format", "json"]
        case "status":
            return [compose, "--file", str(panel.servers / name / "compose.yaml"), "ps", "--all", "--format", "json"]
        case "disk-usage":
            return ["du", "-sb", str(panel.servers / name / "data")]
        case "players":
            return [docker, "exec", f"mc-{name}", "rcon-cli", "list"]
    return [docker, "stats", "--no-stream", "--format", "{{json .}}", f"mc-{name}"]


def latencies(panel: Panel, client: httpx.Client, names: Sequence[str]) -> None:
    """Print p50 and p99 of a status, one after the other, and p50 of a list of LISTED servers."""
    asked = [("status", names[number % SERVERS]) for number in range(500)]
    taken = sorted(timed_ms(client, f"/servers/{name}/{what}") for what, name in asked)
    told = against(taken[250], panel, "status", names[0])
    print(f"{'status':44} p50 {taken[250]:6.2f} ms  p99 {taken[494]:6.2f} ms  {told}")
    taken = sorted(timed_ms(client, f"/servers/{names[0]}/iostats") for _ in range(200))
    print(f"{'iostats':44} p50 {taken[100]:6.2f} ms  p99 {taken[197]:6.2f} ms")
    taken = sorted(timed_ms(client, "/user/me") for _ in range(200))
    print(f"{'a view that does next to nothing (/user/me)':44} p50 {taken[100]:6.2f} ms  p99 {taken[197]:6.2f} ms")
    for number in range(LISTED - SERVERS):
        write_server(panel.servers, f"{names[0]}-{number:02}")
    time.sleep(1)
    timed_ms(client, "/servers/")
    taken = sorted(timed_ms(client, "/servers/") for _ in range(100))
    told = against(taken[50], panel, "list", "")
    print(f"{f'list of {LISTED} servers':44} p50 {taken[50]:6.2f} ms  p99 {taken[98]:6.2f} ms  {told}")


def against(ours_ms: float, panel: Panel, what: str, name: str) -> str:
    """Say how many times as long one Compose process takes for the same question, and which."""
    argv, taken = command(panel, what, name), []
    for _ in range(10):
        started = time.perf_counter()
        subprocess.run(argv, check=True, capture_output=True)
        taken.append((time.perf_counter() - started) * 1000)
    plain_ms, verb = statistics.median(taken), "ls" if what == "list" else "ps"
    return f"docker compose {verb} p50 {plain_ms:6.1f} ms  {plain_ms / ours_ms:5.0f} x"


def timed_ms(client: httpx.Client, path: str) -> float:
    started = time.perf_counter()
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return (time.perf_counter() - started) * 1000


def resident_mib(panel: Panel) -> float:
    assert panel.process is not None
    return float(psutil.Process(panel.process.pid).memory_info().rss) / 1024 / 1024


def sampling(run: str) -> None:
    """Print what a round costs for SAMPLED containers, and the share of one core over a minute of rounds."""
    with containers(run, SAMPLED) as targets, tempfile.TemporaryDirectory() as folder:
        sampler = Sampler(lambda: targets, Path(folder))
        sampler.round()
        time.sleep(1.1)
        sampler.round()
        took_ms, cpu_s, started = [], 0.0, time.monotonic()
        while time.monotonic() - started < SAMPLING_S:
            time.sleep(INTERVAL_S)
            cpu, began = time.thread_time(), time.perf_counter()
            sampler.round()
            took_ms.append((time.perf_counter() - began) * 1000)
            cpu_s += time.thread_time() - cpu
            assert len(sampler.samples.servers) == SAMPLED
        share = cpu_s / (time.monotonic() - started) * 100
        p50, cpu_ms = statistics.median(took_ms), cpu_s / len(took_ms) * 1000
        print(f"{f'sampling {SAMPLED} containers, a round':44} p50 {p50:6.2f} ms  CPU {cpu_ms:6.2f} ms")
        print(f"{f'sampling, {len(took_ms)} rounds in a minute':44} {share:8.2f} % of one core")


@contextmanager
def containers(run: str, number: int) -> Iterator[dict[str, Container]]:
    """Small running containers, by name."""
    docker = programs.find("docker") or "docker"
    names = [f"s{run}-{one:02}" for one in range(number)]

    def start(name: str) -> None:
        argv = [docker, "run", "--detach", "--memory", "64m", "--name", name, TINY, "sleep", "900"]
        subprocess.run(argv, check=True, capture_output=True)

    try:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(start, names))
        yield {one.name: one for one in async_to_sync(DockerManager().inspect)(names)}
    finally:
        subprocess.run([docker, "rm", "--force", *names], check=False, capture_output=True)
