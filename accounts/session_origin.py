"""Whose requests may use a session: the panel's own pages and addresses that somebody typed, no other page's."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse


class SessionOfOwnPages:
    """Takes the session's cookie off a request that a page of another origin made, for reading too.

    ``SameSite`` does not do it: every port of a host is one site, and a game may serve pages on one. Stands before the
    session's own middleware, which then knows nobody.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not is_of_own_page(request):
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        return self.get_response(request)


def is_of_own_page(request: HttpRequest) -> bool:
    """Tell whether ``request`` has no ``Origin`` or its own: scheme, host and port. ``null`` is another.

    Scripts and pictures are fetched without an ``Origin``; there ``Sec-Fetch-Site`` says it, where a browser sends
    it. A link that somebody follows to the panel stays welcome.
    """
    origin = request.headers.get("Origin")
    if origin is not None:
        try:
            return origin == f"{request.scheme}://{request.get_host()}"
        except DisallowedHost:
            return False
    is_foreign = request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}
    return not is_foreign or request.headers.get("Sec-Fetch-Mode") == "navigate"


def is_of_welcome_page(request: HttpRequest) -> bool:
    """Tell whether somebody may sign in from where ``request`` comes: no other page but those of ``cors_origins``.

    Any page may send a form anywhere, from the address of whoever looks at it. Behind a proxy that speaks TLS the
    scheme, or the host's name, may be another than here; then ``Sec-Fetch-Site`` says that it is our page.
    """
    origin = request.headers.get("Origin")
    if origin is None or origin in settings.CORS_ALLOWED_ORIGINS or is_of_own_page(request):
        return True
    try:
        host = request.get_host()
        return request.headers.get("Sec-Fetch-Site") == "same-origin" or urlsplit(origin).netloc == host
    except (DisallowedHost, ValueError):  # ValueError: no address at all
        return False
