"""The list of sign-ins: what stands there, what ends one or all others, what a user keeps beside it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import last_seen, sign_ins, tokens
from accounts.models import SignIn, User, UserRole
from accounts.tests.conftest import PASSWORD, ClientOf, MakeUser
from accounts.tests.pages import COOKIE, ME, SESSION, SESSIONS, Browser
from audit import recorder
from audit.models import AuditEvent

NEW = "an0ther-horse"

pytestmark = pytest.mark.django_db


def test_the_list_names_sessions_and_tokens_and_which_is_this(make_user: MakeUser, client_of: ClientOf) -> None:
    make_user(role=UserRole.OWNER)
    make_user("olga")
    Browser().sign_in("olga")
    Client().post("/admin/login/", {"username": "alice", "password": PASSWORD})
    token = APIClient().post("/api/auth/token", {"username": "alice", "password": PASSWORD}).json()["access_token"]
    browser = Browser()
    browser.extra["HTTP_USER_AGENT"] = "Fire\0fox" + "x" * 300
    browser.sign_in()

    listed = browser.get(SESSIONS).json()

    assert [row["method"] for row in listed] == ["page", "token", "admin_site"]
    assert [row["current"] for row in listed] == [True, False, False]
    assert (listed[0]["address"], listed[0]["agent"]) == ("127.0.0.1", "Firefox" + "x" * 193)
    assert [row["current"] for row in client_of(token).get(SESSIONS).json()] == [False, True, False]


def test_ending_one_of_the_list(make_user: MakeUser, client_of: ClientOf) -> None:
    make_user()
    first, second = Browser(), Browser()
    first.sign_in()
    second.sign_in()
    token = APIClient().post("/api/auth/token", {"username": "alice", "password": PASSWORD}).json()["access_token"]
    ids = {row["method"]: row["id"] for row in second.get(SESSIONS).json() if not row["current"]}

    assert second.change("DELETE", f"{SESSIONS}/{ids['token']}").status_code == 204
    assert second.change("DELETE", f"{SESSIONS}/{ids['page']}").status_code == 204

    assert client_of(token).get(ME).status_code == 401
    assert first.get(ME).status_code == 401
    assert second.change("DELETE", f"{SESSIONS}/{ids['page']}").status_code == 404
    assert len(second.get(SESSIONS).json()) == 1


def test_sessions_of_others_do_not_exist(browser: Browser, make_user: MakeUser) -> None:
    make_user("olga")
    Browser().sign_in("olga")
    theirs = SignIn.objects.get(user__username="olga").pk

    assert browser.change("DELETE", f"{SESSIONS}/{theirs}").status_code == 404
    assert SignIn.objects.get(pk=theirs).ended_at is None


@pytest.mark.parametrize("by", ["session", "token", "token of no row"])
def test_ending_all_others_spares_the_one_that_asks(make_user: MakeUser, client_of: ClientOf, by: str) -> None:
    user = make_user(role=UserRole.OWNER)
    browser, other = Browser(), Browser()
    browser.sign_in()
    other.sign_in()
    listed = APIClient().post("/api/auth/token", {"username": "alice", "password": PASSWORD}).json()["access_token"]
    unlisted, another = tokens.issue(user), tokens.issue(user)
    ask = {"token": client_of(listed), "token of no row": client_of(unlisted)}.get(by)
    path = f"{SESSIONS}?others=1"

    answer = browser.change("DELETE", path) if ask is None else ask.delete(path)

    assert answer.status_code == 204
    good = {
        "session": browser.get(ME), "other": other.get(ME), "token": client_of(listed).get(ME),
        "token of no row": client_of(unlisted).get(ME), "another": client_of(another).get(ME),
    }
    assert [name for name, answer in good.items() if answer.status_code == 200] == [by]
    if by == "session":
        assert browser.get("/admin/").status_code == 200, "the admin site knows the session, too"


def test_others_has_to_be_said(browser: Browser) -> None:
    assert browser.change("DELETE", SESSIONS).status_code == 400


def test_a_new_password_spares_the_session_that_asks(make_user: MakeUser) -> None:
    make_user()
    browser, other = Browser(), Browser()
    browser.sign_in()
    other.sign_in()

    answer = browser.change("POST", "/api/user/me/password", {"old_password": PASSWORD, "new_password": NEW})

    assert answer.status_code == 200
    assert (browser.get(ME).status_code, other.get(ME).status_code) == (200, 401)


def test_signing_in_again_ends_the_session_before_it(browser: Browser, make_user: MakeUser) -> None:
    make_user("olga")
    before = browser.key

    browser.sign_in("olga")

    assert browser.get(ME).json()["username"] == "olga"
    assert browser.key != before
    browser.client.cookies[COOKIE] = before
    assert browser.get(ME).status_code == 401


def test_a_session_of_the_admin_site_is_one_of_the_page_and_ends_with_it(make_user: MakeUser) -> None:
    make_user(role=UserRole.OWNER)
    client = Client()
    client.post("/admin/login/", {"username": "alice", "password": PASSWORD})
    assert client.get(ME).status_code == 200

    client.post("/admin/logout/")

    assert client.get(ME).status_code == 401
    assert not sign_ins.listed(User.objects.get()).exists()


def test_a_session_without_a_row_is_taken_up_once(make_user: MakeUser) -> None:
    """As sessions of the admin site are that began before there were rows, or got a new key."""
    make_user(role=UserRole.OWNER)
    client = Client()
    client.post("/admin/login/", {"username": "alice", "password": PASSWORD})
    SignIn.objects.all().delete()

    assert client.get(ME).status_code == 200
    assert SignIn.objects.get().method == "admin_site"


def test_invented_keys_let_nobody_in(make_user: MakeUser) -> None:
    make_user()
    for key in ("x", "a" * 32, "", "\0", "é", "x" * 5000):
        client = APIClient()
        client.cookies[COOKIE] = key
        assert client.get(ME).status_code == 401


def test_last_seen_is_stored_together_and_to_the_minute(browser: Browser, make_user: MakeUser) -> None:
    hour_ago = timezone.now() - timedelta(hours=1)
    SignIn.objects.update(last_seen_at=hour_ago)
    browser.get(ME)
    assert User.objects.get().last_seen_at is None, "a request writes nothing"

    last_seen.store()

    user, row = User.objects.get(), SignIn.objects.get()
    assert user.last_seen_at is not None
    assert user.last_seen_at == row.last_seen_at > hour_ago
    assert (user.last_seen_at.second, user.last_seen_at.microsecond) == (0, 0)


def test_rows_of_tokens_are_bounded_and_tokens_beyond_them_stay_good(
    make_user: MakeUser, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, rf: Any
) -> None:
    monkeypatch.setattr(sign_ins, "MOST_OF_ONE", 3)
    user = make_user()
    issued = [sign_ins.begin_token(rf.get("/"), user, method="token") for _ in range(5)]  # type: ignore[arg-type]

    assert SignIn.objects.count() == 3
    assert {client_of(token).get(ME).status_code for token in issued} == {200}
    assert client_of(issued[-1]).delete(f"{SESSIONS}?others=1").status_code == 204
    assert [client_of(token).get(ME).status_code for token in issued] == [401, 401, 401, 401, 200]


def test_an_owner_ends_all_of_somebody(make_user: MakeUser, client_of: ClientOf) -> None:
    make_user()
    browser = Browser()
    browser.sign_in()
    owner = client_of(tokens.issue(make_user("olga", UserRole.OWNER)))
    alice = User.objects.get(username="alice")

    assert owner.delete(f"/api/admin/users/{alice.pk}/sessions").status_code == 204

    assert browser.get(ME).status_code == 401
    assert owner.delete("/api/admin/users/999999/sessions").status_code == 404


def test_an_owner_disables_and_sees_who_is_active(make_user: MakeUser, client_of: ClientOf) -> None:
    alice = make_user()
    owner = client_of(tokens.issue(make_user("olga", UserRole.OWNER)))

    answer = owner.patch(f"/api/admin/users/{alice.pk}", {"active": False}, format="json")

    assert (answer.status_code, answer.json()["active"], answer.json()["last_seen_at"]) == (200, False, None)
    assert Browser().sign_in().status_code == 401


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ({}, 200), ({"a": {"b": [1, None, "ä"]}}, 200), ({"x": "y" * 16_374}, 200), ({"x": "y" * 16_400}, 413),
        ({"x": "ä" * 9000}, 413), ([], 400), ("x", 400), (None, 400), ({"x": "\0"}, 400),
    ],
)
def test_preferences_are_any_small_object(browser: Browser, value: Any, status: int) -> None:
    path = "/api/user/me/preferences"
    assert browser.get(path).json() == {}

    assert browser.change("PUT", path, {"n": 1} if value is None else value).status_code in {status, 200}
    if status == 200:
        assert browser.get(path).json() == value


@pytest.mark.django_db(transaction=True)
def test_changes_by_session_have_its_users_name_in_the_audit(make_user: MakeUser) -> None:
    make_user()
    browser = Browser()
    browser.sign_in()
    browser.change("PUT", "/api/user/me/preferences", {})
    browser.change("DELETE", SESSION)
    recorder.flush()

    rows = AuditEvent.objects.filter(path__startswith="/api/").order_by("pk").values_list("method", "path", "username")
    assert list(rows) == [
        ("POST", SESSION, "alice"), ("PUT", "/api/user/me/preferences", "alice"), ("DELETE", SESSION, "alice"),
    ]
