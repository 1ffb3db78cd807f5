"""What is said when a key cannot be made, ended or used: each refusal, with its sentence."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import keys, tokens
from accounts.models import Key, User
from accounts.rights.verbs import Verb
from accounts.tests.conftest import ClientOf, MakeUser
from core.errors import InvalidRequest

KEYS = "/api/user/me/keys"
VERBS = f"{', '.join(Verb)}, create"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]


@pytest.fixture
def alice(make_user: MakeUser) -> User:
    return make_user()


def begin(user: User, **more: Any) -> tuple[Key, str]:
    wanted: dict[str, Any] = {"name": "script", "verbs": ["view"], "servers": ["lobby"]} | more
    return keys.begin(user, keys.WantedKey(**wanted))


NAME = "name: A key has a name of 1 to 50 characters, without line breaks."
SERVERS = f"servers: Servers are at most {keys.MAX_SERVERS} ids, or patterns with `*` for any characters."
YEAR = "expires_at: A key ends within a year from now."
NETWORK = "networks: A network is an address or a range, such as `192.0.2.0/24`."
# What is asked for beside the rest that is right; the sentence.
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, NAME), ({"name": "x" * 51}, NAME), ({"name": "a\nb"}, NAME), ({"name": " a"}, NAME),
    ({"verbs": []}, f"verbs: A key needs at least one verb of: {VERBS}."),
    ({"verbs": ["fly"]}, f"verbs: There is no verb 'fly'. There are: {VERBS}."),
    ({"servers": []}, "servers: Name the servers: ids, or patterns such as `lobby-*`; `*` for all."),
    ({"servers": ["a b"]}, SERVERS), ({"servers": [f"s{n}" for n in range(keys.MAX_SERVERS + 1)]}, SERVERS),
    ({"networks": ["home"]}, NETWORK), ({"networks": ["192.0.2.0/33"]}, NETWORK),
    (
        {"networks": [f"192.0.2.{n}" for n in range(keys.MAX_NETWORKS + 1)]},
        f"networks: A key has at most {keys.MAX_NETWORKS} networks.",
    ),
    ({"expires_at": timezone.now() - timedelta(seconds=1)}, YEAR),
    ({"expires_at": timezone.now() + timedelta(days=367)}, YEAR),
]


@pytest.mark.parametrize(("asked", "said"), WRONG)
def test_what_no_key_may_be_is_said_in_a_sentence(alice: User, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        begin(alice, **asked)

    assert str(caught.value) == said
    field, _, message = said.partition(": ")
    assert caught.value.errors == {field: [message]}
    assert not Key.objects.exists()


def _with(**changes: Any) -> Callable[[User], str]:
    def act(user: User) -> str:
        row, token = begin(user, **{name: value for name, value in changes.items() if name == "networks"})
        Key.objects.filter(pk=row.pk).update(**{name: value for name, value in changes.items() if name != "networks"})
        return token

    return act


def _disabled(user: User) -> str:
    _, token = begin(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    return token


ENDED = "This key has ended or expired. Make another one."
UNKNOWN = "This key is not known. Make another one."
# Which key a request comes with; the sentence of the 401.
USES: dict[str, tuple[Callable[[User], str], str]] = {
    "never made": (lambda _: f"mca_{'a' * 8}_{'b' * 43}", UNKNOWN),
    "not whole": (lambda user: begin(user)[1][:-1], UNKNOWN),
    "ended": (_with(ended_at=timezone.now()), ENDED),
    "expired": (_with(expires_at=timezone.now() - timedelta(seconds=1)), ENDED),
    "of somebody disabled": (_disabled, "This account does not exist or is disabled; ask an owner."),
    "from elsewhere": (
        _with(networks=["192.0.2.0/24"]),
        "This key may not be used from 127.0.0.1; it names the networks it is for.",
    ),
}


@pytest.mark.parametrize("which", USES)
def test_why_a_key_lets_nobody_in_is_said(alice: User, client_of: ClientOf, which: str) -> None:
    make, said = USES[which]

    answer = client_of(make(alice)).get("/api/user/me")

    assert (answer.status_code, answer.json()["detail"]) == (401, said)


def test_too_many_and_unknown_ones_have_their_sentences(alice: User, client_of: ClientOf) -> None:
    client = client_of(tokens.issue(alice))
    for _ in range(keys.MOST_OF_ONE):
        begin(alice)

    more = client.post(KEYS, {"name": "a", "verbs": ["view"], "servers": ["*"]}, format="json")
    unknown = client.delete(f"{KEYS}/999999")

    assert (more.status_code, more.json()["code"]) == (409, "too_many_keys")
    assert more.json()["detail"] == "A user has at most 50 keys. End one that is not needed."
    assert (unknown.status_code, unknown.json()["code"]) == (404, "key_not_found")
    assert unknown.json()["detail"] == "This key was not found; it may have ended already."
