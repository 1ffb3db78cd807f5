"""What every socket stands on: how it is refused, and how it ends when a right is taken away.

Who opens it and who is admitted is asked of a subclass, ``accounts.sockets``: this floor knows no accounts.
"""

import asyncio
import json
import logging
from collections.abc import Coroutine
from contextlib import ExitStack, suppress
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from redis.exceptions import RedisError

from core.connections import address_group
from core.errors import AppError, NotFound
from core.tasks import cancel
from web import client_address

logger = logging.getLogger(__name__)

HOLD_S = 5.0  # the page reconnects at once when refused: holding it stops the storm
MAX_HELD, MAX_HELD_PER_ADDRESS = 20, 5
CHECK_S = 2.5  # with the 2 s that a user may be cached it stays below the 5 s promised
REJOIN_S = 3600.0  # a channel layer forgets after a day (group_expiry) who is in a group
FAREWELL_S = 2.0  # a client that reads nothing cannot put its end off
MAX_FRAME_BYTES = 32 * 1024
TOO_LARGE, BROKEN, RESTARTED = 1009, 1011, 1012
BAD_TOKEN, FORBIDDEN, NOT_FOUND, TOO_MANY = 4401, 4403, 4404, 4429
SIGN_IN = "Your sign-in is missing or no longer valid. Sign in again."

# What ASGI servers raise when the client has left. Uvicorn's RuntimeError: it closed by itself, at bytes that are no
# frame, and its `websocket.disconnect` has not reached us yet.
_GONE = (OSError, RuntimeError)

_held: dict[str, int] = {}


class SocketGone(Exception):
    """The socket is closed; whoever wanted to send stops. A task of ``spawn`` may let it pass."""


