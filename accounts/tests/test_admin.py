from typing import Any

import pytest
from django.test import Client

from accounts import tokens
from accounts.authentication import authenticate_token
from accounts.models import User, UserRole
from accounts.owners import LastOwner, ensure_an_owner_remains
from accounts.tests.conftest import PASSWORD, MakeUser
from accounts.tokens import TokenRefused

USERS = "/admin/accounts/user/"


@pytest.fixture
def owner(make_user: MakeUser) -> User:
    return make_user("olga", UserRole.OWNER)


@pytest.fixture
def site(owner: User) -> Client:
    client = Client()
    assert client.login(username="olga", password=PASSWORD)
    return client


def change(site: Client, user: User, **fields: str) -> int:
    return site.post(f"{USERS}{user.pk}/change/", {"username": user.username, **fields}).status_code


def test_only_owners_get_in(make_user: MakeUser) -> None:
    client = Client()
    client.force_login(make_user())

    assert client.get(USERS).status_code == 302


def test_the_pages_open(site: Client, owner: User) -> None:
    pages = [USERS, f"{USERS}add/", f"{USERS}{owner.pk}/change/", f"{USERS}{owner.pk}/password/", "/admin/"]

    assert [site.get(page).status_code for page in pages] == [200] * len(pages)


def test_an_owner_adds_a_user(site: Client) -> None:
    fields = {"username": "bob", "role": "admin", "password1": "Cr33per-aw-man", "password2": "Cr33per-aw-man"}
    site.post(f"{USERS}add/", fields)

    assert User.objects.get(username="bob").check_password("Cr33per-aw-man")


def test_a_role_change_ends_tokens(site: Client, make_user: MakeUser) -> None:
    bob = make_user("bob")
    token = tokens.issue(bob)

    assert change(site, bob, role="owner", is_active="on") == 302

    bob.refresh_from_db()
    assert bob.role == UserRole.OWNER
    with pytest.raises(TokenRefused):
        authenticate_token(token)


def test_a_password_change_ends_tokens(site: Client, make_user: MakeUser) -> None:
    token = tokens.issue(bob := make_user("bob"))
    fields = {"password1": "Cr33per-aw-man", "password2": "Cr33per-aw-man", "set-password": "1"}
    site.post(f"{USERS}{bob.pk}/password/", fields)

    assert User.objects.get(pk=bob.pk).check_password("Cr33per-aw-man")
    with pytest.raises(TokenRefused):
        authenticate_token(token)


@pytest.mark.parametrize("fields", [{"role": "admin", "is_active": "on"}, {"role": "owner"}])
def test_the_last_owner_is_neither_demoted_nor_disabled(site: Client, owner: User, fields: dict[str, str]) -> None:
    assert change(site, owner, **fields) == 200  # the form again, with the reason

    owner.refresh_from_db()
    assert owner.is_owner


def test_the_last_owner_is_not_deleted(site: Client, owner: User) -> None:
    site.post(f"{USERS}{owner.pk}/delete/", {"post": "yes"})
    site.post(USERS, {"action": "delete_selected", "_selected_action": [owner.pk], "post": "yes"})

    assert User.objects.filter(pk=owner.pk).exists()


def test_two_owners_cannot_be_deleted_together(site: Client, owner: User, make_user: MakeUser) -> None:
    second = make_user("otto", UserRole.OWNER)
    site.post(USERS, {"action": "delete_selected", "_selected_action": [owner.pk, second.pk], "post": "yes"})

    assert User.objects.count() == 2


def test_one_of_two_owners_may_go(owner: User, make_user: MakeUser) -> None:
    disabled = make_user("otto", UserRole.OWNER)
    User.objects.filter(pk=disabled.pk).update(is_active=False)
    with pytest.raises(LastOwner):
        ensure_an_owner_remains(owner, role=UserRole.ADMIN, is_active=True)

    make_user("oona", UserRole.OWNER)
    ensure_an_owner_remains(owner, role=UserRole.ADMIN, is_active=True)


