import base64
import hashlib
import hmac
import json
import time
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from django.conf import LazySettings, settings
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import tokens
from accounts.authentication import authenticate_token
from accounts.identity import SystemUser
from accounts.models import User, UserRole
from accounts.tests.conftest import PASSWORD, ClientOf, MakeUser
from accounts.tokens import TokenRefused
from accounts.user_cache import SignedIn

ME = "/api/user/me"


def payload_of(token: str) -> dict[str, Any]:
    payload: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return payload


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign(payload: object, *, algorithm: str = "HS256", key: str | None = None) -> str:
    text = f"{part({'typ': 'JWT', 'alg': algorithm})}.{part(payload)}"
    digest = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}.get(algorithm)
    secret = (key or settings.MC_ADMIN.jwt.secret_key).encode()
    return f"{text}.{part(hmac.digest(secret, text.encode(), digest)) if digest else ''}"


def test_claims_are_the_promised_ones(make_user: MakeUser) -> None:
    user = make_user(role=UserRole.OWNER)

    claims = payload_of(tokens.issue(user))

    assert set(claims) == {"sub", "user_id", "username", "role", "created_at", "exp", "iat", "jti"}
    assert (claims["sub"], claims["username"], claims["role"]) == ("alice", "alice", "owner")
    assert claims["user_id"] == user.pk
    assert datetime.fromisoformat(claims["created_at"]) == user.created_at
    assert claims["exp"] - claims["iat"] == pytest.approx(43200 * 60, abs=2)
    assert isinstance(claims["iat"], float)


def test_a_token_names_its_user(make_user: MakeUser) -> None:
    user = make_user()

    assert authenticate_token(tokens.issue(user)) == user


def test_identity_is_the_id_and_role_and_name_are_the_databases(make_user: MakeUser) -> None:
    user = make_user()
    token = tokens.issue(user)
    User.objects.filter(pk=user.pk).update(role=UserRole.OWNER, username="renamed")

    found = authenticate_token(token)

    assert (found.role, found.username) == ("owner", "renamed")


@pytest.mark.parametrize("kind", [int, float])
@pytest.mark.parametrize("in_s", [60.5, 1e300], ids=["soon", "far"])
def test_exp_may_be_int_or_float(token: str, client_of: ClientOf, kind: type[int | float], in_s: float) -> None:
    assert client_of(sign(payload_of(token) | {"exp": kind(time.time() + in_s)})).get(ME).status_code == 200


def test_a_deleted_user_is_out(make_user: MakeUser, client_of: ClientOf) -> None:
    user = make_user()
    client = client_of(tokens.issue(user))
    user.delete()

    assert client.get(ME).status_code == 401


def test_a_disabled_user_is_out(make_user: MakeUser, client_of: ClientOf) -> None:
    user = make_user()
    client = client_of(tokens.issue(user))
    User.objects.update(is_active=False)

    assert client.get(ME).status_code == 401


def test_ids_are_not_reused(make_user: MakeUser) -> None:
    token = tokens.issue(user := make_user())
    user.delete()
    make_user("another")

    with pytest.raises(TokenRefused):
        authenticate_token(token)


def test_end_tokens_ends_older_ones_and_no_newer(make_user: MakeUser) -> None:
    user = make_user()
    old = tokens.issue(user)
    user.end_tokens()
    user.save()
    new = tokens.issue(user)

    assert authenticate_token(new) == user
    with pytest.raises(TokenRefused, match="signed out"):
        authenticate_token(old)


def test_ending_twice_within_one_tick_ends_the_token_between(make_user: MakeUser) -> None:
    user = make_user()
    user.tokens_valid_after = timezone.now() + timedelta(milliseconds=400)  # as a clock set back leaves it
    _, between = tokens.issue_with_claims(user)
    user.end_tokens()
    user.save()

    assert not SignedIn(user, None).is_good(issued_at=between.issued_at)
    _, after = tokens.issue_with_claims(user)
    assert SignedIn(user, None).is_good(issued_at=after.issued_at)


def test_a_clock_that_was_set_back_is_no_reason_not_to_sign_in(make_user: MakeUser) -> None:
    user = make_user()
    user.tokens_valid_after = timezone.now() + timedelta(minutes=1)
    user.save()

    answer = APIClient().post("/api/auth/token", {"username": "alice", "password": PASSWORD})

    assert answer.status_code == 200


