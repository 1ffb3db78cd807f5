"""Bodies that stream, in and out, past what Django would read or write whole.

Django's ASGI handler copies each request's body to a temporary file before a view sees it. ``StreamBodies``
hands the body of a view that declares ``reads_body_itself`` to the view, as it comes from the client.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.http import content_disposition_header
from rest_framework.request import Request
from rest_framework.views import APIView

from core import tasks
from core.errors import InvalidRequest, TooLarge
from web.middleware import problem, without_slash

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]

CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_BODY = "mcadmin.body"
_CLOSE = "mcadmin.close"
_PIECE_BYTES = 256 * 1024
_MOST_DIGITS = 18
_MESSAGES = 8  # held while the view is busy; the server makes them of about 64 KiB


class ClientLeft(InvalidRequest):
    """The client closed the connection before its request was complete."""

    code = "client_left"


class StreamBodies:
    """ASGI: lets views read their own bodies, and refuses other bodies beyond any use."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        closers: list[Callable[[], object]] = []
        try:
            await self._answer({**scope, _CLOSE: closers}, receive, send)
        finally:
            for close in closers:
                close()

    async def _answer(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in CHANGES:
            if _reads_body_itself(scope["path"]):
                await self._with_body(scope, receive, send)
                return
            if _length(scope) > (limit := settings.DATA_UPLOAD_MAX_MEMORY_SIZE):
                answer = problem(413, TooLarge.code, f"This address takes at most {limit:,} bytes.")
                await send_answer(answer, send)
                return
            receive = _counted(receive, limit)
        await self._app(scope, receive, send)

    async def _with_body(self, scope: Any, receive: Receive, send: Send) -> None:
        body = Body(receive)
        # In a task of its own: the server begins to read from the socket again in the context of whoever asks for
        # more, and what comes next on that connection must not run in the context of this request.
        pumping = asyncio.create_task(body.pump(), name="request body")
        try:
            await self._app({**scope, _BODY: body}, body.as_empty, send)
        finally:
            await tasks.cancel([pumping])


class Body:
    """A request's body, read once, in pieces as they arrive. While nobody reads, the client soon waits."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._messages: asyncio.Queue[Any] = asyncio.Queue(maxsize=_MESSAGES)
        self._is_told = False

    async def pump(self) -> None:
        """Take what the server receives, up to the end of the body."""
        more = True
        while more:
            message = await self._receive()
            more = message["type"] != "http.disconnect" and message.get("more_body", False)
            await self._messages.put(message)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._messages.get()
            if message["type"] == "http.disconnect":
                raise ClientLeft("The client left before its request was complete.")
            more = message.get("more_body", False)
            if piece := message.get("body", b""):
                yield piece

    async def as_empty(self) -> Any:
        """Show Django an empty body, and never a client that leaves: the view notices by itself."""
        if self._is_told:
            await asyncio.Event().wait()
        self._is_told = True
        return {"type": "http.request", "body": b"", "more_body": False}


class AsyncView(APIView):
    """A DRF view whose handlers are coroutines: same authentication, permissions, errors and OpenAPI entries.

    With ``reads_body_itself``, its handlers read ``body_of(request)``, and the audit sees type and size only.
    """

    reads_body_itself = False

    async def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """Do what DRF's own does, with the parts that ask the database in a thread."""
        self.args, self.kwargs, self.headers = args, kwargs, self.default_response_headers
        self.request = self.initialize_request(request, *args, **kwargs)
        try:
            await sync_to_async(self.initial)(self.request, *args, **kwargs)
            known = request.method is not None and request.method.lower() in self.http_method_names
            handler = getattr(self, str(request.method).lower(), None) if known else None
            answer = (handler or self.http_method_not_allowed)(self.request, *args, **kwargs)
            response = await answer if asyncio.iscoroutine(answer) else answer
        except Exception as error:  # noqa: BLE001 - DRF's own hook, which raises what it does not know
            response = self.handle_exception(error)
        self.response = self.finalize_response(self.request, response, *args, **kwargs)
        return self.response


def close_at_end(request: Request, close: Callable[[], object]) -> None:
    """Call ``close`` when the request is over, whatever becomes of it; it may have been called already.

    Django closes an answer that it begins to send. One that is made when the client has left is dropped, and would
    hold what it opened until the next garbage collection.
    """
    getattr(request._request, "scope", {}).get(_CLOSE, []).append(close)  # noqa: SLF001 - DRF has no other way to it


def body_of(request: Request) -> AsyncIterator[bytes]:
    """Return the body of a request to a view that reads it itself; raises ClientLeft."""
    body = getattr(request._request, "scope", {}).get(_BODY)  # noqa: SLF001 - DRF has no other way to it
    return aiter(body) if body is not None else _read(request._request)  # noqa: SLF001


def attachment_headers(name: str) -> dict[str, str]:
    """Return headers of a download that keep a browser from showing what a game or a stranger wrote."""
    quoted = name.rstrip("\n")  # the one character that Django's own quoting lets pass at the end
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=quoted) or "attachment",
        "X-Content-Type-Options": "nosniff",
    }


async def _read(request: HttpRequest) -> AsyncIterator[bytes]:
    """Read the body that a server without ASGI (Django's test client) holds ready."""
    while piece := await asyncio.to_thread(request.read, _PIECE_BYTES):
        yield piece


def _reads_body_itself(path: str) -> bool:
    try:
        view = resolve(without_slash(path)).func
    except Resolver404:
        return False
    return bool(getattr(getattr(view, "cls", None), "reads_body_itself", False))


def _length(scope: Any) -> int:
    value = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(value) if value.isdigit() and len(value) <= _MOST_DIGITS else 0  # without one, what comes is counted


def _counted(receive: Receive, limit: int) -> Receive:
    """Pass on a body that comes without a length, up to the limit; past it the client counts as gone."""
    seen = 0

    async def counted() -> Any:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if seen > limit else message

    return counted


async def send_answer(answer: HttpResponseBase, send: Send) -> None:
    """Send a small answer that Django did not make, and close the connection."""
    headers = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in answer.items()]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": getattr(answer, "content", b"")})
