"""What Uvicorn answers by itself, before or without the application: with our headers and in our JSON."""

import json
import logging
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Response
from websockets.server import ServerProtocol

from mcadmin.security_headers import DATA_HEADERS


def raw_answer(status: int, code: str, detail: str) -> bytes:
    """Return a whole HTTP/1.1 answer for a connection that is closed after it."""
    body = _problem(code, detail)
    headers = [
        (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), (b"connection", b"close"),
        *DATA_HEADERS,
    ]
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode(), *(b": ".join(pair) for pair in headers)]
    return b"\r\n".join([*lines, b"", body])


class HttpProtocol(HttpToolsProtocol):
    """Uvicorn's HTTP: what is none is refused as everything else is."""

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are no HTTP request, and close."""
        self.transport.write(raw_answer(400, "bad_request", msg))
        self.transport.close()


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's WebSocket: refused handshakes carry our headers, too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = _Handshakes(max_size=self.config.ws_max_size, logger=logging.getLogger("uvicorn.error"))

    def data_received(self, data: bytes) -> None:
        """Read what came; a handshake that is none is refused at once, where Uvicorn would wait for ever."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_complete:
            self.handle_parser_exception()

    def handle_parser_exception(self) -> None:
        """Refuse a handshake that cannot be read; Uvicorn knows only frames that cannot."""
        if self.handshake_initiated:
            super().handle_parser_exception()
            return
        self.handshake_complete = self.close_sent = True
        self.transport.write(raw_answer(400, "bad_request", "Invalid WebSocket handshake received."))
        self.transport.close()


class _Handshakes(ServerProtocol):
    """The handshakes of sockets; every answer to one passes here."""

    def send_response(self, response: Response) -> None:
        for name, value in DATA_HEADERS:
            if name.decode() not in response.headers:
                response.headers[name.decode()] = value.decode()
        if response.status_code >= 400 and response.headers.get("Content-Type", "").startswith("text/plain"):
            detail = response.body.decode(errors="replace").strip() or HTTPStatus(response.status_code).phrase
            response.body = _problem("bad_handshake", detail)
            replaced = {"Content-Type": "application/json", "Content-Length": str(len(response.body))}
            for field, text in replaced.items():
                del response.headers[field]
                response.headers[field] = text
        super().send_response(response)


def _problem(code: str, detail: str) -> bytes:
    return json.dumps({"detail": detail, "code": code}).encode()
