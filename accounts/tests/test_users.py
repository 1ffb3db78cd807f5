"""Users over the API: every verb, both slash forms, and what may not happen."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import User, UserRole
from accounts.tests.conftest import PASSWORD, MakeUser
from testing.contract import ContractClient

USERS = "/api/admin/users"
ME = "/api/user/me"
NEW = "an0ther-horse"


def signed_in(user: User | str) -> APIClient:
    client = ContractClient()
    token = user if isinstance(user, str) else tokens.issue(user)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


@pytest.fixture
def owner(make_user: MakeUser) -> User:
    return make_user("olga", UserRole.OWNER)


@pytest.fixture
def bob(make_user: MakeUser) -> User:
    return make_user("bob")


@pytest.fixture
def olga(owner: User) -> APIClient:
    return signed_in(owner)


@pytest.mark.parametrize("slash", ["", "/"])
def test_make_read_replace_change_delete(olga: APIClient, slash: str) -> None:
    made = olga.post(USERS + slash, {"username": "otto", "password": NEW}, format="json")
    assert made.status_code == 200
    assert made.json() | {"id": 0, "created_at": ""} == {
        "id": 0, "username": "otto", "role": "admin", "created_at": "", "active": True, "last_seen_at": None,
        "access": "everything", "may_create": True,
    }
    one = f"{USERS}/{made.json()['id']}{slash}"
    assert olga.get(one).json() == made.json()
    assert olga.get(USERS + slash).json()[-1] == made.json()
    replaced = olga.put(one, {"username": "otto2", "role": "owner"}, format="json")
    assert (replaced.status_code, replaced.json()["username"], replaced.json()["role"]) == (200, "otto2", "owner")
    changed = olga.patch(one, {"role": "admin"}, format="json")
    assert (changed.status_code, changed.json()["role"]) == (200, "admin")
    deleted = olga.delete(one)
    assert (deleted.status_code, deleted.json()) == (200, {"message": "otto2 was deleted."})
    assert olga.get(one).status_code == 404


@pytest.mark.parametrize("path", ["/api/auth/register", "/api/auth/register/"])
def test_register_does_the_same(olga: APIClient, path: str) -> None:
    answer = olga.post(path, {"username": "otto", "password": NEW, "role": "owner", "extra": None}, format="json")

    assert (answer.status_code, answer.json()["role"]) == (200, "owner")
    assert User.objects.get(username="otto").check_password(NEW)


def test_the_master_token_makes_the_first_owner(db: None) -> None:
    client = signed_in(settings.MC_ADMIN.master_token)

    assert client.post(USERS, {"username": "olga", "password": NEW, "role": "owner"}, format="json").status_code == 200
    assert User.objects.get().is_owner


def test_users_are_listed_by_id(olga: APIClient, make_user: MakeUser) -> None:
    for name in ("zoe", "adam"):
        make_user(name)

    assert [user["username"] for user in olga.get(USERS).json()] == ["olga", "zoe", "adam"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"username": "bob"}, "username"), ({"username": "al"}, "username"), ({"username": "x" * 51}, "username"),
        ({"username": " otto"}, "username"), ({"username": "ot\nto"}, "username"), ({"username": "System"}, "username"),
        ({"username": "ot\0to"}, "username"), ({"username": None}, "username"), ({"password": "short-1"}, "password"),
        ({"password": "password1"}, "password"), ({"password": ""}, "password"),
        ({"username": "ottokar-9", "password": "ottokar-9"}, "password"),
        ({"role": "root"}, "role"), ({"role": None}, "role"), ({"role": "OWNER"}, "role"),
    ],
)
def test_what_is_not_allowed_is_400_by_field(olga: APIClient, bob: User, fields: Any, field: str) -> None:
    answer = olga.post(USERS, {"username": "otto", "password": NEW, **fields}, format="json")

    assert answer.status_code == 400
    assert isinstance(answer.json()["detail"], str)
    assert list(answer.json()["errors"]) == [field]
    assert User.objects.count() == 2


def test_the_same_rules_bind_changes(olga: APIClient, bob: User) -> None:
    for fields in ({"username": "olga"}, {"username": "x"}, {"password": "1234567"}, {"role": "root"}):
        assert olga.patch(f"{USERS}/{bob.pk}", fields, format="json").status_code == 400
    assert olga.put(f"{USERS}/{bob.pk}", {"role": "admin"}, format="json").status_code == 400
    bob.refresh_from_db()
    assert (bob.username, bob.role, bob.check_password(PASSWORD)) == ("bob", "admin", True)


@pytest.mark.parametrize("id", ["0", "999999999", "9" * 30])
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_an_unknown_user_is_404(olga: APIClient, id: str, method: str) -> None:
    answer = getattr(olga, method)(f"{USERS}/{id}", {"username": "otto", "role": "admin"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found")


def test_nobody_deletes_or_demotes_themselves(olga: APIClient, owner: User, make_user: MakeUser) -> None:
    make_user("oona", UserRole.OWNER)
    deleted = olga.delete(f"{USERS}/{owner.pk}")
    demoted = olga.patch(f"{USERS}/{owner.pk}", {"role": "admin"}, format="json")

    assert [(one.status_code, one.json()["code"]) for one in (deleted, demoted)] == [(400, "own_account")] * 2


def test_the_last_owner_stays_whoever_asks(owner: User) -> None:
    system = signed_in(settings.MC_ADMIN.master_token)
    deleted = system.delete(f"{USERS}/{owner.pk}")
    demoted = system.put(f"{USERS}/{owner.pk}", {"username": "olga", "role": "admin"}, format="json")

    assert [(one.status_code, one.json()["code"]) for one in (deleted, demoted)] == [(409, "last_owner")] * 2


@pytest.mark.parametrize(
    ("fields", "is_out"),
    [({"role": "owner"}, True), ({"password": NEW}, True), ({"username": "robert"}, False), ({"role": "admin"}, False)],
)
def test_a_new_role_or_password_signs_out(olga: APIClient, bob: User, fields: Any, is_out: bool) -> None:
    client = signed_in(bob)
    assert client.get(ME).status_code == 200

    assert olga.patch(f"{USERS}/{bob.pk}", fields, format="json").status_code == 200

    assert client.get(ME).status_code == (401 if is_out else 200)


def test_a_deleted_user_is_out_at_once(olga: APIClient, bob: User) -> None:
    client = signed_in(bob)
    assert client.get(ME).status_code == 200
    olga.delete(f"{USERS}/{bob.pk}")

    assert client.get(ME).status_code == 401


def test_ones_own_password(bob: User) -> None:
    client = signed_in(bob)
    answer = client.post(f"{ME}/password", {"old_password": PASSWORD, "new_password": NEW}, format="json")

    assert answer.status_code == 200
    assert client.get(ME).status_code == 401
    assert signed_in(answer.json()["access_token"]).get(ME).json()["username"] == "bob"
    bob.refresh_from_db()
    assert bob.check_password(NEW)


def test_the_token_issued_in_the_second_of_the_change_works_and_the_one_before_it_does_not(bob: User) -> None:
    for number in range(20):
        before = tokens.issue(User.objects.get(pk=bob.pk))
        fields = {"old_password": PASSWORD if number == 0 else f"{NEW}-{number - 1}", "new_password": f"{NEW}-{number}"}
        changed = signed_in(before).post(f"{ME}/password/", fields, format="json")
        assert changed.status_code == 200
        after = tokens.issue(User.objects.get(pk=bob.pk))
        found = [signed_in(one).get(ME).status_code for one in (before, changed.json()["access_token"], after)]
        assert found == [401, 200, 200]


def test_a_wrong_old_password_is_400_and_guesses_are_throttled(bob: User) -> None:
    client = signed_in(bob)

    def guess(old: str) -> Any:
        return client.post(f"{ME}/password", {"old_password": old, "new_password": NEW}, format="json")

    assert list(guess("wrong").json()["errors"]) == ["old_password"]
    assert [guess("wrong").status_code for _ in range(5)] == [400] * 4 + [429]
    assert guess(PASSWORD).status_code == 429
    assert client.get(ME).status_code == 200


def test_a_weak_new_password_changes_nothing(bob: User) -> None:
    client = signed_in(bob)
    answer = client.post(f"{ME}/password", {"old_password": PASSWORD, "new_password": "bob-bob"}, format="json")

    assert answer.status_code == 400
    assert client.get(ME).status_code == 200


def test_logout_all_ends_every_token(bob: User) -> None:
    one, other = signed_in(bob), signed_in(bob)
    assert one.post("/api/auth/logout-all").status_code == 204

    assert [client.get(ME).status_code for client in (one, other)] == [401, 401]
    assert signed_in(User.objects.get(pk=bob.pk)).get(ME).status_code == 200


@pytest.mark.parametrize("path", ["/api/auth/logout-all", f"{ME}/password"])
def test_the_master_token_is_no_account(db: None, path: str) -> None:
    answer = signed_in(settings.MC_ADMIN.master_token).post(path, {}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "no_account")


def at_once(calls: list[Callable[[], int]]) -> list[int]:
    """Make all calls at the same time, each in a thread of its own."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], int]) -> int:
        barrier.wait()
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("quick_hashes")
def test_fifty_who_register_one_name_make_one_user() -> None:
    client = signed_in(settings.MC_ADMIN.master_token)

    def register() -> int:
        return client.post("/api/auth/register", {"username": "otto", "password": NEW}, format="json").status_code

    assert sorted(at_once([register] * 50)) == [200] + [400] * 49
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("quick_hashes")
@pytest.mark.parametrize("how", ["delete", "demote", "both"])
def test_fifty_who_remove_the_owners_leave_one(how: str) -> None:
    client = signed_in(settings.MC_ADMIN.master_token)
    owners = [User.objects.create_user(f"owner{number}", role=UserRole.OWNER) for number in range(50)]

    def remove(user: User) -> int:
        if how == "delete" or (how == "both" and user.pk % 2):
            return client.delete(f"{USERS}/{user.pk}").status_code
        return client.patch(f"{USERS}/{user.pk}", {"role": "admin"}, format="json").status_code

    found = at_once([lambda user=user: remove(user) for user in owners])  # type: ignore[misc]

    assert sorted(found) == [200] * 49 + [409]
    assert User.objects.filter(role=UserRole.OWNER, is_active=True).count() == 1
