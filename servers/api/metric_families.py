"""The metrics: names, help texts and values. Labels are bounded: servers on disk, statuses, kinds of operations."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from servers import wiring
from servers.live.metrics import backup_metrics
from servers.live.metrics.container_metrics import ServerSample
from servers.minecraft.status import MCServerStatus
from servers.records import monitoring

MAX_SERVERS = 1000  # more directories than anybody runs: a runaway script must not fill Prometheus

Read = Callable[[ServerSample], float | None]
_GAUGES: dict[str, tuple[str, Read]] = {
    "memory_working_set_bytes": (
        "Memory held without the page cache that can be taken back.",
        lambda one: one.usage.memory.working_set_bytes if one.usage.memory else None,
    ),
    "memory_limit_bytes": (
        "Memory limit of the container.", lambda one: one.usage.memory.limit_bytes if one.usage.memory else None
    ),
    "processes": ("Processes and threads.", lambda one: one.usage.pids),
}
_COUNTERS: dict[str, tuple[str, Read]] = {
    "cpu_seconds": (
        "Processor time used since the container's start.",
        lambda one: one.usage.cpu.usage_us / 1e6 if one.usage.cpu else None,
    ),
    "oom_kills": (
        "Processes killed for lack of memory since the container's start.",
        lambda one: one.usage.memory.oom_kills if one.usage.memory else None,
    ),
    "disk_read_bytes": (
        "Read from block devices since the container's start.",
        lambda one: one.usage.block_io.read_bytes if one.usage.block_io else None,
    ),
    "disk_written_bytes": (
        "Written to block devices since the container's start.",
        lambda one: one.usage.block_io.write_bytes if one.usage.block_io else None,
    ),
    "network_received_bytes": (
        "Received since the container's start.", lambda one: one.network.received_bytes if one.network else None
    ),
    "network_sent_bytes": (
        "Sent since the container's start.", lambda one: one.network.sent_bytes if one.network else None
    ),
}


class PanelCollector(Collector):
    """Everything that MC Admin knows, at the moment of one scrape."""

    def collect(self) -> Iterator[Metric]:
        """Yield all families, each with the label ``node``, which is empty, to Prometheus none, on one machine."""
        node = wiring.node() or ""
        for family in self._families():
            family.samples = [one._replace(labels={**one.labels, "node": node}) for one in family.samples]
            yield family

    def _families(self) -> Iterator[Metric]:
        started = time.perf_counter()
        yield from _servers()
        yield from _host()
        yield from _operations()
        yield from _snapshots()
        took = GaugeMetricFamily("mcadmin_scrape_seconds", "How long it took to put this answer together.")
        took.add_metric([], time.perf_counter() - started)
        yield took

    def describe(self) -> Iterable[Metric]:
        """Return nothing: registering must not read everything."""
        return []


def _servers() -> Iterator[Metric]:
    live = wiring.live()
    names = live.catalog.names()[:MAX_SERVERS]
    samples = live.monitoring.sampler.samples
    counted = dict.fromkeys(MCServerStatus, 0)
    up = GaugeMetricFamily("mcadmin_server_up", "1 for a server whose container runs.", labels=["server"])
    players = GaugeMetricFamily("mcadmin_server_players", "Players online.", labels=["server"])
    disk = GaugeMetricFamily("mcadmin_server_disk_usage_bytes", "What data/ holds.", labels=["server"])
    for name in names:
        counted[live.status(name).status] += 1
        up.add_metric([name], 1 if name in samples.servers else 0)
        if (online := live.count_players(name)) is not None:
            players.add_metric([name], online)
        if (measured := live.monitoring.disk.samples.get(name)) is not None:
            disk.add_metric([name], measured.used_bytes)
    by_status = GaugeMetricFamily("mcadmin_servers", "Servers by status.", labels=["status"])
    for status, number in counted.items():
        by_status.add_metric([status], number)
    yield from (by_status, up, players, disk)
    yield from _used({name: samples.servers[name] for name in names if name in samples.servers})
    took = GaugeMetricFamily("mcadmin_sampling_seconds", "How long the last round of the sampler took.")
    took.add_metric([], samples.took_s)
    yield took


def _used(samples: dict[str, ServerSample]) -> Iterator[Metric]:
    """Return what running servers use; a figure that is not known has no sample."""
    for kinds, make in ((_GAUGES, GaugeMetricFamily), (_COUNTERS, CounterMetricFamily)):
        for kind, (text, read) in kinds.items():
            family = make(f"mcadmin_server_{kind}", text, labels=["server"])
            for name, sample in samples.items():
                if (value := read(sample)) is not None:
                    family.add_metric([name], value)
            yield family


def _host() -> Iterator[Metric]:
    live = wiring.live()
    reachable = GaugeMetricFamily("mcadmin_engine_reachable", "1 while the Docker engine answers.")
    reachable.add_metric([], int(live.engine.snapshot.reachable))
    yield reachable
    sample = live.monitoring.sampler.samples.host
    if sample is None:
        return
    figures = sample.figures
    for name, text, value in (
        ("cpu_percent", "Processor use of the host, 0 to 100.", sample.cpu_percent),
        ("memory_used_bytes", "Memory in use on the host.", figures.ram_used_bytes),
        ("memory_bytes", "Memory of the host.", figures.ram_total_bytes),
        ("disk_used_bytes", "Used on the file system of the servers.", figures.disk_used_bytes),
        ("disk_bytes", "Size of the file system of the servers.", figures.disk_total_bytes),
    ):
        family = GaugeMetricFamily(f"mcadmin_host_{name}", text)
        family.add_metric([], value)
        yield family


def _operations() -> Iterator[Metric]:
    family = CounterMetricFamily(
        "mcadmin_operations", "Operations that have ended, by kind and result.", labels=["kind", "result"]
    )
    for kind, result, number in monitoring.count_operations():
        family.add_metric([kind, result], number)
    yield family


def _snapshots() -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "mcadmin_last_snapshot_age_seconds", "Age of a server's last good snapshot.", labels=["server"]
    )
    now = datetime.now(UTC)
    for name, at in list(backup_metrics.figures().last_snapshot_at.items())[:MAX_SERVERS]:
        family.add_metric([name], (now - at).total_seconds())
    yield family
