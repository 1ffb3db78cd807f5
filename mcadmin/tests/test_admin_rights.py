"""Roles, grants and access on the admin site: by the rules of the API, at once, and in the audit."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import Grant, Role, User, UserRole
from accounts.rights import grants, roles
from accounts.rights.grants import WantedGrant
from accounts.rights.loading import rights_of
from accounts.rights.verbs import Verb
from audit import recorder
from audit.models import AuditEvent
from audit.sentences import sentence
from servers.records import incarnations
from servers.tests.conftest import fake, server, server_path  # noqa: F401 - fixtures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake")]
ROLES, GRANTS, USERS = "/admin/accounts/role/", "/admin/accounts/grant/", "/admin/accounts/user/"


@pytest.fixture
def site(settings: LazySettings, tmp_path: Path) -> Client:
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"logs_dir": tmp_path / "logs"})
    client = Client()
    client.force_login(User.objects.create_user("olga", None, UserRole.OWNER))
    return client


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob")


def text(site: Client, page: str) -> str:
    answer = site.get(page)
    assert answer.status_code == 200, page
    return answer.content.decode()


def send(site: Client, page: str, **fields: Any) -> tuple[int, str]:
    answer = site.post(page, fields)
    return answer.status_code, answer.content.decode()


def said() -> list[str]:
    recorder.flush()
    return [sentence(event) for event in AuditEvent.objects.order_by("pk") if event.success]


def verbs(user: User, server_id: str) -> set[Verb]:
    return set(rights_of(User.objects.get(pk=user.pk)).verbs(server_id))


def test_the_built_in_roles_are_shown_and_no_rows(site: Client) -> None:
    page = text(site, ROLES)

    for name in ("viewer", "helper", "operator", "manager"):
        assert f"<strong>{name}</strong>" in page
    assert "the commands kick, list, say, tell, whitelist" in page


def test_a_role_is_made_changed_for_its_holders_and_deleted_when_nobody_has_it(site: Client, bob: User) -> None:
    assert send(site, f"{ROLES}add/", name="crew", verbs=["console"], commands="say /Tell")[0] == 302
    role = Role.objects.get()
    assert (role.verbs, role.commands) == (["view", "console"], ["say", "tell"])
    grants.set_rights(bob.pk, access="granted", grants=[WantedGrant("crew", "lobby-*")])

    assert send(site, f"{ROLES}{role.pk}/change/", name="crew", verbs=["power"], commands="")[0] == 302
    assert verbs(bob, "lobby-1") == {Verb.VIEW, Verb.POWER}

    assert "bob" in text(site, ROLES)
    assert "The role crew: bob. Give them another one first." in text(site, f"{ROLES}{role.pk}/delete/")
    send(site, f"{ROLES}{role.pk}/delete/", post="yes")
    send(site, ROLES, action="delete_selected", _selected_action=[role.pk], post="yes")
    assert Role.objects.exists()
    grants.take(bob.pk, "lobby-*")
    send(site, f"{ROLES}{role.pk}/delete/", post="yes")
    assert not Role.objects.exists()
    assert said()[:2] == ["made the role crew", "changed the role crew"]
    assert said()[-1] == f"deleted the role {role.pk}"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": "Viewer", "verbs": ["view"]}, "is a role that is given"), ({"name": "x"}, "at least one verb"),
        ({"name": "taken", "verbs": ["view"]}, "already exists"), ({"verbs": ["view"]}, "required"),
        ({"name": "x", "verbs": ["fly"]}, "not one of the available choices"),
        ({"name": "x", "verbs": ["view"], "commands": "say; op"}, "first words"),
    ],
)
def test_what_no_role_may_be_is_said_beside_the_field(site: Client, fields: dict[str, Any], why: str) -> None:
    roles.create(name="taken", verbs=["view"])

    status, page = send(site, f"{ROLES}add/", **fields)

    assert (status, why in page) == (200, True)
    assert Role.objects.count() == 1


def test_a_friend_gets_one_server_and_it_is_taken_again(site: Client, bob: User, server: str) -> None:  # noqa: F811
    answer = send(site, f"{GRANTS}add/", user=bob.pk, given_role="operator", server=server, narrows="on")[0]

    assert answer == 302
    assert User.objects.get(pk=bob.pk).access == "granted"
    assert Verb.POWER in verbs(bob, server)
    assert verbs(bob, "another") == set()
    assert f"operator on {server}" in text(site, f"{USERS}{bob.pk}/change/")
    page = send(site, GRANTS, action="delete_selected", _selected_action=[Grant.objects.get().pk])[1]
    assert f"bob: operator on {server}" in page
    assert "counts" in text(site, f"{GRANTS}?user__id__exact={bob.pk}")

    one = Grant.objects.get()
    send(site, GRANTS, action="delete_selected", _selected_action=[one.pk], post="yes")
    assert verbs(bob, server) == set()
    assert said() == [
        f"gave user {bob.pk} the role operator on {server}", "was asked about taking grants", "took grants",
    ]


def test_a_grant_says_that_its_server_was_removed(site: Client, bob: User, server: str) -> None:  # noqa: F811
    grants.set_rights(bob.pk, access="granted", grants=[WantedGrant("viewer", server, 1), WantedGrant("viewer", "*")])
    incarnations.note_removed(server, removed_as=f"{server}-1", by="olga")

    assert text(site, GRANTS).count("that server was removed") == 1
    assert "(removed at present)" in text(site, f"{USERS}{bob.pk}/change/")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"given_role": "viewer", "server": "ghost"}, "There is no server"),
        ({"given_role": "viewer", "server": "!*"}, "fits no server"),
        ({"given_role": "king", "server": "*"}, "not one of the available choices"),
        ({"given_role": "viewer"}, "required"),
    ],
)
def test_what_cannot_be_given_is_said_beside_the_field(
    site: Client, bob: User, fields: dict[str, str], why: str
) -> None:
    status, page = send(site, f"{GRANTS}add/", user=bob.pk, narrows="on", **fields)

    assert (status, why in page) == (200, True)
    assert not Grant.objects.exists()
    assert User.objects.get(pk=bob.pk).access == "everything"


def test_access_and_making_servers_are_changed_and_the_sessions_go_on(site: Client, bob: User) -> None:
    own = Client()
    own.force_login(bob)
    fields = {"username": "bob", "role": "admin", "is_active": "on"}

    assert send(site, f"{USERS}{bob.pk}/change/", **fields, access="granted", may_create="on")[0] == 302

    changed = User.objects.get(pk=bob.pk)
    assert (changed.access, changed.may_create) == ("granted", True)
    assert not rights_of(changed).has_everything
    assert own.get("/api/user/me").status_code == 200
    send(site, f"{USERS}{bob.pk}/change/", **fields)
    assert User.objects.get(pk=bob.pk).access == "granted", "what the form leaves out stays"
    assert said() == ["changed user bob"] * 2


def test_only_owners_see_these_pages(bob: User) -> None:
    client = Client()
    client.force_login(bob)

    for page in (ROLES, f"{ROLES}add/", GRANTS, f"{GRANTS}add/"):
        assert client.get(page).status_code == 302
