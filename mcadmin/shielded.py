"""Changes run to their end, whether or not the client stays for the answer.

Django ends the request of a client that closes its connection: the coroutine is cancelled, the thread of a sync view
works on, and every middleware outside of the view, the audit among them, never learns how it went. Daphne cancels
the whole application besides. ``ShieldChanges`` hides both from a request that may change something. How many go on so
at once mcadmin/turn_taking.py decides.
"""

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any

from core import tasks
from web.middleware import problem
from web.streaming import CHANGES, App, Receive, Send, send_answer

_DISCONNECT = {"type": "http.disconnect"}


class ShieldChanges:
    """ASGI: runs each POST, PUT, PATCH and DELETE in a task of its own, which outlives its connection.

    A client that leaves before its body is whole is shown to the application, which has done nothing yet or reads the
    body itself. From then on nobody is seen leaving. The end of the process waits for these tasks
    (``tasks.drain``), but not for a body that is still to come.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in CHANGES:
            await self._app(scope, receive, send)
            return
        client = _Client(receive, send)
        try:
            await tasks.run_detached(self._carry_out(scope, client))
        except asyncio.CancelledError:
            await client.dismiss()

    async def _carry_out(self, scope: Any, client: "_Client") -> None:
        try:
            await self._app(scope, client.receive, client.send)
        finally:
            await client.close()


class _Client:
    """The client as the application sees it: one that never leaves once its body is whole."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._has_left = False
        self._receive, self._send = receive, send
        self._reading: asyncio.Task[Any] | None = None
        self._is_whole = self._is_begun = self._is_answered = False
        # The server begins to read from the socket again in the context of whoever asks for more, and what comes next
        # on that connection must not run in the context of this request.
        self._context = contextvars.copy_context()

    async def receive(self) -> Any:
        """Return the next piece of the body; after the last, never anything."""
        if self._is_whole:
            await asyncio.Event().wait()
        self._reading = self._start(self._next())
        try:
            message = await self._reading
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._has_left or (task is not None and task.cancelling()):
                raise
            return _DISCONNECT  # by `dismiss`
        if message["type"] == "http.disconnect":
            self._has_left = True
        elif not message.get("more_body", False):
            self._is_whole = True
            self._reading = self._start(self._watch())
        return message

    async def send(self, message: Any) -> None:
        """Pass the answer on. To a client that left, an answer that streams ends as Django ends it: by cancellation."""
        if self._has_left:
            if message.get("more_body", False):
                raise asyncio.CancelledError
            return
        self._is_begun = True
        self._is_answered = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)

    async def dismiss(self) -> None:
        """Give the client up because the server ends: what it asked for goes on, if its body is whole."""
        is_begun, reading = self._is_begun, self._reading
        self._has_left = True
        if reading is not None:
            reading.cancel()
        if not is_begun:
            sentence = "MC Admin ends. What was asked may still be carried out: look before you try again."
            await send_answer(problem(503, "ending", sentence), self._send)

    async def close(self) -> None:
        """Stop reading from the client."""
        if self._reading is not None:
            await tasks.cancel([self._reading])

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._is_answered:
            self._has_left = True

    async def _next(self) -> Any:
        return await self._receive()

    def _start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return asyncio.get_running_loop().create_task(work, context=self._context)