def test_a_new_password_ends_tokens(make_user: MakeUser) -> None:
    user = make_user()
    token = tokens.issue(user)
    user.set_password("an0ther-horse")
    user.save()

    with pytest.raises(TokenRefused):
        authenticate_token(token)


@pytest.mark.parametrize("claim", ["iat", "jti"])
def test_a_token_of_the_earlier_version_is_told_to_sign_in_again(
    token: str, client_of: ClientOf, claim: str
) -> None:
    payload = payload_of(token)
    del payload[claim]

    answer = client_of(sign(payload)).get(ME)

    assert answer.status_code == 401
    assert "earlier version; sign in again" in answer.json()["detail"]


GARBAGE = [
    {"user_id": {}}, {"user_id": [1]}, {"user_id": "1"}, {"user_id": True}, {"user_id": 1.0}, {"user_id": 10**30},
    {"user_id": -1}, {"user_id": 0}, {"user_id": None}, {"role": "root"}, {"role": []}, {"role": None},
    {"iat": "now"}, {"iat": float("nan")}, {"iat": float("inf")}, {"iat": {}}, {"iat": True}, {"iat": 1e300},
    {"exp": "2030-01-01"}, {"exp": float("nan")}, {"exp": float("inf")}, {"exp": None}, {"exp": "9999999999"},
    {"exp": 1}, {"sub": 7}, {"username": None}, {"created_at": 5}, {"jti": 5}, {"nbf": 1e12},
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=str)
def test_garbage_in_a_claim_is_401(token: str, client_of: ClientOf, garbage: dict[str, Any]) -> None:
    assert client_of(sign(payload_of(token) | garbage)).get(ME).status_code == 401


@pytest.mark.parametrize("claim", ["sub", "user_id", "username", "role", "created_at", "exp", "iat", "jti"])
def test_every_claim_is_required(token: str, client_of: ClientOf, claim: str) -> None:
    payload = payload_of(token)
    del payload[claim]

    assert client_of(sign(payload)).get(ME).status_code == 401


@pytest.mark.parametrize("payload", [[], "text", 5, None, b"\xff\xfe", b"[" * 3000], ids=str)
def test_a_payload_that_is_no_object_is_401(db: None, client_of: ClientOf, payload: object) -> None:
    assert client_of(sign(payload)).get(ME).status_code == 401


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: sign(payload_of(token), algorithm="none"),
        lambda token: sign(payload_of(token), algorithm="HS512"),
        lambda token: sign(payload_of(token), key="an0ther-signing-key-0123456789abcdef"),
        lambda token: token[:-5],
        lambda token: token.rpartition(".")[0],
        lambda token: f"{part(b'[' * 3000)}.e30.e30",
        lambda token: "a.b.c",
        lambda token: "x" * 100_000,
        lambda token: "ünïcode.ẞ.☃",
        lambda token: token + "\x00",
    ],
)
def test_a_forged_token_is_401(token: str, client_of: ClientOf, forge: Any) -> None:
    answer = client_of(forge(token)).get(ME)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert isinstance(answer.json()["detail"], str)


def test_the_scheme_is_case_insensitive(token: str) -> None:
    assert APIClient().get(ME, HTTP_AUTHORIZATION=f"bEaReR {token}").status_code == 200


@pytest.mark.parametrize("header", ["Basic dTpw", "Bearer", "Bearer ", "Bearer a b", "x", " "])
def test_another_scheme_or_a_malformed_header_is_401(db: None, header: str) -> None:
    answer = APIClient().get(ME, HTTP_AUTHORIZATION=header)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_no_header_is_401() -> None:
    answer = APIClient().get(ME)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_the_master_token_is_system(db: None, client_of: ClientOf) -> None:
    answer = client_of(settings.MC_ADMIN.master_token).get(ME)

    assert answer.status_code == 200
    body = answer.json()
    assert (body["id"], body["username"], body["role"]) == (0, "SYSTEM", "owner")
    assert body["created_at"].endswith("Z")


def test_an_empty_master_token_is_off(settings: LazySettings) -> None:
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"master_token": ""})

    with pytest.raises(TokenRefused):
        authenticate_token("")


def test_a_master_token_beyond_ascii_works(db: None, settings: LazySettings, client_of: ClientOf) -> None:
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"master_token": "schlüssel-☃-schlüssel"})
    as_sent = "schlüssel-☃-schlüssel".encode().decode("latin-1")

    assert isinstance(authenticate_token("schlüssel-☃-schlüssel"), SystemUser)
    assert client_of(as_sent).get(ME).status_code == 200
