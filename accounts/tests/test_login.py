from typing import ClassVar

import pytest
from django.conf import LazySettings
from django.contrib.auth.hashers import MD5PasswordHasher
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.conftest import PASSWORD, ClientOf, MakeUser

LOGIN = "/api/auth/token"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def alice(make_user: MakeUser) -> User:
    return make_user()


def log_in(**fields: str) -> int:
    return APIClient().post(LOGIN, fields, format="multipart").status_code


@pytest.mark.parametrize("path", [LOGIN, f"{LOGIN}/"])
def test_multipart_login_gives_a_token_that_works(alice: User, client_of: ClientOf, path: str) -> None:
    answer = APIClient().post(path, {"username": "alice", "password": PASSWORD}, format="multipart")

    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "token_type"}
    assert answer.json()["token_type"] == "bearer"
    me = client_of(answer.json()["access_token"]).get("/api/user/me").json()
    assert (me["id"], me["username"], me["role"]) == (alice.pk, "alice", "admin")
    assert me["created_at"].endswith("Z")


def test_urlencoded_login_works(alice: User) -> None:
    body = f"grant_type=password&username=alice&password={PASSWORD}&scope=&client_id=x"

    assert APIClient().post(LOGIN, body, content_type=FORM).status_code == 200


def test_json_login_is_415_with_a_sentence(alice: User) -> None:
    answer = APIClient().post(LOGIN, {"username": "alice", "password": PASSWORD}, format="json")

    assert answer.status_code == 415
    assert isinstance(answer.json()["detail"], str)


def test_wrong_password_and_unknown_user_get_the_same_answer(alice: User) -> None:
    wrong = APIClient().post(LOGIN, {"username": "alice", "password": "wrong"}, format="multipart")
    unknown = APIClient().post(LOGIN, {"username": "nobody", "password": "wrong"}, format="multipart")

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.headers["WWW-Authenticate"] == unknown.headers["WWW-Authenticate"] == "Bearer"


class CountingHasher(MD5PasswordHasher):
    """Counts what costs time."""

    algorithm = "counting"
    runs: ClassVar[list[str]] = []

    def encode(self, password: str, salt: str) -> str:
        self.runs.append(password)
        return super().encode(password, salt)


def test_an_unknown_and_a_disabled_user_cost_as_many_hashes_as_a_known_one(
    db: None, settings: LazySettings
) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    User.objects.create_user("alice", PASSWORD)
    User.objects.create_user("gone", PASSWORD)
    User.objects.filter(username="gone").update(is_active=False)
    costs = []
    for username in ("alice", "gone", "nobody", "nul\0"):
        CountingHasher.runs.clear()
        assert log_in(username=username, password="wrong") == 401
        costs.append(len(CountingHasher.runs))

    assert costs == [1, 1, 1, 1]


def test_a_disabled_user_cannot_log_in(alice: User) -> None:
    User.objects.update(is_active=False)

    assert log_in(username="alice", password=PASSWORD) == 401


@pytest.mark.parametrize("password", ["a\0b", f"{PASSWORD}\0", " ", "ü☃" * 100, f" {PASSWORD} "])
def test_strange_passwords_are_401(alice: User, password: str) -> None:
    assert log_in(username="alice", password=password) == 401


@pytest.mark.parametrize("hashers", ["bcrypt"])
def test_nul_in_a_password_is_401_with_the_real_hasher(db: None, hashers: str) -> None:
    User.objects.create_user("alice", "a\0bcdefgh")

    assert log_in(username="alice", password="a\0xxxxxxx") == 401
    assert User.objects.get().password.startswith("bcrypt_sha256$")


@pytest.mark.parametrize("fields", [{"username": "alice"}, {"password": "x"}, {}])
def test_a_missing_field_is_400_with_a_sentence(alice: User, fields: dict[str, str]) -> None:
    answer = APIClient().post(LOGIN, fields, format="multipart")

    assert answer.status_code == 400
    assert isinstance(answer.json()["detail"], str)


def test_another_grant_type_is_400(alice: User) -> None:
    assert log_in(username="alice", password=PASSWORD, grant_type="implicit") == 400


def test_a_stale_token_does_not_stand_in_the_way(alice: User, client_of: ClientOf) -> None:
    fields = {"username": "alice", "password": PASSWORD}

    assert client_of("stale").post(LOGIN, fields, format="multipart").status_code == 200


def test_bearer_routes_make_no_session(alice: User, client_of: ClientOf, token_of_alice: str) -> None:
    client = client_of(token_of_alice)
    client.get("/api/user/me")

    assert not client.cookies


@pytest.fixture
def token_of_alice(alice: User) -> str:
    answer = APIClient().post(LOGIN, {"username": "alice", "password": PASSWORD}, format="multipart")
    return str(answer.json()["access_token"])
