"""The live console."""

import asyncio
import json
import time
from typing import Any
from urllib.parse import parse_qs

from accounts.permissions import IsSignedIn
from accounts.sockets import NOT_FOUND, TOO_MANY, SocketConsumer
from audit import recorder
from mcadmin.core.errors import AppError
from servers import records, wiring

MAX_VIEWERS = 30
COMMANDS_PER_S, COMMAND_BURST = 1.0, 10.0


class ConsoleConsumer(SocketConsumer):
    """/servers/{id}/console: log lines out, commands in."""

    permission = IsSignedIn
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

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:  # noqa: ARG002 - Channels' signature
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
            client_ip=self.address or None,
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
