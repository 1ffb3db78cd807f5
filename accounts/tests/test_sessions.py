"""Sessions by cookie: begun, proved, renewed and ended, beside tokens."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import sign_ins, tokens
from accounts.models import SignIn, User, UserRole
from accounts.tests.conftest import PASSWORD, ClientOf, MakeUser
from accounts.tests.pages import COOKIE, ME, SESSION, SESSIONS, Browser

NEW = "an0ther-horse"

pytestmark = pytest.mark.django_db


def test_a_stranger_learns_that_nobody_is_signed_in(make_user: MakeUser) -> None:
    assert Browser().get(SESSION).json()["setup_needed"] is True
    make_user(role=UserRole.OWNER)

    answer = Browser().get(SESSION)

    assert answer.json() == {"user": None, "setup_needed": False, "csrf": answer.json()["csrf"]}
    assert len(answer.json()["csrf"]) == 64
    assert COOKIE not in answer.cookies


def test_a_session_lets_in_and_says_who(browser: Browser) -> None:
    assert browser.get(ME).json()["username"] == "alice"
    state = browser.get(SESSION).json()
    assert (state["user"]["username"], state["setup_needed"]) == ("alice", False)


@pytest.mark.parametrize(("remember", "max_age"), [(True, 30 * 24 * 3600), (False, "")])
def test_the_cookie_is_for_this_browser_and_no_script(make_user: MakeUser, remember: bool, max_age: Any) -> None:
    make_user()

    cookie = Browser().sign_in(remember=remember).cookies[COOKIE]

    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    assert (cookie["max-age"], cookie["domain"]) == (max_age, "")


def test_over_tls_the_cookie_has_the_prefix_and_no_other_counts(make_user: MakeUser) -> None:
    make_user()
    browser = Browser(is_secure=True)
    browser.extra["HTTP_REFERER"] = "https://testserver/"
    answer = browser.sign_in()

    cookie = answer.cookies[f"__Host-{COOKIE}"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
    assert COOKIE not in answer.cookies
    assert browser.get(ME).status_code == 200
    assert browser.change("DELETE", SESSION).cookies[f"__Host-{COOKIE}"].value == ""

    tossed = Browser(is_secure=True)
    tossed.client.cookies[COOKIE] = cookie.value
    assert tossed.get(ME).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"username": "alice", "password": "wrong"}, 401, "wrong_credentials"),
        ({"username": "nobody", "password": PASSWORD}, 401, "wrong_credentials"),
        ({"username": "alice\0", "password": PASSWORD}, 401, "wrong_credentials"),
        ({"username": "alice"}, 400, "invalid"),
        ({}, 400, "invalid"),
        ({"access_token": "x", "username": "alice", "password": PASSWORD}, 400, "invalid"),
        ({"access_token": "x"}, 401, "not_authenticated"),
        ({"access_token": "master-token-of-the-tests"}, 401, "not_authenticated"),
        ([], 400, "invalid"),
    ],
)
def test_what_begins_no_session(make_user: MakeUser, body: Any, status: int, code: str) -> None:
    make_user()

    answer = APIClient().post(SESSION, body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert COOKIE not in answer.cookies
    assert not SignIn.objects.exists()


def test_the_master_token_has_no_session() -> None:
    answer = APIClient().post(SESSION, {"access_token": django_settings.MC_ADMIN.master_token}, format="json")

    assert answer.status_code == 400
    assert COOKIE not in answer.cookies


def test_a_token_becomes_a_session(make_user: MakeUser) -> None:
    browser = Browser()
    answer = browser.client.post(SESSION, {"access_token": tokens.issue(make_user())}, format="json")

    assert answer.json()["user"]["username"] == "alice"
    assert browser.get(ME).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_ORIGIN": "http://localhost:3000"}, {"HTTP_ORIGIN": "null"}, {"HTTP_ORIGIN": "http://testserver:25565"},
        {"HTTP_SEC_FETCH_SITE": "same-site", "HTTP_SEC_FETCH_MODE": "cors"},
    ],
)
def test_pages_of_other_origins_begin_and_use_none(browser: Browser, headers: Any) -> None:
    body = {"username": "alice", "password": PASSWORD}

    assert APIClient().post(SESSION, body, format="json", **headers).json()["code"] == "foreign_origin"
    assert browser.get(ME, **headers).status_code == 401
    assert browser.change("DELETE", f"{SESSIONS}?others=1", **headers).status_code == 401


@pytest.mark.parametrize("csrf", [None, "", "x" * 64, "x"])
def test_a_change_needs_the_csrf_token(browser: Browser, csrf: str | None) -> None:
    headers: Any = {} if csrf is None else {"HTTP_X_CSRFTOKEN": csrf}
    browser.csrf = ""
    for method, path in (
        ("POST", "/api/auth/logout-all"), ("PUT", "/api/user/me/preferences"), ("DELETE", f"{SESSIONS}?others=1"),
        ("DELETE", SESSION), ("POST", "/api/user/me/password"),
    ):
        answer = browser.client.generic(method, path, "{}", content_type="application/json", **headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    fields = {"csrfmiddlewaretoken": browser.client.cookies["csrftoken"].value}
    form = browser.client.post("/api/auth/logout-all", fields)
    assert form.json()["code"] == "csrf_failed", "a form may not carry the token: it would be parsed first"
    assert browser.get(ME).status_code == 200


def test_a_change_with_it_is_made_and_audited(browser: Browser, settings: Any) -> None:
    assert browser.change("PUT", "/api/user/me/preferences", {"theme": "dark"}).json() == {"theme": "dark"}


def test_who_signs_in_by_token_gets_no_cookie(make_user: MakeUser, client_of: ClientOf) -> None:
    client = client_of(tokens.issue(make_user()))

    answer = client.get(SESSION)

    assert (answer.json()["user"]["username"], answer.json()["csrf"], dict(answer.cookies)) == ("alice", None, {})
    refused = client.post(SESSION, {"username": "alice", "password": PASSWORD}, format="json")
    assert (refused.status_code, dict(refused.cookies)) == (400, {})


def test_with_a_token_the_cookie_is_not_looked_at(browser: Browser, make_user: MakeUser) -> None:
    other = tokens.issue(make_user("olga"))

    assert browser.get(ME, HTTP_AUTHORIZATION=f"Bearer {other}").json()["username"] == "olga"
    assert browser.get(ME, HTTP_AUTHORIZATION="Bearer nonsense").status_code == 401
    assert browser.get(SESSION, HTTP_AUTHORIZATION="Bearer nonsense").status_code == 401


def test_signing_out_ends_the_session_and_says_what_the_browser_forgets(browser: Browser) -> None:
    key = browser.key
    answer = browser.change("DELETE", SESSION)

    assert (answer.status_code, answer.headers["Clear-Site-Data"]) == (204, '"cache", "storage"')
    assert not Session.objects.filter(session_key=key).exists()
    browser.client.cookies[COOKIE] = key
    assert browser.get(ME).status_code == 401
    assert browser.change("DELETE", SESSION).status_code == 204, "twice is no error"


def test_signing_out_by_token_ends_that_token_alone(make_user: MakeUser, client_of: ClientOf) -> None:
    user = make_user()
    first, second = tokens.issue(user), tokens.issue(user)

    assert client_of(first).delete(SESSION).status_code == 204

    assert client_of(first).get(ME).status_code == 401
    assert client_of(second).get(ME).status_code == 200


def _disable(user: User) -> None:
    user.is_active = False
    user.save()


@pytest.mark.parametrize(
    "end",
    [
        _disable, lambda user: user.delete(), lambda user: (user.end_tokens(), user.save()),
        lambda user: (user.set_password(NEW), user.save()),
        lambda _: SignIn.objects.update(expires_at=timezone.now()),
        lambda user: sign_ins.end(SignIn.objects.get().pk, user=user),
    ],
    ids=["disabled", "deleted", "tokens ended", "new password", "expired", "ended"],
)
def test_what_ends_a_session(browser: Browser, end: Any) -> None:
    assert browser.get(ME).status_code == 200
    with_cache_aged = User.objects.get()

    end(with_cache_aged)
    cache.clear()

    assert browser.get(ME).status_code == 401


def test_a_rights_change_needs_no_wait_for_the_cache(browser: Browser, django_capture_on_commit_callbacks: Any) -> None:
    assert browser.get(ME).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        sign_ins.end(SignIn.objects.get().pk, user=User.objects.get())

    assert browser.get(ME).status_code == 401


def test_a_cached_session_asks_no_database(browser: Browser, django_assert_num_queries: Any) -> None:
    browser.get(ME)

    with django_assert_num_queries(0):
        assert browser.get(ME).status_code == 200


def test_a_cached_token_asks_no_database_and_another_one_query(
    make_user: MakeUser, client_of: ClientOf, django_assert_num_queries: Any
) -> None:
    client = client_of(tokens.issue(make_user()))
    with django_assert_num_queries(1):
        client.get(ME)
    with django_assert_num_queries(0):
        client.get(ME)


def test_a_kept_session_counts_its_days_from_each_day_of_use(make_user: MakeUser) -> None:
    make_user()
    browser = Browser()
    browser.sign_in(remember=True)
    assert COOKIE not in browser.get(ME).cookies, "not at each request"
    SignIn.objects.update(expires_at=timezone.now() + timedelta(days=2))
    cache.clear()

    answer = browser.get(ME)

    assert answer.cookies[COOKIE]["max-age"] == 30 * 24 * 3600
    assert SignIn.objects.get().expires_at > timezone.now() + timedelta(days=29)
    assert Session.objects.get().expire_date > timezone.now() + timedelta(days=29)
