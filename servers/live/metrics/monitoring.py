"""What servers and the host use: the samplers, started and stopped together, and the reads of their figures."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from core.errors import Conflict, Unavailable
from servers.docker.cli import DockerCli, EngineUnreachable
from servers.docker.container import Container
from servers.live.catalog import Catalog
from servers.live.engine.engine_state import EngineSnapshot
from servers.live.engine.versions import Versions
from servers.live.list_feed import Item, ListFeed
from servers.live.metrics.container_metrics import ServerSample
from servers.live.metrics.disk_usage import DiskSample, DiskUsage
from servers.live.metrics.history import History, HistoryStore
from servers.live.metrics.sampler import HostSample, Sampler
from servers.minecraft.data_root import DataRoot
from servers.minecraft.instance import ServerNotRunning
from servers.minecraft.status import ANSWERING, MCServerStatus, Status

FIRST_SAMPLE_S = 3.0  # how long a call waits for the very first figures


class NoSampleYet(Conflict):
    """The server runs, but has just started: its figures come within seconds."""

    code = "no_sample_yet"


class NotMeasuredYet(Unavailable):
    """MC Admin has just started: the first figures come within seconds."""

    code = "no_sample_yet"


class Servers(Protocol):
    """What there is to watch: Services, or a part of it."""

    @property
    def catalog(self) -> Catalog: ...
    def game_status(self, game: str) -> Status: ...
    def container(self, game: str) -> Container | None: ...
    def count_players(self, server_id: str) -> int | None: ...
    def data_root(self, game: str) -> DataRoot: ...


class Monitoring:
    """Belongs to one loop; its reads are safe from any thread and never start a process."""

    def __init__(
        self, servers: Servers, server_path: Path, *, cli: DockerCli, history: HistoryStore | None = None
    ) -> None:
        """``history`` keeps figures beyond the last hour; without it they are forgotten."""
        self.sampler = Sampler(self._living, server_path)
        self.disk = DiskUsage(self._is_living, server_path, data_root=servers.data_root)
        self.versions = Versions(cli)
        self.history = History(players=servers.count_players, disk=self._used_bytes, store=history)
        self._servers = servers
        self._feed: ListFeed | None = None
        self.sampler.listen(self.history.add)
        self.sampler.listen(lambda _: self._hurry_feed())

    def start(self) -> None:
        """Start all samplers."""
        self.sampler.start()
        self.history.start()
        self.disk.start()
        self.versions.start()

    async def stop(self) -> None:
        """Stop all samplers."""
        await self.versions.stop()
        await self.disk.stop()
        await self.sampler.stop()
        await self.history.stop()

    def engine_changed(self, snapshot: EngineSnapshot) -> None:
        """Look at what has started; call it on the loop."""
        self.sampler.wake()
        self.versions.engine_changed(snapshot)
        self._hurry_feed()

    def feed(self, make: Callable[[], Sequence[Item]]) -> ListFeed:
        """Return the feed of the list of servers, which ``make`` makes; call it on the loop."""
        if self._feed is None:
            self._feed = ListFeed(make)
        return self._feed

    def sample(self, server_id: str) -> ServerSample:
        """Return what a running server uses, as last read.

        Raises:
            ServerNotFound, ServerNotRunning.
            EngineUnreachable: nobody knows whether it runs.
            NoSampleYet: it has just started.
        """
        self._servers.catalog.info(server_id)
        status = self._servers.game_status(server_id)
        if status.status is MCServerStatus.UNKNOWN:
            raise EngineUnreachable(status.reason or "The Docker engine cannot be reached.")
        if status.status not in ANSWERING:
            raise ServerNotRunning(f"{server_id} is {status.status}, so it uses nothing. Start it first.")
        sample = self.sampler.samples.servers.get(server_id)
        container = self._servers.container(server_id)
        if sample is None or container is None or sample.container_id != container.id:
            raise NoSampleYet(f"{server_id} has just started; its figures come within seconds. Ask again.")
        return sample

    def disk_usage(self, server_id: str) -> DiskSample:
        """Return how much a server's data holds, as last measured; only a server's first time is waited for.

        Raises:
            ServerNotFound.
            NotMeasuredYet: its data is so large that the first measurement takes longer.
        """
        self._servers.catalog.info(server_id)
        sample = self.disk.wanted(server_id, wait_s=FIRST_SAMPLE_S)
        if sample is None:
            raise NotMeasuredYet(f"The data of {server_id} is being measured for the first time. Ask again.")
        return sample

    def host(self) -> HostSample:
        """Return the host's figures, as last read; only the very first ones are waited for.

        Raises:
            NotMeasuredYet: they did not come in time.
        """
        sample = self.sampler.host(wait_s=FIRST_SAMPLE_S)
        if sample is None:
            raise NotMeasuredYet("MC Admin has just started; its first figures come within seconds. Ask again.")
        return sample

    def _living(self) -> dict[str, Container]:
        """Return the containers with a living process by the server they belong to."""
        found = {info.id: self._servers.container(info.id) for info in self._servers.catalog.all()}
        return {name: one for name, one in found.items() if one is not None and one.is_running and one.pid}

    def _hurry_feed(self) -> None:
        if self._feed is not None:
            self._feed.wake()

    def _used_bytes(self, server_id: str) -> int | None:
        sample = self.disk.samples.get(server_id)
        return sample.used_bytes if sample else None

    def _is_living(self) -> dict[str, bool]:
        living = self._living()
        return {name: name in living for name in self._servers.catalog.names()}
