"""What rights say: roles, grants, patterns, words of commands, and what a role's change does at once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import tokens, user_cache
from accounts.models import Access, Grant, User, UserRole
from accounts.rights import grants, judge, roles
from accounts.rights.grants import WantedGrant
from accounts.rights.loading import rights_of
from accounts.rights.rights import EVERYTHING, OWNER, Limit, Rights, as_json, fits, from_json
from accounts.rights.rights import Grant as Given
from accounts.rights.verbs import ALL, Verb, with_view
from accounts.tests.conftest import MakeUser
from core.errors import AppError, InvalidRequest


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("say hello", "say"), ("/say hello", "say"), ("//op x", "op"), ("minecraft:op x", "op"),
        ("/minecraft:op x", "op"), ("Say hi", "say"), ("/execute run op x", "execute"), ("bukkit:say x", "say"),
        ("execute as @a run say x", "execute"), ("function a:b", "function"), ("/ op x", "op"), ("  op x", "op"),
        ("say minecraft:op", "say"), ("", ""), ("/", ""),
        ("minecraft:", ""), ("say\u00a0x", "say"), ("return run op x", "return"), ("\top x", "op"),
    ],
)
def test_the_first_word_decides(command: str, word: str) -> None:
    assert judge.first_word(command) == word


@pytest.mark.parametrize(
    ("pattern", "server", "fit"),
    [
        ("lobby", "lobby", True), ("lobby", "lobby2", False), ("lobby-*", "lobby-1", True), ("lobby-*", "lobby", False),
        ("*", "anything", True), ("*b*", "lobby", True), ("a.c", "abc", False), ("a*c", "a.b.c", True),
        ("Lobby", "lobby", False),
    ],
)
def test_a_pattern_fits_by_its_star_alone(pattern: str, server: str, fit: bool) -> None:
    assert fits(pattern, server) is fit


def test_rights_are_joined_and_limited() -> None:
    given = Rights(grants=(
        Given("lobby", with_view([Verb.POWER])), Given("lob*", with_view([Verb.VIEW]), frozenset({"say"})),
        Given("mine", ALL),
    ))

    assert given.verbs("lobby") == {Verb.VIEW, Verb.POWER}
    assert given.words("lobby") == frozenset({"say"})
    assert given.words("mine") is None
    assert given.words("other") == frozenset()
    assert not given.sees("other")
    key = given.limited(Limit(frozenset({Verb.VIEW, Verb.POWER}), ("lobby",)))
    assert key.verbs("lobby") == {Verb.VIEW, Verb.POWER}
    assert key.words("lobby") == frozenset()
    assert not key.sees("mine")
    assert from_json(as_json(given)) == given


@pytest.mark.parametrize("rights", [OWNER, EVERYTHING])
def test_a_key_of_whoever_has_everything_has_no_more_than_it_says(rights: Rights) -> None:
    key = rights.limited(Limit(with_view([Verb.BACKUP]), ("lobby", "survival-*")))

    assert key.verbs("lobby") == key.verbs("survival-1") == {Verb.VIEW, Verb.BACKUP}
    assert not (key.sees("other"))
    assert not (key.is_owner)
    assert not (key.may_create)
    assert not (key.has_everything)


def test_built_in_roles_are_as_specified(make_user: MakeUser) -> None:
    view, helper = {Verb.VIEW, Verb.CONSOLE}, {"say", "tell", "kick", "whitelist", "list"}
    from accounts.rights.built_in import BUILT_IN

    assert {name: set(role.verbs) for name, role in BUILT_IN.items()} == {
        "viewer": view,
        "helper": view | {Verb.PLAYERS},
        "operator": view | {Verb.PLAYERS, Verb.COMMAND, Verb.POWER, Verb.FILES_READ, Verb.BACKUP, Verb.TASKS},
        "manager": set(Verb),
    }
    assert {name: set(role.words) for name, role in BUILT_IN.items() if role.words} == {"helper": helper}


def loaded(user: User) -> Rights:
    found = user_cache.load(user.pk, key_hash="x")
    assert found is not None
    return rights_of(found.user)


@pytest.mark.django_db(transaction=True)
def test_a_change_of_rights_counts_at_once_and_costs_no_query_more(make_user: MakeUser) -> None:
    user = make_user(role=UserRole.ADMIN)
    assert loaded(user) == EVERYTHING

    grants.set_rights(user.pk, access=Access.GRANTED, grants=[WantedGrant("viewer", "lobby", 1)])
    with CaptureQueriesContext(connection) as first:
        assert loaded(user).verbs("lobby") == {Verb.VIEW, Verb.CONSOLE}
    with CaptureQueriesContext(connection) as second:
        loaded(user)
    assert (len(first), len(second)) == (1, 0)

    role = roles.create(name="Night watch", verbs=["power"], commands=["say"])
    grants.add(user.pk, WantedGrant("Night watch", "lobby", 1))
    assert loaded(user).verbs("lobby") == {Verb.VIEW, Verb.POWER}  # instead of viewer
    roles.change(role.pk, name="Night watch", verbs=["backup"])
    assert loaded(user).verbs("lobby") == {Verb.VIEW, Verb.BACKUP}
    with pytest.raises(roles.RoleInUse, match=user.username):
        roles.remove(role.pk)
    assert grants.take(user.pk, "lobby") == 1
    assert not loaded(user).sees("lobby")
    assert roles.remove(role.pk) == "Night watch"


@pytest.mark.django_db(transaction=True)
def test_a_grant_belongs_to_its_incarnation(make_user: MakeUser) -> None:
    user = make_user(role=UserRole.ADMIN)
    grants.set_rights(
        user.pk, access="granted", grants=[WantedGrant("viewer", "lobby", 1), WantedGrant("viewer", "new-*")]
    )

    for incarnation, sees in ((None, False), (2, False), (1, True), (None, False)):
        grants.server_is("lobby", incarnation)
        assert loaded(user).sees("lobby") is sees
    assert loaded(user).sees("new-1")
    assert grants.highest_incarnation("lobby") == 1

    grants.set_rights(user.pk, grants=[WantedGrant("viewer", "x")])  # what is away stays for when it comes back
    grants.server_is("lobby", 1)
    assert loaded(user).sees("lobby")
    assert not loaded(user).sees("new-1")

    grants.server_is("lobby", None)
    assert grants.take(user.pk, "lobby") == 1  # an owner takes it while the server is away
    grants.server_is("lobby", 1)
    assert not loaded(user).sees("lobby")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"name": "", "verbs": ["view"]}, {"name": "x" * 51, "verbs": ["view"]}, {"name": "a\nb", "verbs": ["view"]},
        {"name": "Viewer", "verbs": ["view"]}, {"name": "x", "verbs": []}, {"name": "x", "verbs": ["fly"]},
        {"name": "x", "verbs": ["view"], "commands": ["say hi"]}, {"name": "taken", "verbs": ["view"]},
    ],
)
def test_a_role_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    roles.create(name="taken", verbs=["view"])

    with pytest.raises(InvalidRequest):
        roles.create(**change)  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("wanted", [WantedGrant("unknown role", "lobby", 1), WantedGrant("viewer", "a b*")])
def test_a_grant_that_cannot_be_changes_nothing(make_user: MakeUser, wanted: WantedGrant) -> None:
    user = make_user(role=UserRole.ADMIN)
    grants.set_rights(user.pk, grants=[WantedGrant("viewer", "lobby", 1)])

    with pytest.raises(AppError):
        grants.set_rights(user.pk, access="granted", grants=[WantedGrant("manager", "lobby", 1), wanted])

    assert [one.role_name for one in Grant.objects.all()] == ["viewer"]
    assert User.objects.get(pk=user.pk).access == Access.EVERYTHING


@pytest.mark.django_db
def test_existing_users_and_claims_stay_as_they_are(make_user: MakeUser) -> None:
    user = make_user(role=UserRole.ADMIN)

    assert user.access == Access.EVERYTHING
    assert "access" not in tokens.read(tokens.issue(user)).__dict__


@pytest.mark.parametrize(
    ("pattern", "ids", "others"),
    [
        ("lobby", ["lobby"], ["Lobby", "lobby2", "a-lobby", ""]),
        ("*", ["lobby", "a", ""], []),
        ("survival-*", ["survival-", "survival-1"], ["survival", "a-survival-1"]),
        ("*-eu", ["a-eu", "-eu", "eu-eu"], ["eu", "a-eu-1"]),
        ("a*a", ["aa", "aba", "aaa"], ["a", "ab", "ba"]),
        ("a*b*c", ["abc", "a-b-c", "abbcc", "abcbc"], ["acb", "ab", "bc", "abcd"]),
        ("*ab*ab*", ["abab", "xabxabx", "aabab"], ["ab", "aba", "abba"]),
        ("a**b", ["ab", "axb"], ["a", "b"]),
        ("a.c*", ["a.c", "a.cd"], ["abc"]),
    ],
)
def test_patterns_of_servers(pattern: str, ids: list[str], others: list[str]) -> None:
    assert [one for one in [*ids, *others] if fits(pattern, one)] == ids


@pytest.mark.timeout(10)
@pytest.mark.parametrize("pattern", ["*a" * 31, "*a" * 30 + "*b", "*" * 62 + "b", "a*" * 30 + "ab"])
def test_no_pattern_takes_long(pattern: str) -> None:
    assert fits(pattern, "a" * 62) is (set(pattern) == {"*", "a"})
