"""Socket edge of the accounts app: a page that waits to be let in."""

import asyncio
import time
from collections import Counter
from typing import Any, ClassVar

from channels.db import database_sync_to_async
from django.db import Error as DatabaseError

from accounts import known_addresses, wiring
from accounts.login_codes import LIFE_S, ROTATION_S
from accounts.models import User
from accounts.permissions import of_socket
from accounts.sockets import SocketConsumer
from web.sockets import TOO_MANY

MAX_WAITING, MAX_WAITING_PER_ADDRESS = 100, 5
KEPT_BACK = 20  # of MAX_WAITING, for addresses that somebody signed in from lately
LEAST_S = LIFE_S  # so long a page waits before another stranger takes its place
_CROWDED = "Too many pages wait for a login code. Close one, or sign in by password."


class LoginCodeConsumer(SocketConsumer):
    """/auth/code: a code now and every ROTATION_S, a token when somebody has verified one.

    Places are few, and anybody may take one. So a crowd of strangers only pushes out strangers: the address with most
    pages first, then who waits longest. From an address that somebody signed in from lately, one always gets in.
    """

    permission = of_socket("/auth/code")
    waiting: ClassVar[dict["LoginCodeConsumer", str]] = {}  # each with whose it counts as, in the order of arrival

    async def begin(self) -> None:
        mine = self.counted_as
        self.is_known = await _is_known(mine)
        if not self._has_place(mine):
            self.refuse(TOO_MANY, _CROWDED)
            return
        self.waiting[self] = mine
        self.since = time.monotonic()
        self.at_end.callback(self._leave)
        self.showing = self.spawn(self._show())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:  # noqa: ARG002 - Channels' signature
        if text_data == "ping":
            await self.send(text_data="pong")

    async def code_verified(self, event: dict[str, Any]) -> None:
        """Hear of the view that took one of our codes."""
        self.showing.cancel()
        await self.send_json({"type": "verified", "access_token": event["access_token"]})
        await database_sync_to_async(_remember)(event["user_id"], self.counted_as)

    async def _show(self) -> None:
        codes = wiring.login_codes()
        shown: list[str] = []
        try:
            while True:
                shown = [*shown[-1:], await asyncio.to_thread(codes.issue, self.channel_name)]
                await self.send_json({"type": "code", "code": shown[-1], "timeout": LIFE_S})
                await asyncio.sleep(ROTATION_S)
        finally:
            for code in shown:
                await asyncio.to_thread(codes.forget, code)

    def _has_place(self, mine: str) -> bool:
        """Tell whether there is a place for one more page of the address; if not, try to make one."""
        own = sum(whose == mine for whose in self.waiting.values())
        if own >= MAX_WAITING_PER_ADDRESS:
            return False
        if len(self.waiting) < MAX_WAITING - (0 if self.is_known else KEPT_BACK):
            return True
        page = self._dispensable(own)
        if page is None:
            return False
        page._leave()  # noqa: SLF001 - one of us
        page.showing.cancel()
        page.refuse(TOO_MANY, _CROWDED)
        return True

    def _dispensable(self, own: int) -> "LoginCodeConsumer | None":
        """Return the page that has to go for ours, an address that has ``own``; None if all have a better right."""
        strangers = [page for page in self.waiting if not page.is_known]
        pages = strangers if strangers or not self.is_known else list(self.waiting)
        if not pages:
            return None
        address, most = Counter(self.waiting[page] for page in pages).most_common(1)[0]
        if most > own + 1 or (self.is_known and strangers):
            return next(page for page in pages if self.waiting[page] == address)
        oldest = pages[0]
        return oldest if not self.is_known and time.monotonic() - oldest.since >= LEAST_S else None

    def _leave(self) -> None:
        self.waiting.pop(self, None)


async def _is_known(address: str) -> bool:
    try:
        is_known: bool = await database_sync_to_async(known_addresses.is_known)(address)
    except DatabaseError:  # a code can be shown without it
        return False
    return is_known


def _remember(user_id: int, address: str) -> None:
    user = User.objects.filter(pk=user_id).first()
    if user is not None:
        known_addresses.remember(user, address)
