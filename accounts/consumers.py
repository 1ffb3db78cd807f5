"""Socket edge of the accounts app: a page that waits to be let in."""

import asyncio
from collections import Counter
from typing import Any, ClassVar

from accounts import wiring
from accounts.login_codes import LIFE_S, ROTATION_S
from accounts.permissions import AllowAnyone
from accounts.sockets import TOO_MANY, SocketConsumer
from mcadmin.core.connections import address_group

MAX_WAITING, MAX_WAITING_PER_ADDRESS = 100, 5
_CROWDED = "Too many pages wait for a login code. Close one, or sign in by password."


class LoginCodeConsumer(SocketConsumer):
    """/auth/code: a code now and every ROTATION_S, a token when somebody has verified one."""

    permission = AllowAnyone
    waiting: ClassVar[dict["LoginCodeConsumer", str]] = {}  # each with whose it counts as, in the order of arrival

    async def begin(self) -> None:
        mine = address_group(self.address)
        counted = Counter(self.waiting.values())
        is_full = len(self.waiting) >= MAX_WAITING and not self._make_room(counted, mine)
        if is_full or counted[mine] >= MAX_WAITING_PER_ADDRESS:
            self.refuse(TOO_MANY, _CROWDED)
            return
        self.waiting[self] = mine
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

    def _make_room(self, counted: Counter[str], mine: str) -> bool:
        """Let the oldest page of the address that has most go, if that is more than ours would then have."""
        address, pages = counted.most_common(1)[0]
        if pages <= counted[mine] + 1:
            return False
        oldest = next(page for page, whose in self.waiting.items() if whose == address)
        oldest._leave()  # noqa: SLF001 - one of us
        oldest.showing.cancel()
        oldest.refuse(TOO_MANY, _CROWDED)
        return True

    def _leave(self) -> None:
        self.waiting.pop(self, None)
