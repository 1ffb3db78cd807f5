"""API keys: what each of their limits refuses, what ends them, and what is kept of them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import key_use, keys, last_seen, tokens
from accounts.models import Access, Key, SignIn, User, UserRole
from accounts.rights import grants
from accounts.rights.grants import WantedGrant
from accounts.rights.loading import rights_of
from accounts.rights.verbs import Verb
from accounts.tests.conftest import PASSWORD, ClientOf, MakeUser
from accounts.tokens import TokenRefused
from audit import recorder
from audit.models import AuditEvent
from core.errors import InvalidRequest
from core.redaction import Redactor

ME, KEYS = "/api/user/me", "/api/user/me/keys"
NEW = "an0ther-horse"

pytestmark = pytest.mark.django_db


def made(user: User, **more: Any) -> tuple[Key, str]:
    wanted: dict[str, Any] = {"name": "script", "verbs": ["view", "power"], "servers": ["lobby"]} | more
    return keys.begin(user, keys.WantedKey(**wanted))


def used(token: str, *, address: str | None = "192.0.2.1") -> User:
    return key_use.prove(token, address=address, counts=False)[0]


def test_a_key_is_shown_once_and_stored_hashed(make_user: MakeUser, client_of: ClientOf) -> None:
    client = client_of(tokens.issue(make_user()))

    answer = client.post(KEYS, {"name": "ci", "verbs": ["power"], "servers": ["lobby"]}, format="json")

    assert answer.status_code == 201
    token = answer.json()["token"]
    prefix, row = answer.json()["prefix"], Key.objects.get()
    assert token.startswith(f"mca_{prefix}_")
    assert len(token) == 4 + 8 + 1 + 43
    assert row.token_hash == keys.hash_of(token)
    assert token[13:] not in str(list(Key.objects.values()))
    listed = client.get(KEYS).json()
    assert token[13:] not in str(listed)
    assert (listed[0]["verbs"], listed[0]["servers"], listed[0]["ended_at"]) == (["view", "power"], ["lobby"], None)
    assert row.expires_at - row.created_at == timedelta(days=90)
    assert client_of(token).get(ME).json()["username"] == "alice"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"verbs": []}, "verbs"), ({"verbs": ["fly"]}, "verbs"), ({"servers": []}, "servers"),
        ({"servers": ["../x"]}, "servers"), ({"servers": ["*"] * 3 + ["a" * 64]}, "servers"), ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"), ({"name": "x" * 51}, "name"), ({"networks": ["here"]}, "networks"),
        ({"networks": [f"192.0.2.{n}" for n in range(21)]}, "networks"),
        ({"expires_at": timezone.now() + timedelta(days=367)}, "expires_at"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expires_at"),
    ],
)
def test_what_no_key_can_be(make_user: MakeUser, more: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        made(make_user(), **more)

    assert list(refused.value.errors or {}) == [field]
    assert not Key.objects.exists()


def test_it_may_what_its_verbs_say_on_its_servers(make_user: MakeUser) -> None:
    _, token = made(make_user(), verbs=["power"], servers=["lobby", "mini-*"])

    rights = rights_of(used(token))

    assert rights.verbs("lobby") == rights.verbs("mini-1") == {Verb.VIEW, Verb.POWER}
    assert not rights.sees("other")
    assert not rights.may_create
    assert not rights.has_everything


def test_it_makes_servers_only_when_it_says_so(make_user: MakeUser) -> None:
    user = make_user()
    row, token = made(user, verbs=["create"], servers=[])

    assert rights_of(used(token)).may_create
    assert row.all_verbs == ["create"]
    assert rights_of(used(made(user)[1])).may_create is False


def test_it_may_what_its_owner_may_now(make_user: MakeUser) -> None:
    user = make_user()
    _, token = made(user, verbs=[str(verb) for verb in Verb], servers=["*"])
    assert rights_of(used(token)).verbs("lobby") == set(Verb)

    grants.set_rights(user.pk, access=Access.GRANTED, grants=[WantedGrant("viewer", "lobby", 1)])
    used(token)  # kept in the cache
    assert rights_of(used(token)).verbs("lobby") == {Verb.VIEW, Verb.CONSOLE}

    grants.take(user.pk, "lobby")
    assert not rights_of(used(token)).sees("lobby")


def test_a_key_of_an_owner_has_no_acts_of_owners(make_user: MakeUser, client_of: ClientOf) -> None:
    _, token = made(make_user(role=UserRole.OWNER), verbs=[*[str(verb) for verb in Verb], "create"], servers=["*"])
    client = client_of(token)

    for path in ("/api/admin/users", "/api/admin/keys", "/api/audit"):
        assert client.get(path).status_code == 403
    assert client.post("/api/admin/users", {"username": "eve", "password": PASSWORD}, format="json").status_code == 403
    assert not rights_of(used(token)).is_owner


def test_keys_make_no_keys_sessions_and_passwords(make_user: MakeUser, client_of: ClientOf) -> None:
    row, token = made(make_user(role=UserRole.OWNER), servers=["*"])
    client = client_of(token)

    assert client.post(KEYS, {"name": "x", "verbs": ["view"], "servers": ["*"]}, format="json").status_code == 403
    assert client.get(KEYS).status_code == client.delete(f"{KEYS}/{row.pk}").status_code == 403
    change = {"old_password": PASSWORD, "new_password": NEW}
    assert client.post("/api/user/me/password", change, format="json").status_code == 403
    assert client.post("/api/auth/logout-all").status_code == 403
    assert APIClient().post("/api/auth/session", {"access_token": token}, format="json").status_code == 400
    assert client.delete("/api/auth/session").status_code == 400
    assert not SignIn.objects.exists()
    assert Key.objects.count() == 1


@pytest.mark.parametrize("end", ["ended", "expired", "disabled", "deleted", "by an owner"])
def test_what_ends_a_key_ends_it_at_once(make_user: MakeUser, client_of: ClientOf, end: str) -> None:
    user = make_user()
    row, token = made(user)
    client = client_of(token)
    assert {client.get(ME).status_code for _ in range(3)} == {200}, "and the cache has it"

    if end == "ended":
        assert client_of(tokens.issue(user)).delete(f"{KEYS}/{row.pk}").status_code == 204
    elif end == "expired":
        Key.objects.update(expires_at=timezone.now())
        cache.clear()
    elif end == "disabled":
        user.is_active = False
        user.save()
    elif end == "deleted":
        user.delete()
    else:
        owner = client_of(tokens.issue(make_user("olga", UserRole.OWNER)))
        assert owner.get("/api/admin/keys").json()[0]["username"] == "alice"
        assert owner.delete(f"/api/admin/keys/{row.pk}").status_code == 204

    assert client.get(ME).status_code == 401


def test_a_cached_key_expires_in_time(make_user: MakeUser, monkeypatch: pytest.MonkeyPatch) -> None:
    row, token = made(make_user())
    used(token)
    used(token)
    monkeypatch.setattr("accounts.key_use.timezone.now", lambda: row.expires_at)

    with pytest.raises(TokenRefused, match="expired"):
        used(token)


def test_it_is_for_its_networks(make_user: MakeUser, client_of: ClientOf) -> None:
    _, token = made(make_user(), networks=["198.51.100.0/24", "2001:db8::/32"])

    assert used(token, address="198.51.100.7").username == "alice"
    assert used(token, address="2001:db8::1").username == "alice"
    for address in ("192.0.2.1", "2001:db9::1", None):
        with pytest.raises(TokenRefused, match="may not be used from"):
            used(token, address=address)
    answer = client_of(token).get(ME)
    assert answer.status_code == 401
    assert "127.0.0.1" in answer.json()["detail"]


def test_wrong_keys_are_throttled_by_address_and_lock_no_holder_out(make_user: MakeUser, client_of: ClientOf) -> None:
    _, token = made(make_user())
    wrong = client_of(f"mca_abcdefgh_{'x' * 43}")

    answers = [wrong.get(ME) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert "Retry-After" in answers[-1]
    assert client_of("mca_short").get(ME).status_code == 429
    assert wrong.get(ME, REMOTE_ADDR="198.51.100.9").status_code == 401
    assert client_of(token).get(ME).status_code == 200


def test_a_key_of_another_time_is_not_guessing(make_user: MakeUser, client_of: ClientOf) -> None:
    row, token = made(make_user())
    keys.end(row.pk, why=keys.BY_USER)

    assert {client_of(token).get(ME).status_code for _ in range(12)} == {401}


def test_signing_out_everywhere_leaves_keys(make_user: MakeUser, client_of: ClientOf) -> None:
    user = make_user()
    _, token = made(user)

    assert client_of(tokens.issue(user)).post("/api/auth/logout-all").status_code == 204

    assert client_of(token).get(ME).status_code == 200


@pytest.mark.parametrize("by", ["an owner", "the admin site", "oneself", "oneself there"])
def test_a_password_of_somebody_else_ends_keys(make_user: MakeUser, client_of: ClientOf, by: str) -> None:
    user, owner = make_user(role=UserRole.OWNER), make_user("olga", UserRole.OWNER)
    row, token = made(user)
    site = Client()
    site.post("/admin/login/", {"username": "alice" if by == "oneself there" else "olga", "password": PASSWORD})

    if by == "an owner":
        path = f"/api/admin/users/{user.pk}"
        assert client_of(tokens.issue(owner)).patch(path, {"password": NEW}, format="json").status_code == 200
    elif by == "oneself":
        change = {"old_password": PASSWORD, "new_password": NEW}
        assert client_of(tokens.issue(user)).post("/api/user/me/password", change, format="json").status_code == 200
    else:
        form = {"password1": NEW, "password2": NEW, "usable_password": "true"}
        assert site.post(f"/admin/accounts/user/{user.pk}/password/", form).status_code == 302

    row.refresh_from_db()
    is_ended = not by.startswith("oneself")
    assert row.ended_why == (keys.NEW_PASSWORD if is_ended else "")
    assert client_of(token).get(ME).status_code == (401 if is_ended else 200)


def test_a_request_asks_one_query_and_then_none(make_user: MakeUser, django_assert_num_queries: Any) -> None:
    user = make_user()
    grants.set_rights(user.pk, access=Access.GRANTED, grants=[WantedGrant("viewer", name, 1) for name in "ab"])
    _, token = made(user, servers=["*"])

    for expected in (1, 1, 0, 0):
        with django_assert_num_queries(expected):
            assert rights_of(used(token)).sees("a")
            assert rights_of(used(token)).sees("b") if expected == 0 else True


def test_the_last_use_is_kept_to_the_minute_without_a_write_each(make_user: MakeUser, client_of: ClientOf) -> None:
    row, token = made(make_user())
    client_of(token).get(ME)
    row.refresh_from_db()
    assert row.last_used_at is None

    last_seen.store()

    row.refresh_from_db()
    assert row.last_used_at is not None
    assert (row.last_used_at.second, row.last_address) == (0, "127.0.0.1")


def test_there_are_fifty_at_most_and_dead_ones_do_not_count(make_user: MakeUser, client_of: ClientOf) -> None:
    user = make_user()
    rows = [made(user)[0] for _ in range(50)]
    body = {"name": "one more", "verbs": ["view"], "servers": ["*"]}
    client = client_of(tokens.issue(user))
    assert client.post(KEYS, body, format="json").status_code == 409

    keys.end(rows[0].pk, why=keys.BY_USER)

    assert client.post(KEYS, body, format="json").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_fifty_calls_at_once_keep_the_limit(make_user: MakeUser) -> None:
    user = make_user()
    for _ in range(25):
        made(user)
    together = threading.Barrier(50)

    def one(_: int) -> bool:
        together.wait(30)
        try:
            made(user)
        except keys.TooManyKeys:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(50) as pool:
        done = list(pool.map(one, range(50)))

    assert done.count(True) == 25
    assert Key.objects.count() == 50


@pytest.mark.django_db(transaction=True)
def test_the_audit_names_the_key_and_never_holds_it(make_user: MakeUser, client_of: ClientOf) -> None:
    user = make_user()
    answer = client_of(tokens.issue(user)).post(
        KEYS, {"name": "ci", "verbs": ["view"], "servers": ["*"]}, format="json"
    ).json()
    for _ in range(3):
        client_of(answer["token"]).get(f"{ME}?x={answer['token']}")
    client_of(answer["token"]).post("/api/auth/logout-all")
    recorder.flush()

    rows = AuditEvent.objects.order_by("pk").values_list("method", "path", "username", "role", "count")
    key = f"key {answer['prefix']}"
    assert list(rows) == [
        ("POST", KEYS, "alice", "admin", 1), ("GET", ME, "alice", key, 3),
        ("POST", "/api/auth/logout-all", "alice", key, 1),
    ]
    assert answer["token"] not in str(list(AuditEvent.objects.values()))
    assert Redactor()(f"a line with {answer['token']} in it") == "a line with ***MASKED*** in it"


def test_the_command_makes_lists_and_ends(make_user: MakeUser, client_of: ClientOf) -> None:
    make_user()
    out = StringIO()
    call_command("key", "create", "alice", "ci", "--verb", "power", "--server", "lobby", "--days", "3", stdout=out,
                 stderr=StringIO())
    token = out.getvalue().strip()
    assert client_of(token).get(ME).status_code == 200

    row = Key.objects.get()
    for words in (["key", "list", "alice"], ["key", "list", "--json"]):
        listed = StringIO()
        call_command(*words, stdout=listed)
        assert row.prefix in listed.getvalue()
        assert token not in listed.getvalue()
    call_command("key", "end", str(row.pk), stdout=StringIO())
    assert client_of(token).get(ME).status_code == 401


def test_an_owner_ends_keys_on_the_admin_site(make_user: MakeUser, client_of: ClientOf) -> None:
    make_user("olga", UserRole.OWNER)
    row, token = made(make_user())
    site = Client()
    site.post("/admin/login/", {"username": "olga", "password": PASSWORD})
    assert row.prefix in site.get("/admin/accounts/key/").content.decode()

    site.post("/admin/accounts/key/", {"action": "end", "_selected_action": [row.pk]})

    assert client_of(token).get(ME).status_code == 401
