"""Socket edge of the servers app: the live console, and an operation as it runs."""

import asyncio
import json
import time
import uuid
from typing import Any
from urllib.parse import parse_qs

from channels.generic.websocket import AsyncWebsocketConsumer

from accounts.permissions import IsSignedIn
from accounts.socket_auth import authenticate_socket
from audit import recorder
from mcadmin.core.errors import AppError
from mcadmin.core.tasks import cancel
from servers import progress, records, wiring
from servers.api.serializers import OperationSerializer

HOLD_S = 5.0  # the page reconnects at once when refused: holding it stops the storm
MAX_HELD, MAX_HELD_PER_ADDRESS = 20, 5
MAX_VIEWERS = 30
COMMANDS_PER_S, COMMAND_BURST = 1.0, 10.0
MAX_FRAME_BYTES = 32 * 1024
BAD_TOKEN, NOT_FOUND, TOO_MANY, TOO_LARGE = 4401, 4404, 4429, 1009

_held: dict[str, int] = {}


class SocketConsumer(AsyncWebsocketConsumer):
    """A signed-in socket whose tasks end with it, whatever ends it."""

    permission = IsSignedIn

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tasks: set[asyncio.Task[None]] = set()
        self.user: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await cancel(self.tasks)

    async def connect(self) -> None:
        self.user, subprotocol = await authenticate_socket(self.scope)
        await self.accept(subprotocol)
        if self.user is None or not self.permission.admits(self.user):
            self.refuse(BAD_TOKEN, "Your sign-in is missing or no longer valid. Sign in again.")
            return
        await self.begin()

    async def begin(self) -> None:
        """Do the socket's work: the user is known and the socket accepted."""
        raise NotImplementedError

    def refuse(self, code: int, message: str) -> None:
        """Say why, hold the socket for some seconds, then close it."""
        self.spawn(self._refuse(code, message))

    def spawn(self, work: Any) -> None:
        """Run ``work`` until the socket ends."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def say(self, frame: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(frame, ensure_ascii=False, default=str))

    async def _refuse(self, code: int, message: str) -> None:
        await self.say({"type": "error", "message": message})
        address = (self.scope.get("client") or ("",))[0]
        if sum(_held.values()) < MAX_HELD and _held.get(address, 0) < MAX_HELD_PER_ADDRESS:
            _held[address] = _held.get(address, 0) + 1
            try:
                await asyncio.sleep(HOLD_S)
            finally:
                _held[address] -= 1
                if not _held[address]:
                    del _held[address]
        await self.close(code)


class OperationConsumer(SocketConsumer):
    """/operations/{uuid}: what is printed so far and from now on, then the record."""

    async def begin(self) -> None:
        operation_id = self.scope["url_route"]["kwargs"]["id"]
        if await records.in_database(records.read_operation, operation_id) is None:
            self.refuse(NOT_FOUND, "There is no operation with this id.")
            return
        self.spawn(self._stream(operation_id))

    async def _stream(self, operation_id: uuid.UUID) -> None:
        seen = 0
        while (output := progress.running(operation_id)) is not None:
            seen, lines = await output.after(seen)
            if lines:
                await self.say({"type": "output", "content": "\n".join(lines) + "\n"})
        operation = await records.in_database(records.read_operation, operation_id)
        await self.say({"type": "operation", "operation": OperationSerializer(operation).data})
        await self.close(1000)


class ConsoleConsumer(SocketConsumer):
    """/servers/{id}/console: log lines out, commands in."""

    viewers: dict[str, int] = {}

    async def begin(self) -> None:
        self.server_id: str = self.scope["url_route"]["kwargs"]["id"]
        live = wiring.live()
        if not await asyncio.to_thread(live.catalog.exists, self.server_id):
            self.refuse(NOT_FOUND, f"The server {self.server_id!r} was not found.")
        elif self.viewers.get(self.server_id, 0) >= MAX_VIEWERS:
            self.refuse(TOO_MANY, f"{MAX_VIEWERS} consoles of this server are open already. Close one.")
        else:
            self.tokens, self.tokens_at = COMMAND_BURST, time.monotonic()
            self.view = live.console.view(self.server_id, filter_rcon=True, **self._resume())
            self.viewer: Any = None
            self.ready = asyncio.Event()
            self.spawn(self._stream())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if len(bytes_data or (text_data or "").encode()) > MAX_FRAME_BYTES:
            await self.close(TOO_LARGE)
            return
        if self.user is None or not hasattr(self, "ready"):
            return
        try:
            content = json.loads(text_data or "")
        except ValueError:
            await self.say({"type": "error", "message": "A message must be JSON text."})
            return
        await self.ready.wait()
        match content:
            case {"type": "command", "command": str(command)}:
                if command.strip():
                    await self._command(command.strip())
            case {"type": "command"}:
                await self.say({"type": "error", "message": "`command` must be a text."})
            case {"type": "set_filter", **rest}:
                self.viewer.filter_rcon = bool(rest.get("filter_rcon", True))
                self.viewer.push({"type": "filter_updated", "filter_rcon": self.viewer.filter_rcon})
            case {"type": "refresh_logs"}:
                self.viewer.push(await self.viewer.refresh())
            case {"type": _}:
                pass  # a newer page may say things that we do not know
            case _:
                await self.say({"type": "error", "message": "A message must be an object with a `type`."})

    async def _stream(self) -> None:
        ConsoleConsumer.viewers[self.server_id] = self.viewers.get(self.server_id, 0) + 1
        try:
            async with self.view as viewer:
                self.viewer = viewer
                self.ready.set()
                async for frame in viewer:
                    await self.say(frame)
        finally:
            self.viewers[self.server_id] -= 1

    async def _command(self, command: str) -> None:
        if not self._may_command():
            message = "Too many commands: at most one a second. This one was not run."
            await self.say({"type": "error", "message": message})
            return
        self.spawn(self._run(command))

    async def _run(self, command: str) -> None:
        live = wiring.live()
        try:
            result = await live.command(self.server_id, command)
        except AppError as error:
            await self._record(command, success=False)
            self.viewer.push({"type": "error", "message": str(error)})
            return
        await self._record(command, success=True)
        echo = {"type": "command", "username": self.user.username, "command": command}
        live.console.broadcast(self.server_id, echo, except_viewer=self.viewer)
        self.viewer.push({"type": "command_result", "command": command, "result": result})

    async def _record(self, command: str, *, success: bool) -> None:
        await records.in_database(
            recorder.record_command,
            user=self.user,
            server_id=self.server_id,
            command=command,
            client_ip=(self.scope.get("client") or (None,))[0],
            success=success,
        )

    def _may_command(self) -> bool:
        now = time.monotonic()
        self.tokens = min(COMMAND_BURST, self.tokens + (now - self.tokens_at) * COMMANDS_PER_S)
        self.tokens_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def _resume(self) -> dict[str, Any]:
        query = parse_qs(self.scope["query_string"].decode(errors="replace"))
        after = query.get("after", [""])[0]
        return {"after": int(after) if after.isdigit() else None, "epoch": query.get("epoch", [None])[0]}
