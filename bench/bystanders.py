"""Who uses the panel honestly while strangers attack it: one who asks, one who reads a console."""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import psutil

from bench.console_clients import Client
from bench.console_load import CHECKOUT, console_url
from bench.rubbish import write_lines
from testing.panel import MASTER, Panel

LINES_PER_S, CATCH_UP_S, ASK_EVERY_S = 20, 30.0, 0.1
ASKED = ("/healthz", "/api/servers/honest/status", "/api/user/me")
HEADERS = {"Authorization": f"Bearer {MASTER}"}


def trust_anybody() -> ssl.SSLContext:
    """Return what accepts the certificate of our own proxy."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


TRUST = trust_anybody()


@dataclass(frozen=True)
class Front:
    """What people connect to: the panel, or the proxy before it."""

    name: str
    url: str

    @property
    def port(self) -> str:
        return self.url.rpartition(":")[2]

    @property
    def tls(self) -> bool:
        return self.url.startswith("https")


@dataclass
class Phase:
    """What the honest ones went through, in milliseconds."""

    name: str
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None
    asked_ms: dict[str, list[float]] = field(default_factory=lambda: {path: [] for path in ASKED})
    late_ms: list[float] = field(default_factory=list)
    not_200: list[str] = field(default_factory=list)
    files: int = 0
    strangers: dict[str, int] = field(default_factory=dict)

    def all_asked_ms(self) -> list[float]:
        return [one for each in self.asked_ms.values() for one in each]


class Viewer:
    """Reads a server's console through ``front`` while numbered lines are written into its log."""

    def __init__(self, panel: Panel, front: Front, server: str) -> None:
        url = console_url(panel, server).replace(panel.url.replace("http", "ws"), front.url.replace("http", "ws"))
        self.client = Client(url, "viewer", sampled=1, ssl=TRUST if front.tls else None)
        self.panel, self.front = panel, front
        self._log = panel.servers / server / "data/logs/latest.log"
        self.written = 0

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch within the block, and at its end wait for what is still on its way."""
        over = asyncio.Event()
        watching = asyncio.create_task(self.client.watch())
        await self.client.ready.wait()
        with self._log.open("a") as file:
            writing = asyncio.create_task(write_lines(file, over))
            yield
            over.set()
            self.written = await writing
        with suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP_S):
                await self.client.reach(self.written)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    def sentence(self) -> str:
        """Return what it got, for the report."""
        got = self.client
        return (
            f"{self.front.name}: {self.written:,} lines written; out of order, doubled or lost without a word: "
            f"**{len(got.faults)}**; announced as lost: **{got.lost}**; neither got nor announced: "
            f"**{self.written - got.has}**; connections lost: **{got.resumed}**"
        )


async def attack(module: str, front: Front, *words: str) -> dict[str, int]:
    """Let the strangers of ``module`` in, from a process of their own; return what they count."""
    argv = ["-m", module, front.port, "tls" if front.tls else "plain", *words]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *argv, stdout=asyncio.subprocess.PIPE, cwd=CHECKOUT
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    found: dict[str, int] = json.loads(printed)
    return found


async def go_through(phase: Phase, viewer: Viewer, *, strangers: list[str] | None, rest_s: float) -> Phase:
    """Measure while ``attack(*strangers)`` goes on; without strangers, for ``rest_s`` in peace."""
    first = len(viewer.client.latencies_s)
    asking = asyncio.create_task(_ask(viewer.panel, viewer.front, phase))
    if strangers:
        phase.strangers = await attack(strangers[0], viewer.front, *strangers[1:])
    else:
        await asyncio.sleep(rest_s)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    phase.ended = datetime.now(UTC)
    phase.late_ms = [one * 1000 for one in viewer.client.latencies_s[first:]]
    print(f"{phase.name}: asked {len(phase.all_asked_ms())} times; strangers: {phase.strangers}", flush=True)
    return phase


async def _ask(panel: Panel, front: Front, phase: Phase) -> None:
    """Ask over and over, each time on a connection of its own, and look at the panel's process."""
    assert panel.process is not None
    process = psutil.Process(panel.process.pid)
    while True:
        for path in ASKED:
            started = time.perf_counter()
            try:
                async with httpx.AsyncClient(base_url=front.url, headers=HEADERS, verify=TRUST, timeout=30) as client:
                    answer = await client.get(path)
                if answer.status_code != 200:
                    phase.not_200.append(f"{phase.name}: {path}: {answer.status_code} {answer.text[:200]}")
            except httpx.TransportError as error:
                phase.not_200.append(f"{phase.name}: {path}: {error!r}")
            phase.asked_ms[path].append((time.perf_counter() - started) * 1000)
        phase.files = max(phase.files, process.num_fds())
        await asyncio.sleep(ASK_EVERY_S)


def spread(values: list[float]) -> str:
    """Return ``p50 / p95 / most``."""
    at = sorted(values)
    return f"{at[len(at) // 2]:.0f} / {at[int(len(at) * 0.95)]:.0f} / {at[-1]:.0f}" if at else "—"


def listed(counts: dict[str, int]) -> str:
    """Return ``name: count`` of each, separated by commas."""
    return ", ".join(f"{name}: {count:,}" for name, count in counts.items())
