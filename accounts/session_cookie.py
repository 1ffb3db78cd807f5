"""The session's cookie: its name over TLS, and how to find it where there is no Django request."""

from collections.abc import Callable, Mapping
from http.cookies import SimpleCookie
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.cookie import parse_cookie

SECURE_PREFIX = "__Host-"  # browsers take such a cookie over TLS alone, for all paths of this very host


class PrefixedSessionCookie:
    """Gives the session's cookie its prefix over TLS, and takes no other there.

    A page on another port, or on another host of the domain, could set one of the plain name. Stands before whatever
    reads the cookie; inside it has one name.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        plain = settings.SESSION_COOKIE_NAME
        if not request.is_secure():
            return self.get_response(request)
        request.COOKIES.pop(plain, None)
        if (key := request.COOKIES.pop(SECURE_PREFIX + plain, None)) is not None:
            request.COOKIES[plain] = key
        response = self.get_response(request)
        if (morsel := response.cookies.pop(plain, None)) is not None:
            _set(response.cookies, SECURE_PREFIX + plain, morsel)
        return response


def session_key(headers: Mapping[bytes, bytes], *, is_secure: bool) -> str:
    """Return the key in the session's cookie of an ASGI scope's ``headers``; "" where there is none."""
    cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
    name: str = settings.SESSION_COOKIE_NAME
    return cookies.get(SECURE_PREFIX + name if is_secure else name, "")


def _set(cookies: SimpleCookie, name: str, morsel: Any) -> None:
    cookies[name] = morsel.value
    for attribute, value in morsel.items():
        if value:
            cookies[name][attribute] = value
    cookies[name]["secure"] = True
