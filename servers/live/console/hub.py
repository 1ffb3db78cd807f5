"""The consoles of all servers: one reader a server and source, any number of viewers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path

from core.tasks import cancel, start
from servers.docker.cli import DockerCli
from servers.docker.container import Container
from servers.live.console.container_source import ContainerSource
from servers.live.console.line_source import LogFileSource
from servers.live.console.log_watch import LogWatch
from servers.live.console.reader import ConsoleReader
from servers.live.console.viewer import Viewer
from servers.live.directory_identity import DirectoryHandle
from servers.minecraft.data_root import DataRoot
from servers.minecraft.game_names import GameName, split_game

logger = logging.getLogger(__name__)

LOOK_S = 1.0  # how soon the viewers of a server are told that another has its name
LINGER_S = 600.0  # a reader outlives its last viewer, so that a page that comes back misses nothing


class Source(StrEnum):
    """Where a viewer's lines come from."""

    LOG = "log"  # the game's own latest.log
    CONTAINER = "container"  # what the container prints: also before there is a log


class ConsoleHub:
    """Hands out viewers. Belongs to one loop; begins with the first viewer."""

    def __init__(
        self,
        server_path: Path,
        *,
        cli: DockerCli,
        container: Callable[[str], Container | None],
        data_root: Callable[[str], DataRoot],
        linger_s: float = LINGER_S,
    ) -> None:
        """``container`` and ``data_root`` tell a server's as last seen; they may block for a moment."""
        self._data_root = data_root
        self._server_path = server_path
        self._cli = cli
        self._container = container
        self._linger_s = linger_s
        self._readers: dict[tuple[str, Source], ConsoleReader] = {}
        self._watch = LogWatch()
        self._looking: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def view(
        self,
        game: GameName,
        *,
        source: Source = Source.LOG,
        filter_rcon: bool = True,
        after: int | None = None,
        epoch: str | None = None,
    ) -> AsyncIterator[Viewer]:
        """Look at a game's lines: from the tail, or from what was missed after line ``after`` of ``epoch``.

        The caller knows that the server exists. A log that is not there yet is followed when it appears. The viewer
        ends when the server is another one with the same id.
        """
        await self._retire_others(list(self._of(game).values()))
        reader = self._reader(game, source)
        viewer = Viewer(reader, filter_rcon=filter_rcon)
        reader.join(viewer)
        try:
            await viewer.look(reader, after=after, epoch=epoch)
            yield viewer
        finally:
            viewer.end()
            self._leave(game, viewer)

    async def turn(
        self, viewer: Viewer, game: GameName, source: Source, *, after: int | None = None, epoch: str | None = None
    ) -> None:
        """Have a viewer of ``game`` look at another source: ``source_changed`` comes first, then its lines.

        Nothing happens for a viewer that has ended: a frame may come before its connection's end and be read behind it.
        """
        await self._retire_others(list(self._of(game).values()))
        if viewer.is_ended:
            return
        reader = self._reader(game, source)
        reader.join(viewer)
        try:
            await viewer.look(
                reader, after=after, epoch=epoch, greeting={"type": "source_changed", "source": source.value}
            )
        finally:
            self._leave(game, viewer, but=None if viewer.is_ended else viewer.feed)

    def engine_changed(self) -> None:
        """Look again which containers there are."""
        for reader in self._readers.values():
            if isinstance(reader.source, ContainerSource):
                reader.source.look()

    async def close(self) -> None:
        """End all readers and viewers."""
        readers, self._readers = list(self._readers.values()), {}
        looking, self._looking = self._looking, None
        await cancel([looking] if looking is not None else [])
        await asyncio.gather(*(reader.stop() for reader in readers))
        watch, self._watch = self._watch, LogWatch()
        await asyncio.to_thread(watch.close)

    def _of(self, game: GameName) -> dict[Source, ConsoleReader]:
        return {source: reader for (name, source), reader in self._readers.items() if name == game}

    def _reader(self, game: GameName, source: Source) -> ConsoleReader:
        """Return the reader, started if there is none."""
        key = (game, source)
        reader = self._readers.get(key)
        if reader is None:
            home = DirectoryHandle(self._server_path / split_game(game)[0])
            reader = self._readers[key] = ConsoleReader(self._lines(game, source), name=game, home=home)
            if self._looking is None:
                self._looking = asyncio.create_task(self._look(), name="consoles of servers made anew")
        return reader

    async def _look(self) -> None:
        """End the readers of servers that were removed and made anew, for as long as there are readers."""
        while self._readers:
            try:
                await self._retire_others(list(self._readers.values()))
            except Exception:  # the loop must live
                logger.exception("looking for servers that were made anew failed")
            await asyncio.sleep(LOOK_S)
        self._looking = None

    async def _retire_others(self, readers: list[ConsoleReader]) -> None:
        """End those of ``readers`` whose directory is another one now: what comes are another server's lines."""
        retired = await asyncio.to_thread(lambda: [one for one in readers if one.home.was_replaced()])
        for reader in retired:
            for key in [key for key, one in self._readers.items() if one is reader]:
                del self._readers[key]
                start(reader.stop())

    def _lines(self, game: GameName, source: Source) -> ContainerSource | LogFileSource:
        if source is Source.CONTAINER:
            return ContainerSource(self._cli, lambda: self._container(game), name=game)
        return LogFileSource(lambda: self._data_root(game).hold(), self._watch)

    def _leave(self, game: GameName, viewer: Viewer, *, but: object = None) -> None:
        """Take ``viewer`` from every reader of the server but one; a reader without viewers ends after a while."""
        for source, reader in self._of(game).items():
            if viewer not in reader.viewers or reader is but:
                continue
            reader.viewers.discard(viewer)
            if not reader.viewers:
                loop = asyncio.get_running_loop()
                reader.expiry = loop.call_later(self._linger_s, self._expire, (game, source), reader)

    def _expire(self, key: tuple[str, Source], reader: ConsoleReader) -> None:
        if self._readers.get(key) is reader:
            del self._readers[key]
            start(reader.stop())
