"""Rights at a shell: given, listed, taken."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake")]


def grant(*words: str) -> str:
    out = io.StringIO()
    call_command("grant", *words, stdout=out)
    return out.getvalue()


def listed(name: str) -> Any:
    return json.loads(grant(name, "--list", "--json"))


def test_a_role_is_given_listed_and_taken(server: str) -> None:
    User.objects.create_user("olga")
    assert listed("olga") == {"access": "everything", "create": False, "grants": []}

    assert "olga is operator" in grant("olga", "operator", server)
    grant("olga", "viewer", "lobby-*")
    wanted = [("operator", server), ("viewer", "lobby-*")]
    found = listed("olga")
    assert found["access"] == "granted"
    assert sorted((one["role"], one["server"]) for one in found["grants"]) == wanted
    assert f"operator on {server}" in grant("olga")

    grant("olga", "--take", server)
    assert [one["server"] for one in listed("olga")["grants"]] == ["lobby-*"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody", "viewer", "*"), "no user"), (("olga", "viewer"), "Which server"),
        (("olga", "king", "*"), "no role 'king'"), (("olga", "viewer", "ghost"), "no server 'ghost'"),
        (("olga", "--take", "ghost"), "has nothing"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(words: tuple[str, ...], said: str) -> None:
    User.objects.create_user("olga")

    with pytest.raises(CommandError, match=said):
        grant(*words)

    assert listed("olga") == {"access": "everything", "create": False, "grants": []}
