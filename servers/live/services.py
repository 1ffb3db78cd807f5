"""Everything that lives as long as the process, started and stopped together on one loop."""

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from core.tasks import start
from servers.docker.cli import DockerCli, EngineUnreachable
from servers.docker.compose_file.document import project_name
from servers.docker.container import Container, State
from servers.docker.engine import DockerManager
from servers.live.catalog import Catalog
from servers.live.console.hub import ConsoleHub
from servers.live.engine.container_notes import NoteStore
from servers.live.engine.engine_state import EngineSnapshot, EngineState
from servers.live.engine.failure_output import FailureOutput
from servers.live.engine.known_volumes import VolumeTable
from servers.live.engine.sleeping_games import SleepingGames
from servers.live.metrics.history import HistoryStore
from servers.live.metrics.monitoring import Monitoring
from servers.live.rcon.game_commands import run_command, wake_with_command
from servers.live.rcon.players import PlayerSampler, PlayersSample
from servers.live.rcon.rcon_pool import RconPool
from servers.live.rendered_files import RenderedFiles
from servers.minecraft import status_reason
from servers.minecraft.compose.derivations import Edition, edition_of
from servers.minecraft.data_root import DataRoot, locate, mount_of_container
from servers.minecraft.game_names import GameName, choose_game, game_name, split_game
from servers.minecraft.instance import MCInstance, ServerNotFound, ServerNotRunning
from servers.minecraft.manager import DockerMCManager
from servers.minecraft.players import names_of_players
from servers.minecraft.rcon.client import RconUnavailable, validate_command
from servers.minecraft.server_info import ServerInfo, data_problems
from servers.minecraft.server_ping import ServerPing
from servers.minecraft.status import ANSWERING, MCServerStatus, Status, choose_container, status_of, worst_status


@dataclass(frozen=True, slots=True)
class Stores:
    """Where what was seen is kept across a restart."""

    notes: NoteStore | None = None
    history: HistoryStore | None = None


