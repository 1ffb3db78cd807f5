"""Whose body is read, how much of it, and for how long, before anything parses a byte.

Django's ASGI handler reads a request's whole body before any view, and so any permission, sees the request. Here:

* What needs no account (the sign-in by API and admin site) takes MAX_PUBLIC_BYTES within PUBLIC_S, from everybody, and
  parses them only where the throttle of sign-ins has a place for the client's address.
* Elsewhere the body of somebody who proves no account is not read: the view sees an empty one, and refuses them.
* A method that has no use for a body is not given one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http.cookies import CookieError
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, ResolverMatch, resolve
from redis.exceptions import RedisError

from accounts import login
from accounts.admin_login import has_session
from accounts.api.sessions import ForeignPage
from accounts.authentication import WITHHELD, authenticate_session, is_somebody
from accounts.permissions import is_public, takes_strangers
from accounts.session_cookie import session_key
from accounts.session_origin import is_of_welcome_page
from accounts.shared_cache import CacheGone
from accounts.throttles import TooManyTries
from core.errors import TooLarge
from web import client_address
from web.middleware import is_api, problem, without_slash
from web.streaming import CHANGES

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]

MAX_PUBLIC_BYTES = 16 * 1024
PUBLIC_S = 10.0
_REFUSED = "mcadmin.refused_body"
_FOREIGN = "Nobody signs in from a page of another origin. Use the panel's page, or name that origin in cors_origins."
_COUNTED = CHANGES - {"DELETE"}  # which is signing out: nothing is guessed there, and it must always work


class JudgeBodies:
    """ASGI: decides about each request's body by its address and its caller."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _has_body(headers := _headers(scope)):
            match = _resolve(scope["path"])
            if match is not None and scope["method"] in CHANGES and _needs_no_account(match):
                scope, receive = await _public(scope, receive, headers)
            elif scope["method"] not in CHANGES or not await _is_known(scope, headers):
                scope, receive = {**scope, WITHHELD: True}, _only(b"")
        await self._app(scope, receive, send)


class ThrottledStrangers:
    """Django middleware: counts each change that needs no account, before any form of it is parsed.

    It stands inside of the audit, and runs before the check against forgery, which looks into the form. What is no
    sign-in takes no place, and nor does what a page of somebody else sends from its visitor's address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_sign_in(request):
            if not is_of_welcome_page(request):
                return _refusal(request, 403, ForeignPage.code, _FOREIGN)
            try:
                login.take_attempt(request)
            except TooManyTries as error:
                answer = _refusal(request, error.status_code, error.default_code, str(error))
                answer.headers["Retry-After"] = str(error.wait)
                return answer
            except CacheGone as error:
                return _refusal(request, 503, error.code, str(error))
        return self.get_response(request)


class RefusedBodies:
    """Django middleware: answers what ``JudgeBodies`` refused, at a place where it is audited like any other answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        status = getattr(request, "scope", {}).get(_REFUSED)
        if status is None:
            return self.get_response(request)
        code, detail = {
            408: ("too_slow", f"The body of this request has to arrive within {PUBLIC_S:g} s."),
            413: (TooLarge.code, f"This address takes at most {MAX_PUBLIC_BYTES:,} bytes."),
        }[status]
        return _refusal(request, status, code, detail)


def _refusal(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    if is_api(request.path_info):
        return problem(status, code, detail)
    return HttpResponse(detail + "\n", status=status, content_type="text/plain; charset=utf-8")


async def _public(scope: Any, receive: Receive, headers: Mapping[bytes, bytes]) -> tuple[Any, Receive]:
    """Read a small body to its end; what is too long or too slow is not read on, and marked."""
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and (len(length) > 9 or int(length) > MAX_PUBLIC_BYTES):
        return {**scope, _REFUSED: 413}, _only(b"")
    body, more = b"", True
    try:
        async with asyncio.timeout(PUBLIC_S):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return scope, _only(message)
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > MAX_PUBLIC_BYTES:
                    return {**scope, _REFUSED: 413}, _only(b"")
    except TimeoutError:
        return {**scope, _REFUSED: 408}, _only(b"")
    return _with_length(scope, len(body)), _only(body, then=receive)


def _with_length(scope: Any, length: int) -> Any:
    """Return ``scope`` with the length of its body: DRF takes one that came in chunks for none at all."""
    kept = [(name, value) for name, value in scope["headers"] if name not in {b"transfer-encoding", b"content-length"}]
    return {**scope, "headers": [*kept, (b"content-length", str(length).encode())]}


def _only(first: Any, *, then: Receive | None = None) -> Receive:
    """Return a ``receive`` that gives ``first`` (a whole body, or a message), then asks ``then`` or waits for ever."""
    message = {"type": "http.request", "body": first, "more_body": False} if isinstance(first, bytes) else first
    is_given = False

    async def receive() -> Any:
        nonlocal is_given
        if not is_given:
            is_given = True
            return message
        if then is not None:
            return await then()
        return await asyncio.Event().wait()

    return receive


async def _is_known(scope: Any, headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether the caller proves an account in the way that counts at the address."""
    try:
        is_admin_site = scope["path"].startswith(f"/{settings.MC_ADMIN.admin_path}")
        header = headers.get(b"authorization", b"").decode("latin-1")
        if header and not is_admin_site:
            return bool(await database_sync_to_async(is_somebody)(header, address=client_address.of_scope(scope)))
        key = session_key(headers, is_secure=scope.get("scheme") == "https")
        if is_admin_site:
            return bool(key) and bool(await database_sync_to_async(has_session)(key))
        return bool(key) and (await database_sync_to_async(authenticate_session)(key)) is not None
    except (DatabaseError, RedisError, CookieError):
        return False  # the view meets the same trouble and explains it


def _needs_no_account(match: ResolverMatch) -> bool:
    if match.app_name == "admin":
        return match.url_name == "login"
    return is_public(match.route)


def _is_sign_in(request: HttpRequest) -> bool:
    """Tell whether a change that needs no account is asked for, where there is one."""
    method = str(request.method)
    if method not in _COUNTED or (match := _resolve(request.path_info)) is None:
        return False
    if match.app_name == "admin":
        return _needs_no_account(match) and method == "POST"
    return takes_strangers(match.route, method)


def _resolve(path: str) -> ResolverMatch | None:
    try:
        return resolve(without_slash(path))
    except Resolver404:
        return None


def _headers(scope: Any) -> dict[bytes, bytes]:
    return dict(scope["headers"])


def _has_body(headers: Mapping[bytes, bytes]) -> bool:
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0").strip(b"0") != b""
