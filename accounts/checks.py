"""System checks: no route that the table of rights does not know, and no socket without a permission.

What is forgotten is refused at run time, too; here it stops the start, before anybody can meet it.
"""

from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.core.checks import CheckMessage, Error
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.permissions import AccessPermission, ByTable, DenyAll, address_of
from accounts.rights.table import ROUTES

# Views outside DRF that need no login. Whoever adds one answers for it.
_BY_ALL = {"options", "head", "trace"}
PUBLIC_VIEWS = {"mcadmin.urls.healthz", "mcadmin.urls.docs", "mcadmin.urls.redoc", "mcadmin.spa.page"}
ADMIN_SITE = "admin"  # Django's admin asks for an owner by itself
SOCKET_ROUTES = "mcadmin.routing"


def check_permissions(**_: Any) -> list[CheckMessage]:
    """Check all routes of the project, HTTP and WebSocket."""
    messages = check_views(get_resolver().url_patterns)
    if find_spec(SOCKET_ROUTES) is not None:
        messages += check_sockets(import_module(SOCKET_ROUTES).websocket_urlpatterns)
    return messages


def check_views(patterns: Iterable[URLPattern | URLResolver]) -> list[CheckMessage]:
    """Name each HTTP route and method that the table does not know, and each view that does not ask the table."""
    return [
        Error(
            f"The route {route!r} {problem}.",
            hint="Write what it needs into accounts.rights.table.ROUTES. A plain view outside the API has a place in "
            "accounts.checks.PUBLIC_VIEWS.",
            id="accounts.E001",
        )
        for route, view in routes(patterns)
        if (problem := _problem_of(route, view)) is not None
    ]


def check_sockets(patterns: Iterable[Any]) -> list[CheckMessage]:
    """Name each WebSocket route whose consumer class has no ``permission`` (an ``AccessPermission``)."""
    return [
        Error(
            f"The socket {route!r} has no permission of its own.",
            hint="Give its consumer class a class attribute `permission`, one of accounts.permissions.",
            id="accounts.E002",
        )
        for route, consumer in _sockets(patterns)
        if not _is_permission(getattr(consumer, "permission", None))
    ]


def routes(patterns: Iterable[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each HTTP route outside the admin site, and its view."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern.callback
        elif pattern.app_name != ADMIN_SITE:
            yield from routes(pattern.url_patterns, route)


def _problem_of(route: str, view: Any) -> str | None:
    cls = getattr(view, "cls", None)
    if cls is None:
        is_named = f"{view.__module__}.{getattr(view, '__qualname__', '')}" in PUBLIC_VIEWS
        return None if is_named else "has no permission of its own"
    known = ROUTES.get(address_of(route), {})
    if missing := _methods_of(view) - known.keys():
        return f"is not in the table with {', '.join(sorted(missing))}"
    declared = getattr(view, "initkwargs", {}).get("permission_classes", cls.permission_classes)
    return None if declared == [ByTable] else "has a permission beside the table"


def _methods_of(view: Any) -> set[str]:
    if actions := getattr(view, "actions", None):  # a viewset
        # Django REST framework adds HEAD beside GET with the first request.
        return {name.upper() for name in actions if name not in _BY_ALL}
    return {name.upper() for name in view.cls.http_method_names if name not in _BY_ALL and hasattr(view.cls, name)}


def _sockets(patterns: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if inner := getattr(pattern.callback, "routes", None):  # a URLRouter inside
            yield from _sockets(inner, route)
        else:
            yield route, getattr(pattern.callback, "consumer_class", None)


def _is_permission(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, AccessPermission) and not issubclass(found, DenyAll)