def test_the_site_needs_a_csrf_token(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)

    assert client.post(f"{USERS}add/", {"username": "bob"}).status_code == 403


LOGIN = "/admin/login/"


def sign_in(client: Client, username: str = "olga", password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"username": username, "password": password, "next": "/admin/"})


def test_an_owner_signs_in_by_the_form(owner: User) -> None:
    client = Client()

    assert sign_in(client).status_code == 302
    assert client.get(USERS).status_code == 200


def test_an_admin_a_stranger_and_a_wrong_password_get_the_same_page(owner: User, make_user: MakeUser) -> None:
    make_user("bob")
    pages = [sign_in(Client(), *who) for who in (("bob", PASSWORD), ("nobody", PASSWORD), ("olga", "wrong"))]

    assert [page.status_code for page in pages] == [200] * 3
    errors = [page.context["form"].non_field_errors() for page in pages]
    assert errors[0] == errors[1] == errors[2]


def test_the_form_is_throttled_like_the_api(owner: User) -> None:
    for _ in range(5):
        sign_in(Client(), "olga", "wrong")
    page = sign_in(Client())

    assert page.status_code == 200
    assert "Too many tries" in page.content.decode()
    assert Client().post("/api/auth/token", {"username": "olga", "password": PASSWORD}).status_code == 429


def test_all_tokens_and_sessions_end_by_an_action(site: Client, make_user: MakeUser) -> None:
    bob, otto = make_user("bob"), make_user("otto", UserRole.OWNER)
    token, other = tokens.issue(bob), Client()
    other.force_login(otto)
    assert other.get(USERS).status_code == 200

    answer = site.post(USERS, {"action": "end_all_tokens", "_selected_action": [bob.pk, otto.pk]}, follow=True)

    assert "All tokens of bob, otto have ended." in answer.content.decode()
    with pytest.raises(TokenRefused):
        authenticate_token(token)
    assert other.get(USERS).status_code == 302
    assert site.get(USERS).status_code == 200


@pytest.mark.parametrize("change", ["demoted", "disabled", "deleted"])
def test_an_owner_no_more_is_out_of_the_site(site: Client, make_user: MakeUser, change: str) -> None:
    otto, other = make_user("otto", UserRole.OWNER), Client()
    other.force_login(otto)
    if change == "deleted":
        otto.delete()
    else:
        fields = {"role": "admin"} if change == "demoted" else {"is_active": False}
        for name, value in fields.items():
            setattr(otto, name, value)
        otto.save()

    assert other.get(USERS).status_code == 302


def test_ones_own_password_change_keeps_ones_own_session(site: Client, owner: User) -> None:
    fields = {"old_password": PASSWORD, "new_password1": "Cr33per-aw-man", "new_password2": "Cr33per-aw-man"}

    assert site.post("/admin/password_change/", fields).status_code == 302
    assert site.get(USERS).status_code == 200


@pytest.mark.parametrize("fields", [{"role": "admin", "is_active": "on"}, {"role": "owner"}])
def test_nobody_lowers_their_own_rights(site: Client, owner: User, fields: dict[str, str]) -> None:
    User.objects.create_user("second", "a good password", role=UserRole.OWNER)

    answer = site.post(f"/admin/accounts/user/{owner.pk}/change/", {"username": owner.username} | fields)

    assert "You cannot lower your own rights" in answer.content.decode()
    owner.refresh_from_db()
    assert (owner.role, owner.is_active) == (UserRole.OWNER, True)


def test_nobody_deletes_their_own_account(site: Client, owner: User) -> None:
    User.objects.create_user("second", "a good password", role=UserRole.OWNER)

    page = site.get(f"/admin/accounts/user/{owner.pk}/delete/")
    site.post(f"/admin/accounts/user/{owner.pk}/delete/", {"post": "yes"})

    assert "You cannot delete your own account" in page.content.decode()
    assert User.objects.filter(pk=owner.pk).exists()