class Services:
    """The live half of the servers app. ``status`` and the other reads are safe from any thread."""

    def __init__(
        self,
        server_path: Path,
        *,
        manager: DockerMCManager,
        cli: DockerCli,
        allowed_images: Sequence[str],
        stores: Stores | None = None,
    ) -> None:
        """Build everything; without ``stores`` nothing outlives the process."""
        stores = stores or Stores()
        self.manager = manager
        self.rendered = RenderedFiles(manager)
        self.catalog = Catalog(manager, allowed_images, rendered=self.rendered)
        self.engine = EngineState(DockerManager(cli), stores.notes)
        self.volumes = VolumeTable(DockerManager(cli), self._volumes_of_files)
        self.console = ConsoleHub(server_path, cli=cli, container=self._container_or_none, data_root=self.data_root)
        self.failure_output = FailureOutput(cli)
        self.rcon = RconPool()
        self.sleeping = SleepingGames(self.container, self.data_root)
        self.players_sampler = PlayerSampler(
            self._list_players, self.ping, self._may_be_played, is_asleep=self.sleeping.is_asleep,
            known_names=lambda name: names_of_players(self.data_root(name)),
        )
        self.monitoring = Monitoring(self, server_path, cli=cli, history=stores.history)
        self._server_path = server_path
        self._real_paths: dict[Path, Path] = {}
        self._by_server: tuple[EngineSnapshot | None, Mapping[Path, list[Container]]] = (None, {})
        self._by_name: tuple[EngineSnapshot | None, Mapping[str, Container]] = (None, {})
        self._running = False
        self._listens = False

    async def start(self) -> None:
        """Start everything; an absent engine is no obstacle."""
        if self._running:
            return
        self._running = True
        if not self._listens:  # a supervisor starts again whenever it leads again
            self._listens = True
            self.engine.listen(self._engine_changed)
            self.engine.listen(self.failure_output.listen)
            self.engine.listen(self.volumes.engine_changed)
        self.rendered.start()
        self.engine.start()
        self.volumes.start()
        self.players_sampler.start()
        self.monitoring.start()

    async def stop(self) -> None:
        """Stop everything, in the reverse order."""
        if not self._running:
            return
        self._running = False
        await self.monitoring.stop()
        await self.players_sampler.stop()
        await self.volumes.stop()
        await self.engine.stop()
        await self.rendered.stop()
        await self.failure_output.stop()
        await self.console.close()
        await self.rcon.close()

    def status(self, server_id: str) -> Status:
        """Return a server's status from memory: no process, no database. Of several games, the worst one's counts."""
        if not self.catalog.exists(server_id):
            return Status(MCServerStatus.REMOVED)
        others = self.other_games(server_id)
        return worst_status(self.game_status(server_id), {one: self.game_status(one) for one in others})

    def game_status(self, game: GameName) -> Status:
        """Return the status of one game; raises ServerNotFound."""
        snapshot = self.engine.snapshot
        container = self.container(game)
        known = status_of(container, note=snapshot.notes.get(container.id) if container else None)
        doubt = snapshot.doubt(container)
        if doubt is None:
            if known.status in ANSWERING and self.sleeping.was_asleep(game):
                return replace(known, why=status_reason.asleep(known.why))
            words = self.failure_output.last_line(container) if container else None
            return replace(known, why=known.why.and_also(words)) if words and known.why else known
        return Status(
            MCServerStatus.UNKNOWN, doubt.why, doubt.since, known.exit_code, known.oom_killed,
            last_status=known.status,
        )

    def game(self, server_id: str, service: str) -> GameName:
        """Return the game of a server that somebody asks for, "" for its main one; raises GameNotFound."""
        info = self.catalog.info(server_id)
        return choose_game(server_id, service, main=info.service, games=info.games)

    def other_games(self, server_id: str) -> list[GameName]:
        """Return the games of a server besides its main one."""
        info = self.catalog.info(server_id)
        return [game_name(server_id, one) for one in info.games if one != info.service]

    def container(self, game: GameName) -> Container | None:
        """Return the container of a game as last seen, or None; raises ServerNotFound."""
        server_id, service = split_game(game)
        info = self.catalog.info(server_id)
        directory = self._root / server_id
        if info.is_link:  # Compose may have been called by either name
            directory = self._real(directory)
        candidates = self._candidates(directory)
        return choose_container(
            candidates, directory=directory, service=service or info.service, server_id=server_id
        )

    def data_root(self, game: GameName) -> DataRoot:
        """Return where a game has its files, from memory; raises ServerNotFound."""
        server_id, service = split_game(game)
        info = self.catalog.info(server_id)
        container = self.container(game)
        mount = info.mount_of(service) if container is None else mount_of_container(container)
        project = project_name(server_id) if container is None else None
        known = self.volumes.known
        if mount is not None and mount.name and mount.name not in known.asked:
            self.volumes.ask_soon()
        return locate(mount, server_path=self._server_path, server_id=server_id, volumes=known, project=project)

    def problems(self, info: ServerInfo) -> list[str]:
        """Say what hinders the panel with a server: its file, or where its games have their files. From memory."""
        own = [info.problem] if info.problem else []
        return own + data_problems(info, lambda service: self.data_root(game_name(info.id, service)))

    def _volumes_of_files(self) -> list[str]:
        mounts = [one.mount_of(game) for one in self.catalog.all() for game in ("", *one.games)]
        return [one.name for one in mounts if one is not None and one.name]

    def foreign(self, server_id: str) -> Container | None:
        """Return a container that has this server's name and was not made from its directory, or None."""
        one = self._named().get(f"mc-{server_id}")
        if one is None:
            return None
        directory = self._root / server_id
        made_from = self._real(one.working_dir) if one.working_dir is not None else None
        return None if made_from in {directory, self._real(directory)} else one

    def _container_or_none(self, game: GameName) -> Container | None:
        try:
            return self.container(game)
        except ServerNotFound:
            return None

    def players(self, game: GameName) -> PlayersSample:
        """Return who is online, as last sampled."""
        return self.players_sampler.read(game, now=time.monotonic())

    def count_players(self, server_id: str) -> int | None:
        """Return how many are online as last sampled, None when not known; asking for it makes nobody hurry."""
        sample = self.players_sampler.peek(server_id)
        return None if sample is None else len(sample.online)

    async def command(self, game: GameName, command: str) -> str:
        """Run one command in a game over its kept RCON connection; by ``rcon-cli`` where there is none.

        Raises:
            ServerNotRunning: no container runs, or the game does not answer yet.
            InvalidRequest, ServerNotFound; and what ``run_command`` raises.
        """
        text = validate_command(command)
        status, container, data_root = await asyncio.to_thread(
            lambda: (self.game_status(game), self.container(game), self.data_root(game))
        )
        if status.status is MCServerStatus.UNKNOWN:
            raise EngineUnreachable(status.reason or "The Docker engine cannot be reached.")
        if status.status not in ANSWERING:
            raise ServerNotRunning(f"{game} is not running ({status.status}). Start it first.")
        instance = self._instance(game)
        addresses = partial(instance.rcon_addresses, container=container, data_root=data_root)
        if await asyncio.to_thread(self.sleeping.is_asleep, game):
            return await wake_with_command(self.rcon, game, text, addresses=addresses)
        return await run_command(self.rcon, instance, text, status=status, addresses=addresses)

    async def _list_players(self, game: GameName) -> str:
        """Ask a game who is on; raises RconUnavailable for what has no such command."""
        container = await asyncio.to_thread(self.container, game)
        if container is not None and edition_of(container.image, container.environment) is not Edition.JAVA:
            raise RconUnavailable(f"{game} has no command that lists its players.")
        return await self.command(game, "list")

    async def ping(self, game: GameName) -> ServerPing:
        """Ask a running game what it tells to players' server lists.

        Raises:
            PingFailed, ServerNotRunning, ServerNotFound.
        """
        container = await asyncio.to_thread(self.container, game)
        return await self._instance(game).ping(container=container)

    def _instance(self, game: GameName) -> MCInstance:
        server_id, service = split_game(game)
        return self.manager.get_instance(server_id).game(service)

    def _engine_changed(self, snapshot: EngineSnapshot) -> None:
        self.players_sampler.wake()
        self.console.engine_changed()
        self.monitoring.engine_changed(snapshot)
        if self.rcon.kept:
            start(self._drop_ended())

    async def _drop_ended(self) -> None:
        """Close the RCON connections of servers that do not run any more; without the engine nobody knows."""
        for game in self.rcon.kept:
            try:
                status = (await asyncio.to_thread(self.game_status, game)).status
            except ServerNotFound:
                status = MCServerStatus.REMOVED
            if status not in ANSWERING and status is not MCServerStatus.UNKNOWN:
                await self.rcon.drop(game)

    @cached_property
    def _root(self) -> Path:
        return Path(os.path.realpath(self._server_path))

    def may_have_players(self, game: GameName) -> bool:
        """Tell whether players can be on: it is healthy, or runs and only its health check says otherwise."""
        try:
            status = self.game_status(game).status
            container = self.container(game)
        except ServerNotFound:
            return False
        if status is not MCServerStatus.RUNNING:
            return status is MCServerStatus.HEALTHY
        return container is not None and container.state is State.RUNNING

    def _may_be_played(self) -> list[GameName]:
        games = [one for name in self.catalog.names() for one in (name, *self.other_games(name))]
        return [one for one in games if self.may_have_players(one)]

    def _named(self) -> Mapping[str, Container]:
        snapshot = self.engine.snapshot
        if self._by_name[0] is not snapshot:
            self._by_name = (snapshot, {one.name: one for one in snapshot.containers.values()})
        return self._by_name[1]

    def _candidates(self, directory: Path) -> list[Container]:
        snapshot = self.engine.snapshot
        if self._by_server[0] is not snapshot:
            self._by_server = (snapshot, self._group(snapshot))
        return self._by_server[1].get(directory, [])

    def _group(self, snapshot: EngineSnapshot) -> dict[Path, list[Container]]:
        """Sort the containers by the server directory they belong to, once a snapshot."""
        groups: dict[Path, list[Container]] = {}
        used = {one.working_dir for one in snapshot.containers.values() if one.working_dir is not None}
        self._real_paths = {path: self._real(path) for path in used}  # swapped whole: other threads read it
        for one in snapshot.containers.values():
            if one.working_dir is None:
                directory = self._root / one.name.removeprefix("mc-")
            else:
                directory = self._real(one.working_dir)
            groups.setdefault(directory, []).append(one)
        return groups

    def _real(self, path: Path) -> Path:
        return self._real_paths.get(path) or Path(os.path.realpath(path))
