"""The live console. Its protocol is written down in docs/console.md."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from redis.exceptions import RedisError

from accounts.permissions import of_socket
from accounts.rights import judge
from accounts.sockets import SocketConsumer
from audit import recorder
from core import tasks
from core.errors import AppError, InvalidRequest, NotFound
from servers import wiring
from servers.live.console.hub import Source
from servers.live.console.viewer import Viewer
from servers.records import operation_rows
from web.rate_limit import FairPlaces, TokenBucket
from web.sockets import NOT_FOUND, RESTARTED

logger = logging.getLogger(__name__)

MAX_VIEWERS, MAX_VIEWERS_PER_ADDRESS = 30, 100
COMMANDS_PER_S, COMMAND_BURST = 1.0, 10.0
MAX_WAITING = 100  # frames, before the first lines
FRAMES_PER_S, FRAME_BURST = 20.0, 60.0  # a page sends few; a refresh is answered with a megabyte

_of_server, _of_address = FairPlaces(MAX_VIEWERS), FairPlaces(MAX_VIEWERS_PER_ADDRESS)


def group_of(game: str) -> str:
    """Return the channel group of all the viewers of a game, ``<server>`` or ``<server>:<service>``.

    A digest: names take few characters and 99 of them, and no two games may share one.
    """
    return f"console.{hashlib.sha256(game.encode()).hexdigest()}"


class Place(NamedTuple):
    """Which lines a client wants, and which of them it has."""

    source: Source
    after: int | None
    epoch: str | None


class ConsoleConsumer(SocketConsumer):
    """/servers/{id}/console: lines out, commands in."""

    permission = of_socket("/servers/{id}/console")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.viewer: Viewer | None = None

    async def begin(self) -> None:
        self.server_id: str = self.scope["url_route"]["kwargs"]["id"]
        query = parse_qs(self.scope["query_string"].decode(errors="replace"))
        try:
            service = query.get("service", [""])[0]
            self.game = await asyncio.to_thread(wiring.live().game, self.server_id, service)
        except NotFound as error:
            self.refuse(NOT_FOUND, str(error))
            return
        if not self.takes_place(_of_address, self.counted_as, of_what="consoles of your address"):
            return
        if not self.takes_place(_of_server, self.server_id, of_what="consoles of this server"):
            return
        self._others = group_of(self.game)
        await self.join(self._others)
        self.commands = TokenBucket(per_s=COMMANDS_PER_S, burst=COMMAND_BURST)
        self.frames = TokenBucket(per_s=FRAMES_PER_S, burst=FRAME_BURST)
        self.ready = asyncio.Event()
        self._asked: asyncio.Queue[Any] = asyncio.Queue(MAX_WAITING)
        self.spawn(self._obey_in_turn())
        streaming = self.spawn(self._stream(_place({key: values[0] for key, values in query.items()})))
        streaming.add_done_callback(lambda _: self.ready.set())  # also when it ended before there was a viewer

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:  # noqa: ARG002 - Channels' signature
        if not self.frames.take():
            self._ask(InvalidRequest("Too many messages: this one was dropped."))
            return
        try:
            content = json.loads(text_data or "")
        except (ValueError, RecursionError):
            self._ask(InvalidRequest("A message must be JSON text."))
            return
        match content:
            case {"type": "command", "command": str(command)}:  # at once: it is run even if the page leaves now
                if command.strip():
                    self._take_command(command.strip())
            case _:
                self._ask(content)

    def _ask(self, content: Any) -> None:
        """Have a frame obeyed, or an error told, in its turn: lines may be long in coming, and a page must get away."""
        with suppress(asyncio.QueueFull):  # nobody hears the errors of a view that does not begin
            self._asked.put_nowait(content)

    async def _obey_in_turn(self) -> None:
        await self.ready.wait()
        while self.viewer is not None:
            content = await self._asked.get()
            try:
                await self._obey(content, self.viewer)
            except AppError as error:
                self._complain(str(error))

    async def console_command(self, event: dict[str, Any]) -> None:
        """Hear of a command that a viewer of the server has run."""
        if self.viewer is not None and event["sender"] != self.channel_name:
            self.viewer.push({"type": "command", "username": event["username"], "command": event["command"]})

    async def _obey(self, content: Any, viewer: Viewer) -> None:
        """Do what one frame asks."""
        match content:
            case AppError():
                raise content
            case {"type": "command"}:
                raise InvalidRequest("`command` must be a text.")
            case {"type": "set_filter", **rest}:
                viewer.filter_rcon = bool(rest.get("filter_rcon", True))
                viewer.push({"type": "filter_updated", "filter_rcon": viewer.filter_rcon})
            case {"type": "refresh_logs"}:
                await viewer.refresh()
            case {"type": "source", **rest}:
                place = _place(rest)
                await wiring.live().console.turn(
                    viewer, self.game, place.source, after=place.after, epoch=place.epoch
                )
            case {"type": _}:
                pass  # a newer page may say things that we do not know
            case _:
                raise InvalidRequest("A message must be an object with a `type`.")

    async def _stream(self, place: Place) -> None:
        view = wiring.live().console.view(
            self.game, source=place.source, filter_rcon=True, after=place.after, epoch=place.epoch
        )
        async with view as viewer:
            self.viewer = viewer
            self.ready.set()
            async for frame in viewer:
                await self.send_json(frame)
        await self.close(RESTARTED)  # its lines are no longer read: the panel ends, or the server is another one

    def _take_command(self, command: str) -> None:
        try:
            judge.require_command(self.user, self.server_id, command)
        except AppError as error:
            self._ask(error)
            return
        if self.commands.take():
            running = tasks.start(self._execute(command))  # no task of the socket: it is written down in any case
            running.add_done_callback(tasks.report)
            self.spawn(self._answer(running, command))
        else:
            self._ask(InvalidRequest("Too many commands: at most one a second. This one was not run."))

    async def _answer(self, running: asyncio.Task[tuple[bool, str]], command: str) -> None:
        success, said = await asyncio.shield(running)
        await self.ready.wait()
        if not success:
            self._complain(said)
        elif self.viewer is not None:
            self.viewer.push({"type": "command_result", "command": command, "result": said})

    async def _execute(self, command: str) -> tuple[bool, str]:
        """Run a command and write it down; return whether it ran, and its answer or why it did not."""
        success = False
        try:
            result = await wiring.live().command(self.game, command)
            success = True
        except AppError as error:
            return False, str(error)
        finally:
            await self._record(command, success=success)
        await self._show_others(command)
        return True, result

    async def _show_others(self, command: str) -> None:
        """Tell the other viewers, by the channel layer: they may be with another process."""
        echo = {"username": self.user.username, "command": command, "sender": self.channel_name}
        try:
            await self.channel_layer.group_send(self._others, {"type": "console.command", **echo})
        except RedisError as error:
            logger.warning("Other viewers do not see a command: Redis: %s", type(error).__name__)

    def _complain(self, message: str) -> None:
        """Tell the client of an error that leaves everything else as it is."""
        if self.viewer is not None:
            self.viewer.push({"type": "error", "message": message})

    async def _record(self, command: str, *, success: bool) -> None:
        await operation_rows.in_database(
            recorder.record_command,
            user=self.user,
            server_id=self.server_id,
            command=command,
            client_ip=self.address or None,
            success=success,
        )


def _place(wanted: Mapping[Any, Any]) -> Place:
    """Read ``source``, ``after`` and ``epoch`` of a query or a frame; what is no place is none."""
    source, after, epoch = wanted.get("source"), wanted.get("after"), wanted.get("epoch")
    number = str(after) if isinstance(after, int | str) and not isinstance(after, bool) else ""
    return Place(
        Source.CONTAINER if source == Source.CONTAINER else Source.LOG,
        int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else None,
        epoch if isinstance(epoch, str) else None,
    )
