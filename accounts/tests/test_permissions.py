from typing import Any

import pytest
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import URLRouter
from django.conf import LazySettings
from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver, include, path
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from accounts import checks, tokens
from accounts.identity import SystemUser
from accounts.models import User, UserRole
from accounts.permissions import AllowAnyone, DenyAll, IsSignedIn, RequireRole, address_of
from accounts.rights.table import ROUTES
from accounts.tests.conftest import ClientOf, MakeUser


class Answering(APIView):
    def get(self, request: Request) -> Response:
        return Response({})


class Forgotten(Answering):
    pass


class Owners(Answering):
    permission_classes = [RequireRole(UserRole.OWNER)]


class Admins(Answering):
    permission_classes = [RequireRole(UserRole.ADMIN)]


class Open(Answering):
    permission_classes = [AllowAnyone]


class Emptied(Answering):
    permission_classes: list[type[BasePermission]] = []


class Many(ViewSet):
    permission_classes = [IsSignedIn]

    def list(self, request: Request) -> Response:
        return Response([])


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("api/forgotten", Forgotten.as_view()),
    path("api/owners", Owners.as_view()),
    path("api/admins", Admins.as_view()),
    path("api/open", Open.as_view()),
]


@pytest.fixture
def status(settings: LazySettings, make_user: MakeUser, client_of: ClientOf) -> Any:
    settings.ROOT_URLCONF = __name__
    people = {role: make_user(str(role) + "_1", role) for role in UserRole}

    def ask(name: str, role: UserRole | None) -> int:
        client = client_of(tokens.issue(people[role])) if role else APIClient()
        return client.get(f"/api/{name}").status_code

    return ask


@pytest.mark.parametrize(
    ("name", "stranger", "admin", "owner"),
    [("forgotten", 401, 403, 403), ("owners", 401, 403, 200), ("admins", 401, 200, 200), ("open", 200, 200, 200)],
)
def test_who_may_come_in(status: Any, name: str, stranger: int, admin: int, owner: int) -> None:
    asked = [status(name, role) for role in (None, UserRole.ADMIN, UserRole.OWNER)]

    assert asked == [stranger, admin, owner]


def test_too_low_a_role_is_told_which_one_is_needed(settings: LazySettings, token: str, client_of: ClientOf) -> None:
    settings.ROOT_URLCONF = __name__

    assert client_of(token).get("/api/owners").json()["detail"] == "Only an owner may do this; ask one."


@pytest.mark.parametrize(
    ("permission", "stranger", "admin", "system"),
    [
        (DenyAll, False, False, False),
        (AllowAnyone, True, True, True),
        (IsSignedIn, False, True, True),
        (RequireRole(UserRole.ADMIN), False, True, True),
        (RequireRole(UserRole.OWNER), False, False, True),
        (RequireRole(UserRole.OWNER, UserRole.ADMIN), False, True, True),
    ],
)
def test_sockets_ask_the_same_rules(permission: Any, stranger: bool, admin: bool, system: bool) -> None:
    people = (None, User(username="alice", role=UserRole.ADMIN), SystemUser())

    assert [permission.admits(user) for user in people] == [stranger, admin, system]


def names(messages: list[Any]) -> list[str]:
    return [message.msg.split("'")[1] for message in messages]


def test_the_projects_own_routes_pass_the_check() -> None:
    assert checks.check_permissions() == []


def test_the_check_passes_after_requests_too(make_user: MakeUser, client_of: ClientOf) -> None:
    """Django REST framework gives a viewset its HEAD with the first request, not before."""
    client = client_of(tokens.issue(make_user(role=UserRole.OWNER)))

    assert client.get("/api/admin/users").status_code == 200
    assert checks.check_permissions() == []


class Known(ViewSet):
    def list(self, request: Request) -> Response:
        return Response([])

    def create(self, request: Request) -> Response:
        return Response([])


@pytest.mark.parametrize(
    ("route", "view", "passes"),
    [
        ("system/info", Forgotten.as_view(), True),
        ("system/info", Known.as_view({"get": "list"}), True),
        ("system/info", Known.as_view({"get": "list", "post": "create"}), False),  # POST is not in the table
        ("system/unknown", Forgotten.as_view(), False),
        ("system/info", Emptied.as_view(), False),
        ("system/info", Owners.as_view(), False),  # a second rule beside the table
        ("system/info", Open.as_view(), False),
        ("system/info", Many.as_view({"get": "list"}), False),
        ("system/info", Known.as_view({"get": "list"}, permission_classes=[AllowAnyone]), False),
        ("system/info", plain, False),
    ],
)
def test_a_route_that_the_table_does_not_know_fails_the_check(route: str, view: Any, passes: bool) -> None:
    patterns = [path("api", include([path(f"/{route}", view)]))]

    assert names(checks.check_views(patterns)) == ([] if passes else [f"api/{route}"])


def test_each_row_of_the_table_is_a_route() -> None:
    known = {address_of(route) for route, _ in checks.routes(get_resolver().url_patterns)}

    assert set(ROUTES) - known == set()


def consumer(**attributes: Any) -> Any:
    return type("Consumer", (AsyncWebsocketConsumer,), attributes)


@pytest.mark.parametrize(
    ("declared", "passes"),
    [({}, False), ({"permission": DenyAll}, False), ({"permission": None}, False), ({"permission": IsSignedIn}, True)],
)
def test_a_consumer_without_a_permission_fails_the_check(declared: dict[str, Any], passes: bool) -> None:
    app = consumer(**declared).as_asgi()
    patterns = [path("api/socket", app), path("in/", URLRouter([path("side", app)]))]

    assert names(checks.check_sockets(patterns)) == ([] if passes else ["api/socket", "in/side"])