class Socket(AsyncWebsocketConsumer):
    """A socket that admits who is welcome, and whose tasks end with it, whatever ends it.

    ``identify``, ``refusal``, ``user_group`` and ``on_admitted`` are for the floor that knows users. A consumer
    writes ``begin``, which calls ``refuse`` or spawns its work; ``receive`` gets frames of at most MAX_FRAME_BYTES
    after ``begin`` has returned, and none once the socket was refused. Both must stay short: frames of one socket
    are handled one at a time. Queues and slow clients are the consumer's own concern; ``send_json`` waits while the
    client's buffer is full. What a task would clean up belongs into its ``finally``; what ``begin`` took, such as a
    place among so many, into ``at_end``: a task that ends before it began has no ``finally``.

    ``user`` is what ``identify`` found, ``address`` the client's address by ``trusted_proxies`` ("" for a Unix
    socket), ``counted_as`` what every limit of an address counts it as. When the user is no longer welcome, all tasks
    are cancelled and the socket closes with an ``error`` frame and 4401: at once by ``ask_again``, else by a check
    every CHECK_S.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user: Any = None
        self.address = self.counted_as = ""
        self.at_end = ExitStack()
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._groups: dict[str, float] = {}  # when they were joined last
        self._is_open = False  # accepted, not refused, not closed
        self._is_closed = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        except RedisError as error:
            logger.warning("A socket at %s ended: Redis: %s", scope.get("path", ""), type(error).__name__)
            await self.close(BROKEN)
        finally:
            self._is_open, self._is_closed = False, True
            try:
                await cancel(self._tasks)
            finally:  # the server itself may be cancelling us
                self.at_end.close()
            await self._leave_groups()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle one message of the client or the channel layer; that the client has left meanwhile is no failure."""
        with suppress(SocketGone):
            await super().dispatch(message)

    async def connect(self) -> None:
        """Accept, then tell apart who may stay: a browser learns nothing from a refused handshake."""
        self.address = client_address.of_scope(self.scope) or ""
        self.counted_as = address_group(self.address)
        self.user, subprotocol = await self.identify()
        await self.accept(subprotocol)
        if (why := self.refusal(self.user)) is not None:
            self.refuse(*((BAD_TOKEN, SIGN_IN) if self.user is None else _told(why)))
            return
        self._is_open = True
        await self.on_admitted()
        if (group := self.user_group()) is not None:
            await self.join(group)
        await self.begin()
        if self.user is not None and self._is_open:
            self.spawn(self._watch())

    async def identify(self) -> tuple[Any, str | None]:
        """Return who opens the socket (None for a stranger) and the subprotocol to accept (None for none).

        Asked again every CHECK_S: it returns None as soon as what the client showed no longer counts.
        """
        raise NotImplementedError

    def refusal(self, user: Any) -> AppError | None:
        """Return why ``user`` (None for a stranger) may not be here; None for who may."""
        raise NotImplementedError

    def user_renewed(self) -> None:
        """Hear that ``user`` was identified again, and is still welcome; their rights may be others."""

    def user_group(self) -> str | None:
        """Return the channel group that hears of changes of the user; None where nothing can change."""
        raise NotImplementedError

    async def on_admitted(self) -> None:
        """Do what is due once the user is known and admitted, before ``begin``."""

    async def begin(self) -> None:
        """Start the socket's work, or ``refuse``: the user is known and the socket accepted."""
        raise NotImplementedError

    async def join(self, group: str) -> None:
        """Hear what is sent to ``group`` until the socket ends, however long that is."""
        await self.channel_layer.group_add(group, self.channel_name)
        self._groups[group] = asyncio.get_running_loop().time()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run ``work`` until the socket ends; its failure is logged and closes the socket with 1011."""
        task = asyncio.create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # cancelled before it began: nobody has awaited it
        return task

    def refuse(self, code: int, message: str) -> None:
        """Say why in an ``error`` frame, hold the socket for HOLD_S if the caps allow it, then close it with ``code``.

        Returns at once. Frames that still come are dropped.
        """
        self._is_open = False
        self.spawn(self._refuse(code, message))

    def leave(self, code: int, message: str) -> None:
        """Stop all work, say why in an ``error`` frame and close with ``code``; returns at once."""
        self._is_open = False
        self.spawn(self._end(code, message))

    async def send_json(self, frame: dict[str, Any]) -> None:
        """Send ``frame`` as JSON text.

        Raises:
            SocketGone: the socket is closed.
        """
        await self.send(text_data=json.dumps(frame, ensure_ascii=False, default=str))

    async def send(self, text_data: str | None = None, bytes_data: bytes | None = None, close: bool = False) -> None:  # noqa: FBT001, FBT002 - Channels' signature
        """Send a frame.

        Raises:
            SocketGone: the socket is closed.
        """
        if self._is_closed:
            raise SocketGone
        try:
            await super().send(text_data, bytes_data, close)
        except _GONE:
            raise SocketGone from None

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close once; a second call does nothing."""
        if self._is_closed:
            return
        self._is_open, self._is_closed = False, True
        try:
            await super().close(code, reason)
        except _GONE:
            return

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """Pass a frame to ``receive`` unless it is too large (1009) or the socket is being refused."""
        frame = message.get("bytes") or (message.get("text") or "").encode()
        if len(frame) > MAX_FRAME_BYTES:
            await self.close(TOO_LARGE)
        elif self._is_open:
            await super().websocket_receive(message)

    def ask_again(self) -> None:
        """Check now, and not only after CHECK_S, whether the user is still welcome."""
        self._changed.set()

    async def _watch(self) -> None:
        """Ask again and again whether the user is still welcome."""
        while True:
            self._changed.clear()
            user, _ = await self.identify()
            if user is None:
                await self._end(BAD_TOKEN, SIGN_IN)
                return
            self.user = user
            if (why := self.refusal(user)) is not None:
                await self._end(*_told(why))
                return
            self.user_renewed()
            await self._rejoin()
            try:
                async with asyncio.timeout(CHECK_S):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _rejoin(self) -> None:
        last = asyncio.get_running_loop().time() - REJOIN_S
        for group in [group for group, at in self._groups.items() if at <= last]:
            with suppress(RedisError):  # tried again at the next check
                await self.join(group)

    async def _end(self, code: int, message: str) -> None:
        """Stop all work, say why, close."""
        self._is_open = False
        await cancel(self._tasks - {asyncio.current_task()})
        try:
            async with asyncio.timeout(FAREWELL_S):
                await self.send_json({"type": "error", "message": message})
        except (TimeoutError, SocketGone):
            pass
        await self.close(code)

    async def _refuse(self, code: int, message: str) -> None:
        await self.send_json({"type": "error", "message": message})
        if sum(_held.values()) < MAX_HELD and _held.get(self.counted_as, 0) < MAX_HELD_PER_ADDRESS:
            _held[self.counted_as] = _held.get(self.counted_as, 0) + 1
            try:
                await asyncio.sleep(HOLD_S)
            finally:
                _held[self.counted_as] -= 1
                if not _held[self.counted_as]:
                    del _held[self.counted_as]
        await self.close(code)

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except SocketGone:
            return
        except Exception:  # the main loop of a task: nobody awaits it
            logger.exception("A socket at %s failed.", self.scope.get("path", ""))
            await self.close(BROKEN)

    async def _leave_groups(self) -> None:
        for group in self._groups:
            with suppress(RedisError):  # it forgets the group by itself, in a day
                await self.channel_layer.group_discard(group, self.channel_name)


def _told(why: AppError) -> tuple[int, str]:
    return NOT_FOUND if isinstance(why, NotFound) else FORBIDDEN, str(why)
