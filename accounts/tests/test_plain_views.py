"""The guard of async Django views, through the project's whole middleware."""

from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.http import HttpRequest, JsonResponse
from django.test import Client
from django.urls import path

from accounts import checks, tokens
from accounts.models import UserRole
from accounts.permissions import DenyAll, IsSignedIn, RequireRole
from accounts.plain_views import require
from accounts.tests.conftest import MakeUser
from mcadmin.core.errors import Conflict, InvalidRequest


@require(IsSignedIn, methods=["GET", "POST"])
async def me(request: HttpRequest, id: int) -> JsonResponse:
    if id == 1:
        raise Conflict("Not now; wait.")
    if id == 2:
        raise InvalidRequest("Never.", errors={"field": ["Never."]})
    return JsonResponse({"username": request.user.username})


@require(RequireRole(UserRole.OWNER), methods=["GET"])
async def owners(request: HttpRequest) -> JsonResponse:
    return JsonResponse({})


@require(DenyAll, methods=["GET"])
async def nobody(request: HttpRequest) -> JsonResponse:
    return JsonResponse({})


urlpatterns = [path("api/me/<int:id>", me), path("api/owners", owners), path("api/nobody", nobody)]


@pytest.fixture
def ask(settings: LazySettings, token: str) -> Any:
    settings.ROOT_URLCONF = __name__

    def send(address: str, *, method: str = "GET", bearer: str | None = token) -> Any:
        headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
        return Client(enforce_csrf_checks=True).generic(method, address, headers=headers)

    return send


def test_a_signed_in_user_comes_in(ask: Any) -> None:
    assert ask("/api/me/3").json() == {"username": "alice"}
    assert ask("/api/me/3/", method="POST").status_code == 200


@pytest.mark.parametrize("bearer", [None, "a.b.c", ""])
def test_strangers_are_401(ask: Any, bearer: str | None) -> None:
    answer = ask("/api/me/3", bearer=bearer)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert set(answer.json()) == {"detail", "code"}


def test_too_low_a_role_is_403(ask: Any, make_user: MakeUser) -> None:
    assert ask("/api/owners").json() == {"detail": "Only an owner may do this; ask one.", "code": "permission_denied"}
    assert ask("/api/owners", bearer=tokens.issue(make_user("olga", UserRole.OWNER))).status_code == 200
    assert ask("/api/owners", bearer=settings.MC_ADMIN.master_token).status_code == 200


def test_another_method_is_405(ask: Any) -> None:
    answer = ask("/api/me/3", method="DELETE")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


def test_errors_have_their_status(ask: Any) -> None:
    assert ask("/api/me/1").status_code == 409
    assert (ask("/api/me/2").status_code, ask("/api/me/2").json()["errors"]) == (400, {"field": ["Never."]})


def test_the_system_check_knows_the_guard() -> None:
    messages = checks.check_views(urlpatterns)

    assert [message.msg.split("'")[1] for message in messages] == ["api/nobody"]
