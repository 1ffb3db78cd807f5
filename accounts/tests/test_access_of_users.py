"""Which servers a new user may use: what the owner says, else the setting, by every edge alike."""

import pytest
from django.conf import LazySettings
from django.test import Client
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import User, UserRole
from accounts.tests.conftest import PASSWORD, ClientOf, MakeUser

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_owner(make_user: MakeUser, client_of: ClientOf) -> APIClient:
    return client_of(tokens.issue(make_user("olga", UserRole.OWNER)))


@pytest.fixture
def site(as_owner: APIClient) -> Client:
    client = Client()
    client.force_login(User.objects.get(username="olga"))
    return client


def restrict(settings: LazySettings) -> None:
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"default_access": "granted"})


@pytest.mark.parametrize("path", ["/api/admin/users", "/api/auth/register"])
@pytest.mark.parametrize(
    ("default", "asked", "found"),
    [("everything", None, "everything"), ("granted", None, "granted"), ("everything", "granted", "granted"),
     ("granted", "everything", "everything")],
)
def test_what_is_asked_for_beats_the_setting(
    as_owner: APIClient, settings: LazySettings, path: str, default: str, asked: str | None, found: str
) -> None:
    if default == "granted":
        restrict(settings)
    body = {"username": "bob", "password": PASSWORD} | ({} if asked is None else {"access": asked})

    answer = as_owner.post(path, body, format="json").json()

    assert (answer["access"], answer["may_create"]) == (found, found == "everything")
    assert User.objects.get(username="bob").access == found


def test_an_owner_has_everything_in_any_case(as_owner: APIClient, settings: LazySettings) -> None:
    restrict(settings)
    body = {"username": "otto", "password": PASSWORD, "role": "owner"}

    answer = as_owner.post("/api/admin/users", body, format="json").json()

    assert (answer["access"], answer["may_create"]) == ("everything", True)


def test_another_access_is_400(as_owner: APIClient) -> None:
    body = {"username": "bob", "password": PASSWORD, "access": "some"}

    assert list(as_owner.post("/api/admin/users", body, format="json").json()["errors"]) == ["access"]


@pytest.mark.parametrize(("fields", "found"), [({}, "granted"), ({"access": "everything"}, "everything")])
def test_the_admin_site_makes_users_as_the_api_does(
    site: Client, settings: LazySettings, fields: dict[str, str], found: str
) -> None:
    restrict(settings)
    site.post(
        "/admin/accounts/user/add/",
        {"username": "bob", "role": "admin", "password1": PASSWORD, "password2": PASSWORD, **fields},
    )

    assert User.objects.get(username="bob").access == found


def test_me_and_the_claims_stay_as_they_are(as_owner: APIClient) -> None:
    assert set(as_owner.get("/api/user/me").json()) == {"id", "username", "role", "created_at"}
