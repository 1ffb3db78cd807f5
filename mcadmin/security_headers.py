"""What every answer carries, whoever makes it: Django, the static files or a socket's handshake."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from django.conf import settings

from core import request_id
from web.client_address import is_trusted_peer
from web.middleware import problem
from web.streaming import send_answer

logger = logging.getLogger(__name__)

App = Callable[[Any, Any, Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

# Scripts, styles and pictures are our own files, never written into a page: what somebody smuggles into one is dead.
_PAGES = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# ReDoc writes its styles as it runs, into an empty style element and one that is always the same: these two alone.
_REDOC_STYLES = (
    b"style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' "
    b"'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc=';"
)
_REDOC = _PAGES.replace(b"style-src 'self';", _REDOC_STYLES)
_DATA = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_OWN_PAGE = b"object-src 'none'; base-uri 'self'; frame-ancestors 'none'"  # a page of page_dir brings what it needs

_ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
]
DATA_HEADERS: Headers = [*_ALWAYS, (b"content-security-policy", _DATA)]  # of what is no page, whoever answers
_HSTS = (b"strict-transport-security", b"max-age=31536000")
_BEGINNINGS = {"http.response.start", "websocket.accept", "websocket.http.response.start"}
_NO_STORE = (b"cache-control", b"no-store")


class ResponseHeaders:
    """ASGI: gives each request its id, and each answer that id and the headers of security.

    ``X-Request-ID`` and ``X-Forwarded-Proto`` count when the peer is one of ``trusted_proxies``, from nobody else.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        given = _from_proxy(scope)
        own = request_id.begin(given.get(b"x-request-id", b"").decode("ascii", "replace"))
        is_secure = given.get(b"x-forwarded-proto", b"").strip().lower() == b"https"
        if is_secure:
            scope = {**scope, "scheme": "https" if scope["type"] == "http" else "wss"}
        is_secure = is_secure or scope.get("scheme") in {"https", "wss"}

        is_begun = False

        async def send_complete(message: Any) -> None:
            nonlocal is_begun
            is_begun = True
            if message["type"] in _BEGINNINGS:
                headers = _complete(message.get("headers", ()), scope["path"], is_secure=is_secure)
                message = {**message, "headers": [*headers, (b"x-request-id", own.encode())]}
            await send(message)

        try:
            await self._app(scope, receive, send_complete)
        except Exception:
            if scope["type"] != "http" or is_begun:
                raise  # the server breaks off, or refuses the handshake
            logger.exception("A request failed outside of Django.")
            await send_answer(problem(500, "error", "MC Admin failed; its log says more."), send_complete)


def policy(path: str) -> bytes:
    """Return the Content-Security-Policy of what is answered at ``path``."""
    if path.rstrip("/") == "/api/redoc":
        return _REDOC
    if path.rstrip("/") == "/api/docs" or path.startswith(f"/{settings.MC_ADMIN.admin_path}"):
        return _PAGES
    if path.rstrip("/") == "/setup" and settings.MC_ADMIN.page_dir is None:
        return _PAGES
    if path.rstrip("/") == "/invite":
        return _PAGES
    if path.startswith(("/api/", "/metrics", "/healthz")) or path == "/api":
        return _DATA
    return _OWN_PAGE


def _from_proxy(scope: Any) -> dict[bytes, bytes]:
    """Return the headers that a trusted proxy sent; nothing when the peer is none."""
    peer = (scope.get("client") or ("",))[0]
    if not settings.MC_ADMIN.trusted_proxies or not is_trusted_peer(peer):
        return {}
    return dict(scope["headers"])


def _complete(headers: Iterable[tuple[bytes, bytes]], path: str, *, is_secure: bool) -> Headers:
    done = [(name, _secured(name, value) if is_secure else value) for name, value in headers]
    present = {name.lower() for name, _ in done}
    wanted = [*_ALWAYS, (b"content-security-policy", policy(path))]
    if is_secure:
        wanted.append(_HSTS)
    if path.startswith(("/api", f"/{settings.MC_ADMIN.admin_path}")):
        wanted.append(_NO_STORE)
    done += [(name, value) for name, value in wanted if name not in present]
    return [(name, value) for name, value in done if name.lower() != b"x-request-id"]


def _secured(name: bytes, value: bytes) -> bytes:
    """Keep a cookie that was set over TLS from ever travelling without."""
    if name.lower() == b"set-cookie" and b"; secure" not in value.lower():
        return value + b"; Secure"
    return value
