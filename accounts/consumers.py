"""Socket edge of the accounts app: a page that waits to be let in."""

import asyncio
from collections import Counter
from typing import Any, ClassVar

from accounts import wiring
from accounts.login_codes import LIFE_S, ROTATION_S
from accounts.permissions import AllowAnyone
from accounts.sockets import TOO_MANY, SocketConsumer

MAX_WAITING, MAX_WAITING_PER_ADDRESS = 100, 5


class LoginCodeConsumer(SocketConsumer):
    """/auth/code: a code now and every ROTATION_S, a token when somebody has verified one."""

    permission = AllowAnyone
    waiting: ClassVar[Counter[str]] = Counter()

    async def begin(self) -> None:
        if self.waiting.total() >= MAX_WAITING or self.waiting[self.address] >= MAX_WAITING_PER_ADDRESS:
            self.refuse(TOO_MANY, "Too many pages wait for a login code. Close one, or sign in by password.")
            return
        self.waiting[self.address] += 1
        self.at_end.callback(self._leave)
        self.showing = self.spawn(self._show())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:  # noqa: ARG002 - Channels' signature
        if text_data == "ping":
            await self.send(text_data="pong")

    async def code_verified(self, event: dict[str, Any]) -> None:
        """Hear of the view that took one of our codes."""
        self.showing.cancel()
        await self.say({"type": "verified", "access_token": event["access_token"]})

    async def _show(self) -> None:
        codes = wiring.login_codes()
        shown: list[str] = []
        try:
            while True:
                shown = [*shown[-1:], await asyncio.to_thread(codes.draw, self.channel_name)]
                await self.say({"type": "code", "code": shown[-1], "timeout": LIFE_S})
                await asyncio.sleep(ROTATION_S)
        finally:
            for code in shown:
                await asyncio.to_thread(codes.forget, code)

    def _leave(self) -> None:
        self.waiting[self.address] -= 1
        if not self.waiting[self.address]:
            del self.waiting[self.address]
