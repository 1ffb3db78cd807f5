"""Every route and socket of the project, read from the routing itself, with addresses that fit them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from django.urls import URLPattern, get_resolver, resolve
from django.urls.exceptions import Resolver404
from django.utils.regex_helper import normalize

from mcadmin.routing import websocket_urlpatterns

# Well-formed and unknown: one of them fits each parameter of each route. The first that does is taken.
CANDIDATES = (
    "ghost", "ffffffff-ffff-4fff-bfff-ffffffffffff", "deadbeef", "999999", "f" * 64, "f" * 43, "2026-01-01", "a/b",
    "ghost-20260101T120000000000Z",
)
# Ill-formed for every parameter but a path.
MALFORMED = (
    "..", "%2e%2e", "%2E%2E%2Fetc", ".hidden", "-x", "a%00b", "a%0Ab", "a%5Cb", "a%2Fb", "%20", "a%20b", "%C3%A4",
    "%FF", "x" * 64, "1.5e3%2B", "'", "%25",
)


@dataclass(frozen=True)
class Route:
    """One address of the API and the methods it takes."""

    pattern: str  # a regular expression; the name of the route in tests
    template: str  # with %(name)s for each parameter
    parameters: tuple[str, ...]
    view: Any
    methods: tuple[str, ...]

    def address(self, **values: str) -> str:
        """Return an address of this route; parameters that are not given are well-formed and unknown."""
        return self.template % (self.unknown() | values)

    def unknown(self) -> dict[str, str]:
        """Return a well-formed value for each parameter, that names nothing there is."""
        for values in product(CANDIDATES, repeat=len(self.parameters)):
            found = dict(zip(self.parameters, values, strict=True))
            if self._leads_here(self.template % found):
                return found
        raise AssertionError(
            f"No value of testing/routes.py CANDIDATES fits {self.pattern}. "
            "Add one there: well-formed for your parameter, and never the name of anything."
        )

    def _leads_here(self, address: str) -> bool:
        try:
            return resolve(address).func is self.view
        except Resolver404:
            return False


@dataclass(frozen=True)
class Socket:
    """One socket."""

    pattern: str
    template: str
    parameters: tuple[str, ...]
    consumer: Any

    def address(self, **values: str) -> str:
        """Return an address of this socket, as ``Route.address``."""
        for known in product(CANDIDATES, repeat=len(self.parameters)):
            found = self.template % (dict(zip(self.parameters, known, strict=True)) | values)
            if re.fullmatch(self.pattern, found.removeprefix("/")):
                return found
        raise AssertionError(f"No value of testing/routes.py CANDIDATES fits {self.pattern}. Add one.")


def api_routes() -> list[Route]:
    """Return every route under /api, in the order of the routing."""
    return [route for route in _routes(get_resolver().url_patterns) if route.template.startswith("/api/")]


def sockets() -> list[Socket]:
    """Return every socket."""
    return [
        Socket(regex, template, parameters, consumer)
        for regex, app in _socket_patterns(websocket_urlpatterns)
        for template, parameters in [_template(regex)]
        if (consumer := getattr(app, "consumer_class", None)) is not None
    ]


def short(found: Route | Socket) -> str:
    """Name a route in the list of tests."""
    return found.template.replace("%(", "{").replace(")s", "}")


def _routes(patterns: Iterable[Any], prefix: str = "") -> Iterator[Route]:
    for pattern in patterns:
        regex = prefix + pattern.pattern.regex.pattern.removeprefix("^")
        if isinstance(pattern, URLPattern):
            yield Route(regex, *_template(regex), view=pattern.callback, methods=_methods(pattern.callback))
        elif pattern.app_name != "admin":  # Django's admin has a test of its own
            yield from _routes(pattern.url_patterns, regex)


def _template(regex: str) -> tuple[str, tuple[str, ...]]:
    template, parameters = normalize(regex)[0]
    return f"/{template}", tuple(parameters)


def _methods(view: Any) -> tuple[str, ...]:
    if actions := getattr(view, "actions", None):  # a viewset
        return tuple(actions)
    cls = getattr(view, "cls", None)
    if cls is None:
        return ("get",)
    return tuple(name for name in cls.http_method_names if name != "options" and hasattr(cls, name))


def _socket_patterns(patterns: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        regex = prefix + pattern.pattern.regex.pattern.removeprefix("^")
        if inner := getattr(pattern.callback, "routes", None):
            yield from _socket_patterns(inner, regex)
        else:
            yield regex, pattern.callback


