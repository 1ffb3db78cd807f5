"""Uvicorn's HTTP and WebSocket protocols with limits: Uvicorn itself lets anybody hold a connection for ever.

A request has HEADERS_S from its first byte to the end of its headers, and so has a new connection that stays
silent; between requests Uvicorn's own few seconds of keep-alive count. Bodies have their time limit where their
caller is known (mcadmin/request_bodies.py). What is sent after the answer, because nobody wanted to read the body, is
thrown away for LINGER_S and LINGER_BYTES, so that the client reads the answer and not a connection reset.

An account holds nothing for ever either: who takes nothing of an answer, or sends less than STALLED_BYTES of a body,
for STALLED_S is cut off. A request that waits for us is not.

A request with `Upgrade` is one whose body the parser does not read: it takes what follows for another protocol's. Were
that body the next request on the connection, a stranger could put one of his own between those of a proxy, and
somebody else would get its answer. So such a request may have no body, and is the last on its connection.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from core.connections import Connection, Connections, address_group, state_of
from mcadmin.serving.server_answers import HttpProtocol, WebSocketProtocol, raw_answer
from web.client_address import is_trusted_peer

HEADERS_S = 10.0
HEADERS_BYTES = 16 * 1024  # request line and headers together
HEADERS_COUNT = 128
LINGER_S = 2.0
FRAMING_BYTES = 16 * 1024  # in a row, between or behind the bytes of a body: chunk extensions, trailers
STALLED_S = 300.0
STALLED_BYTES = 16 * 1024
LINGER_BYTES = 16 * 1024 * 1024  # an upload that fails, on a full disk say, has as much under way


class LimitedHttp(HttpProtocol):
    """One connection that speaks HTTP, counted in ``connections``."""

    def __init__(self, *args: Any, connections: Connections, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._counted_in = connections
        self._connection: Connection | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._awaits_headers = True
        self._header_bytes = 0  # received and not yet a whole head
        self._framing_bytes = 0  # received since the last byte of a body
        self._has_body = False  # among the bytes that are being parsed
        self._thrown_away = 0
        self._stalled: asyncio.TimerHandle | None = None
        self._has_moved = False  # since the last look at whether the client holds the request up
        self._body_bytes = 0  # received since then
        self._is_refused = False
        self._is_upgraded = False
        self._is_last = False  # the request that was read last: what follows it is none

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as Uvicorn has it
        """Take the connection, or refuse it when there is no room."""
        super().connection_made(transport)
        peer = self.client[0] if self.client else ""
        self._connection = self.admit(self._counted_in, peer, end=transport.abort)
        if self._connection is None:
            self._refuse(503, "too_many_connections", "Too many connections are open. Try again in a moment.")
            return
        self.app_state = {**self.app_state, **state_of(self._connection)}
        self._set_deadline(HEADERS_S)

    @staticmethod
    def admit(connections: Connections, peer: str, *, end: Callable[[], None]) -> Connection | None:
        """Count a connection of ``peer``; None when it has to go."""
        # Behind a trusted proxy all people have its address: the proxy limits each of them, we limit all together.
        counted_as = address_group(peer) if peer and not is_trusted_peer(peer) else None
        return connections.admit(counted_as, end=end)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the connection's place back; a WebSocket does so itself."""
        super().connection_lost(exc)
        self._clear_deadline()
        if self._stalled is not None:
            self._stalled.cancel()
        if self._connection is not None and not self._is_upgraded:
            self._counted_in.release(self._connection)

    def data_received(self, data: bytes) -> None:
        """Parse what came, and see that a request which does not end is given up."""
        if self._is_refused or self._is_last:
            return
        if self._awaits_headers:
            self._header_bytes += len(data)
        elif self._is_idle():  # the rest of a body that nobody wanted
            self._thrown_away += len(data)
            if self._thrown_away > LINGER_BYTES:
                self.flow.pause_reading()
                return
        self._has_body = False
        super().data_received(data)
        self._framing_bytes = 0 if self._has_body or self._awaits_headers else self._framing_bytes + len(data)
        if self._framing_bytes > FRAMING_BYTES:
            self._refuse_framing()
        if self._is_upgraded:  # the socket's protocol has the connection now, and keeps its own time
            return
        if self._awaits_headers and self._header_bytes > HEADERS_BYTES:
            self._refuse_headers()
        if self._is_idle() and self._deadline is None and self.timeout_keep_alive_task is None:
            self._set_deadline(HEADERS_S)

    def on_message_begin(self) -> None:
        """Begin to read the head of a request."""
        super().on_message_begin()
        self._awaits_headers = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what stands behind a body is no header of the request, and nobody here has a use for it."""
        if self._awaits_headers:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request, unless its head is too large."""
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        self._awaits_headers, self._header_bytes = False, 0
        if size > HEADERS_BYTES or len(self.headers) > HEADERS_COUNT:
            self._refuse_headers()
            return
        if self.parser.should_upgrade() and self._announces_body():
            self._refuse(400, "bad_request", "A request with a body cannot be upgraded. Send it without `Upgrade`.")
            return
        super().on_headers_complete()
        if self.parser.should_upgrade() and self._should_upgrade():
            return
        self._begin()
        if self._announces_body():
            self._moved()
        if self.parser.should_upgrade():
            self._is_last = True
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Pass the body on."""
        self._has_body = True
        if not self._is_refused:
            super().on_body(body)
        self._body_bytes += len(body)
        if self._body_bytes >= STALLED_BYTES or self.flow.read_paused:
            self._moved()

    def pause_writing(self) -> None:
        """Wait until the client has taken some of what was sent."""
        super().pause_writing()
        self._moved()

    def resume_writing(self) -> None:
        """Go on to send."""
        super().resume_writing()
        self._moved()

    def on_message_complete(self) -> None:
        """End the request's body; the next thing that comes is a head."""
        if self._is_refused:
            return
        super().on_message_complete()
        self._awaits_headers, self._header_bytes, self._thrown_away = True, 0, 0
        if self._is_idle():
            self._clear_deadline()

    def on_response_complete(self) -> None:
        """Wait for the next request; for the rest of this one, if its body was not wanted, only for a moment."""
        cycle = self.cycle
        super().on_response_complete()
        if self._connection is not None and self._is_idle():
            self._connection.is_busy = False
        if cycle.response_complete and cycle.more_body and not self.transport.is_closing():
            self._set_deadline(LINGER_S)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection on to the protocol of sockets, and its place with it."""
        self._begin()
        self._is_upgraded = True
        super().handle_websocket_upgrade()

    def _moved(self) -> None:
        """Note that the client does its part, and look from now on whether it goes on to."""
        self._has_moved = True
        if self._stalled is None and not self.transport.is_closing():
            self._stalled = self.loop.call_later(STALLED_S, self._look_whether_stalled)

    def _look_whether_stalled(self) -> None:
        self._stalled = None
        has_moved, self._has_moved, self._body_bytes = self._has_moved, False, 0
        awaits_body = not (self._awaits_headers or self.flow.read_paused)
        if self._is_upgraded or self.transport.is_closing() or not (self.flow.write_paused or awaits_body):
            return
        if not has_moved:
            self.transport.abort()
            return
        self._stalled = self.loop.call_later(STALLED_S, self._look_whether_stalled)

    def _announces_body(self) -> bool:
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
            for name, value in self.headers
        )

    def _is_idle(self) -> bool:
        return self.cycle is None or (self.cycle.response_complete and not self.pipeline)

    def _begin(self) -> None:
        self._clear_deadline()
        if self._connection is not None:
            self._connection.is_busy = True

    def _set_deadline(self, seconds: float) -> None:
        self._clear_deadline()
        self._deadline = self.loop.call_later(seconds, self._give_up)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()

    def _refuse_framing(self) -> None:
        """End a request whose body has more around it than any client sends; an answer that has begun just breaks."""
        if self._is_idle() or self.cycle.response_started:
            self._is_refused = True
            self.transport.close()
        else:
            self._refuse(400, "bad_request", f"A chunked body may have {FRAMING_BYTES:,} bytes beside its content.")

    def _refuse_headers(self) -> None:
        self._refuse(431, "headers_too_large", f"The headers of a request may have {HEADERS_BYTES:,} bytes in all.")

    def _refuse(self, status: int, code: str, detail: str) -> None:
        """Answer with an error before there is a request, and close."""
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        self.transport.write(raw_answer(status, code, detail))
        self.transport.close()


class LimitedSocket(WebSocketProtocol):
    """A WebSocket; it holds the place of the connection that it came from."""

    def __init__(self, *args: Any, connections: Connections, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._counted_in = connections

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        super().connection_lost(exc)
        for found in self.app_state.values():
            if isinstance(found, Connection):
                self._counted_in.release(found)
