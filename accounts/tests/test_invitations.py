"""Invitations: a link that makes one account with exactly the rights that an owner chose."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import invitations, tokens
from accounts.models import Invitation, User, UserRole
from accounts.rights import roles
from accounts.rights.grants import WantedGrant
from accounts.rights.loading import rights_of
from accounts.tests.conftest import PASSWORD, ClientOf, MakeUser
from audit.models import AuditEvent

INVITATIONS, ME = "/api/invitations", "/api/user/me"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]


@pytest.fixture
def owner(make_user: MakeUser) -> User:
    return make_user("olga", UserRole.OWNER)


@pytest.fixture
def as_owner(owner: User, client_of: ClientOf) -> APIClient:
    return client_of(tokens.issue(owner))


def invite(client: APIClient, **body: Any) -> Any:
    answer = client.post(INVITATIONS, body, format="json")
    assert answer.status_code == 201, answer.content
    return answer.json()


def join(
    token: str, username: str = "bob", password: str = PASSWORD, client: APIClient | None = None, **extra: Any
) -> Any:
    body = {"username": username, "password": password}
    return (client or APIClient()).post(f"{INVITATIONS}/{token}", body, format="json", **extra)


def state(client: APIClient) -> str:
    return str(client.get(INVITATIONS).json()[0]["state"])


def test_the_link_makes_the_account_that_was_meant_and_signs_in(as_owner: APIClient) -> None:
    made = invite(as_owner, grants=[{"role": "operator", "server": "lobby-*"}], may_create=True)
    client = APIClient()

    assert client.get(f"{INVITATIONS}/{made['token']}").json() == {"valid": True}
    answer = join(made["token"], client=client)

    assert (answer.status_code, answer.json()["user"]["role"], answer.json()["warnings"]) == (200, "admin", [])
    assert client.get(ME).json()["username"] == "bob"
    bob = User.objects.get(username="bob")
    assert (bob.access, bob.may_create) == ("granted", True)
    assert [(one.role_name, one.server) for one in bob.grants.all()] == [("operator", "lobby-*")]
    listed = as_owner.get(INVITATIONS).json()[0]
    assert (listed["state"], listed["used_by"], listed["made_by"]) == ("used", "bob", "olga")


def test_the_token_has_256_bits_and_stands_hashed_in_the_database_and_nowhere_in_the_audit(
    as_owner: APIClient,
) -> None:
    made = invite(as_owner)
    token = made["token"]
    assert (len(token), made["link"].endswith(f"/invite#{token}")) == (43, True)
    assert token not in str(list(Invitation.objects.values()))
    assert token not in str(as_owner.get(INVITATIONS).json())

    join(token, "b")
    join(token)
    join(token[:-1] + "!")

    rows = str(list(AuditEvent.objects.values()))
    assert "/api/invitations/" in rows
    assert token not in rows
    assert token[:-1] not in rows


def test_used_twice_is_410(as_owner: APIClient) -> None:
    token = invite(as_owner)["token"]

    assert (join(token).status_code, join(token, "eve").status_code) == (200, 410)
    assert APIClient().get(f"{INVITATIONS}/{token}").json()["code"] == "invitation_over"
    assert not User.objects.filter(username="eve").exists()


def test_expired_is_410(as_owner: APIClient) -> None:
    token = invite(as_owner, days=1)["token"]
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert (join(token).status_code, state(as_owner)) == (410, "expired")


def test_revoked_is_410(as_owner: APIClient) -> None:
    made = invite(as_owner)

    assert as_owner.delete(f"{INVITATIONS}/{made['id']}").status_code == 204
    assert (join(made["token"]).status_code, state(as_owner)) == (410, "revoked")
    assert as_owner.delete(f"{INVITATIONS}/999999").status_code == 404


def test_what_somebody_gave_who_is_no_owner_any_more_is_worth_nothing(as_owner: APIClient, owner: User) -> None:
    token = invite(as_owner)["token"]
    User.objects.filter(pk=owner.pk).update(role=UserRole.ADMIN)

    assert join(token).status_code == 410


def test_one_that_never_was_is_404_and_guesses_are_few() -> None:
    looks = [APIClient().get(f"{INVITATIONS}/x{n:042}").status_code for n in range(15)]
    tries = [join(f"x{n:042}").status_code for n in range(15)]

    assert looks == [404] * 10 + [429] * 5
    assert tries == [404] * 10 + [429] * 5


def test_a_taken_name_and_a_weak_password_leave_it_good(as_owner: APIClient) -> None:
    token = invite(as_owner)["token"]

    taken, weak = join(token, "olga"), join(token, password="password")

    assert (taken.status_code, list(taken.json()["errors"])) == (400, ["username"])
    assert (weak.status_code, list(weak.json()["errors"])) == (400, ["password"])
    assert state(as_owner) == "open"
    assert join(token).status_code == 200


def test_who_is_signed_in_already_is_409_and_it_stays_good(as_owner: APIClient, make_user: MakeUser) -> None:
    token = invite(as_owner)["token"]
    page = APIClient()
    make_user("alice")
    page.post("/api/auth/session", {"username": "alice", "password": PASSWORD}, format="json")

    found = [join(token, client=page), join(token, client=as_owner)]

    assert [(one.status_code, one.json()["code"]) for one in found] == [(409, "already_signed_in")] * 2
    assert state(as_owner) == "open"


def test_pages_of_other_origins_cannot_use_it(as_owner: APIClient) -> None:
    token = invite(as_owner)["token"]

    assert join(token, HTTP_ORIGIN="http://localhost:3000").json()["code"] == "foreign_origin"
    assert state(as_owner) == "open"


def test_only_owners_make_list_and_revoke(token: str, client_of: ClientOf) -> None:
    admin = client_of(token)
    answers = [admin.get(INVITATIONS), admin.post(INVITATIONS, {}), admin.delete(f"{INVITATIONS}/1")]

    assert [one.status_code for one in answers] == [403] * 3


@pytest.mark.parametrize("body", [{"days": 0}, {"days": 8}, {"access": "all"}, {"grants": [{"role": "viewer"}]}])
def test_what_cannot_be_is_400(as_owner: APIClient, body: dict[str, Any]) -> None:
    assert as_owner.post(INVITATIONS, body, format="json").status_code == 400


def test_unknown_roles_and_servers_are_refused(as_owner: APIClient) -> None:
    for grant in ({"role": "king", "server": "*"}, {"role": "viewer", "server": "ghost"}):
        assert as_owner.post(INVITATIONS, {"grants": [grant]}, format="json").status_code in {400, 404}
    assert not Invitation.objects.exists()


def test_a_server_or_role_that_is_gone_is_left_out_and_the_person_gets_in(owner: User) -> None:
    wanted = [WantedGrant("viewer", "gone", 3), WantedGrant("viewer", "lobby-*")]
    _, token = invitations.make(by=owner, grants=wanted)

    answer = join(token)

    assert answer.status_code == 200
    assert [one.split(" was left out")[0] for one in answer.json()["warnings"]] == ["viewer on gone"]
    assert [one.server for one in User.objects.get(username="bob").grants.all()] == ["lobby-*"]
    assert User.objects.get(username="bob").access == "granted"


def _replaced(role: int) -> None:
    roles.remove(role)
    roles.create(name="crew", verbs=["command", "files.write"])


def _renamed(role: int) -> None:
    roles.change(role, name="friends", verbs=["view"])
    roles.create(name="crew", verbs=["command"])


# What is done to the role "crew" of an open invitation; what its account has then: verbs, and whether it was told.
ROLES: dict[str, tuple[Callable[[int], Any], set[str], bool]] = {
    "left as it was": (lambda _: None, {"view", "console"}, False),
    "changed": (lambda role: roles.change(role, name="crew", verbs=["power"]), {"view", "power"}, False),
    "renamed, and another has the name": (_renamed, {"view"}, False),
    "deleted": (roles.remove, set(), True),
    "deleted, and made anew": (_replaced, set(), True),
}


@pytest.mark.parametrize("what", ROLES)
def test_it_gives_the_role_that_was_chosen_and_no_other_of_its_name(as_owner: APIClient, what: str) -> None:
    act, verbs, is_told = ROLES[what]
    role = roles.create(name="crew", verbs=["console"])
    token = invite(as_owner, grants=[{"role": "crew", "server": "lobby-*"}])["token"]
    act(role.pk)

    answer = join(token)

    told = "crew on lobby-* was left out: the role was deleted. Ask an owner for another one."
    assert (answer.status_code, answer.json()["warnings"]) == (200, [told] if is_told else [])
    assert rights_of(User.objects.get(username="bob")).verbs("lobby-1") == verbs


# What happens to the owner who made it, step by step; what becomes of the link.
MAKERS: dict[str, tuple[list[dict[str, Any]], int]] = {
    "stays": ([], 200),
    "gets a new name": ([{"username": "oda"}], 200),
    "is demoted": ([{"role": "admin"}], 410),
    "is disabled": ([{"active": False}], 410),
    "is demoted and an owner again": ([{"role": "admin"}, {"role": "owner"}], 410),
    "is disabled and active again": ([{"active": False}, {"active": True}], 410),
    "is deleted": ([{}], 404),
}


@pytest.mark.parametrize("what", MAKERS)
def test_it_counts_only_while_its_maker_may_give_what_it_gives(
    as_owner: APIClient, make_user: MakeUser, client_of: ClientOf, what: str
) -> None:
    steps, status = MAKERS[what]
    otto = make_user("otto", UserRole.OWNER)
    token = invite(client_of(tokens.issue(otto)))["token"]

    for step in steps:
        address = f"/api/admin/users/{otto.pk}"
        answer = as_owner.patch(address, step, format="json") if step else as_owner.delete(address)
        assert answer.status_code in {200, 204}, answer.content

    assert APIClient().get(f"{INVITATIONS}/{token}").status_code == status
    assert join(token).status_code == status


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_gets_in(owner: User) -> None:
    _, token = invitations.make(by=owner)

    def one(number: int) -> int:
        try:
            return int(join(token, f"bob{number}").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(one, range(4)))

    assert found == [200, 410, 410, 410]
    assert User.objects.count() == 2


def test_the_page_stands_where_the_link_leads() -> None:
    answer = Client().get("/invite")

    assert answer.status_code == 200
    assert "You were invited" in answer.content.decode()
