"""What running servers and this machine use: read in rounds, one hop into a thread for all of them."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from core.periodic import Periodic
from servers.docker.container import Container
from servers.docker.usage.counters import ContainerGone
from servers.host import HostFigures, read_host
from servers.live.metrics.container_metrics import Kernel, Run, ServerSample, run_key

logger = logging.getLogger(__name__)

INTERVAL_S = 5.0
FIRST_SPAN_S = 1.0  # between the first two readings: the first figures should not take a whole interval

Targets = Callable[[], Mapping[str, Container]]
Listener = Callable[["Samples"], None]


@dataclass(frozen=True, slots=True)
class HostSample:
    """The host at ``sampled_at``; ``cpu_percent`` between the last two readings."""

    sampled_at: datetime
    figures: HostFigures
    cpu_percent: float


@dataclass(frozen=True, slots=True)
class Samples:
    """All figures of one moment, immutable: safe to read from any thread.

    Attributes:
        servers: of the running ones, by server id; one that has just started is missing for a moment.
        host: None before the second reading, FIRST_SPAN_S after the start.
        took_s: how long the last round of all took.
    """

    servers: Mapping[str, ServerSample] = field(default_factory=lambda: MappingProxyType({}))
    host: HostSample | None = None
    took_s: float = 0.0


class Sampler:
    """Belongs to one loop; ``samples`` may be read from any thread."""

    def __init__(self, targets: Targets, server_path: Path) -> None:
        """``targets`` is called in a thread; it returns the containers with a living process by server id."""
        self.samples = Samples()
        self.kernel = Kernel()
        self._targets = targets
        self._server_path = server_path
        self._runs: dict[str, Run] = {}
        self._due: dict[str, float] = {}
        self._host_before: HostFigures | None = None
        self._host_due = 0.0
        self._host_known = threading.Event()
        self._listeners: list[Listener] = []
        self._rounds = Periodic("sampler", self._turn, INTERVAL_S)

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` on the loop after every round; it must not block."""
        self._listeners.append(listener)

    def start(self) -> None:
        self._rounds.start()

    async def stop(self) -> None:
        await self._rounds.stop()

    def wake(self) -> None:
        """Look at once who has started; call it on the loop."""
        self._rounds.wake()

    def host(self, *, wait_s: float) -> HostSample | None:
        """Return this machine's figures; wait for the very first ones. Blocking: not on the loop."""
        if self.samples.host is None:
            self._host_known.wait(wait_s)
        return self.samples.host

    async def _turn(self) -> float:
        until_next_s = await asyncio.to_thread(self.round)
        for listener in self._listeners:
            listener(self.samples)
        return until_next_s

    def round(self) -> float:
        """Read what is due and return how long to wait for the next round. Blocking; one at a time."""
        started = time.monotonic()
        targets = self._targets()
        servers: dict[str, ServerSample] = {}
        for name, container in targets.items():
            try:
                sample = self._sample(name, container, now=started)
            except Exception:  # one server's trouble is not the others', and no reason to read it more often
                logger.exception("sampling %s failed", name)
                sample, self._due[name] = None, _next_due(1, started)
            if sample is not None:
                servers[name] = sample
        for gone in self._runs.keys() - targets.keys():
            del self._runs[gone], self._due[gone]
        host = self._read_host(now=started)
        now = time.monotonic()
        self.samples = Samples(MappingProxyType(servers), host, now - started)
        return max(0.05, min([self._host_due, *self._due.values()]) - now)

    def _sample(self, name: str, container: Container, *, now: float) -> ServerSample | None:
        """Read one server if it is due; else return its last sample."""
        run = self._runs.get(name)
        if run is None or run.key != run_key(container):
            run = self._runs[name] = Run(container, self.kernel)
            self._due[name] = now
        last = self.samples.servers.get(name)
        if self._due[name] > now + FIRST_SPAN_S / 4:
            return last if last is not None and last.container_id == container.id else None
        self._due[name] = _next_due(run.readings, now)
        try:
            return run.read()
        except ContainerGone:  # the engine will say so in a moment
            return None

    def _read_host(self, *, now: float) -> HostSample | None:
        if self._host_due > now + FIRST_SPAN_S / 4:
            return self.samples.host
        before, figures = self._host_before, read_host(self._server_path)
        self._host_due = _next_due(0 if before is None else 1, now)
        self._host_before = figures
        percent = None if before is None else figures.cpu.percent_since(before.cpu)
        if percent is None:
            return self.samples.host
        self._host_known.set()
        return HostSample(datetime.now(UTC), figures, percent)


def _next_due(readings: int, now: float) -> float:
    """Return when to read again: soon after the first reading, then on a grid that all servers share."""
    if readings == 0:
        return now + FIRST_SPAN_S
    return ((now + FIRST_SPAN_S) // INTERVAL_S + 1) * INTERVAL_S
