"""Requests are carried out in turns: so many at once, no more of one address, and none whose client has left before.

It stands behind what reads the bodies of strangers: one who sends half a form must not keep a turn.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from core.connections import address_group, call_when_left
from core.turns import Turn, Turns
from web.client_address import of_scope
from web.middleware import problem
from web.streaming import CHANGES, App, Receive, Send, send_answer

logger = logging.getLogger(__name__)

# A page that restarts 50 servers and gives up after 30 s is welcome to do it twice.
AT_ONCE, CHANGES_OF_ONE, READS_OF_ONE = 256, 128, 64
WAIT_S = 30.0
RETRY_AFTER_S = "10"


class TakeTurns:
    """ASGI: lets each request wait for its turn; after WAIT_S it is refused.

    Changes and reads have turns apart: slow changes keep nobody from looking.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._changes = Turns(at_once=AT_ONCE, of_one_address=CHANGES_OF_ONE)
        self._reads = Turns(at_once=AT_ONCE, of_one_address=READS_OF_ONE)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        is_change = scope["method"] in CHANGES
        turn = (self._changes if is_change else self._reads).ask(address_group(of_scope(scope) or ""))
        call_when_left(scope, turn.leave)
        try:
            if not await self._comes(turn, send):
                return
            # A change may go on without its client, so its turn lasts as long as it does. A read that streams its
            # answer may take hours, and ends with its client: the place of its connection is what it costs.
            await self._app(scope, receive, send if is_change else _ending(turn.end, send))
        finally:
            turn.end()

    async def _comes(self, turn: Turn, send: Send) -> bool:
        try:
            async with asyncio.timeout(WAIT_S):
                return await turn.comes()
        except TimeoutError:
            logger.warning("A request of %s was refused: too many are under way", turn.address)
            sentence = f"Too many requests are under way, and none of them ended in {WAIT_S:g} s. Try again soon."
            answer = problem(503, "too_many_under_way", sentence)
            answer.headers["Retry-After"] = RETRY_AFTER_S
            await send_answer(answer, send)
            return False


def _ending(end: Callable[[], None], send: Send) -> Send:
    """Return a ``send`` that ends the turn when an answer turns out to be a long one."""

    async def sent(message: Any) -> None:
        if message.get("more_body", False):
            end()
        await send(message)

    return sent
