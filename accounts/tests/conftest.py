"""What the tests of accounts share: people, and a client that speaks with a token."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.conf import LazySettings
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import User, UserRole

if TYPE_CHECKING:
    from accounts.tests.pages import Browser

PASSWORD = "c0rrect-horse"
MakeUser = Callable[..., User]
ClientOf = Callable[[str], APIClient]


@pytest.fixture
def quick_hashes(settings: LazySettings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def make_user(db: None, quick_hashes: None) -> MakeUser:
    def make(username: str = "alice", role: UserRole = UserRole.ADMIN) -> User:
        return User.objects.create_user(username, PASSWORD, role)

    return make


@pytest.fixture
def client_of() -> ClientOf:
    def make(token: str) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return client

    return make


@pytest.fixture
def token(make_user: MakeUser) -> str:
    return tokens.issue(make_user())


@pytest.fixture
def browser(make_user: MakeUser) -> "Browser":
    """A page on which alice has signed in."""
    from accounts.tests.pages import Browser

    make_user()
    found = Browser()
    assert found.sign_in().status_code == 200
    return found
