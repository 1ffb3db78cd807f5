"""What the audit says of rights, keys and invitations that somebody at a shell gave or took."""

import io
from contextlib import suppress

import pytest
from django.core.management import CommandError, call_command

from accounts import invitations, keys
from accounts.identity import SystemUser
from accounts.models import Invitation, Key, User
from accounts.rights import grants
from accounts.rights.grants import WantedGrant
from audit import recorder
from audit.models import AuditEvent
from audit.sentences import sentence

pytestmark = [pytest.mark.django_db(transaction=True)]

KEY = "key create bob ci --verb power --server lobby-*"
# Words of a command, what the audit says of it, and whether it was done.
TABLE = [
    ("grant bob operator lobby-*", "gave bob the role operator on lobby-* at a shell", True),
    ("grant bob king lobby-*", "gave bob the role king on lobby-* at a shell", False),
    ("grant bob --take mini-*", "took from bob what they had on mini-* at a shell", True),
    ("grant bob --take lobby-*", "took from bob what they had on lobby-* at a shell", False),
    (KEY, "made the key ci of bob at a shell", True),
    ("key create nobody ci --verb power --server *", "made the key ci of nobody at a shell", False),
    ("key end {key}", "ended the key nightly of bob at a shell", True),
    ("key end 999999", "ended key 999999 at a shell", False),
    ("invite --role viewer --server lobby-*", "made an invitation for the role viewer on lobby-* at a shell", True),
    ("invite --access granted", "made an invitation at a shell", True),
    ("invite --role king --server *", "made an invitation for the role king on * at a shell", False),
    ("invite --revoke {invitation}", "revoked invitation {invitation} at a shell", True),
    ("invite --revoke 999999", "revoked invitation 999999 at a shell", False),
]
LONG = 40  # characters that no word but a token has
READS = ["grant bob", "grant bob --list --json", "key list", "key list bob --json", "invite --list"]


@pytest.fixture
def ids() -> dict[str, int]:
    bob = User.objects.create_user("bob")
    grants.set_rights(bob.pk, access="granted", grants=[WantedGrant("viewer", "mini-*")])
    keys.begin(bob, keys.WantedKey(name="nightly", verbs=["view"], servers=["*"]))
    invitations.make(by=SystemUser())
    return {"key": Key.objects.get().pk, "invitation": Invitation.objects.get().pk}


def call(words: str) -> str:
    out = io.StringIO()
    with suppress(CommandError):
        call_command(*words.split(), stdout=out, stderr=io.StringIO())
    return out.getvalue()


@pytest.mark.parametrize(("words", "said", "is_done"), TABLE)
def test_each_change_is_written_down_with_who_made_it(
    ids: dict[str, int], words: str, said: str, is_done: bool
) -> None:
    printed = call(words.format(**ids))

    (event,) = AuditEvent.objects.all()
    assert (sentence(event), event.success) == (said.format(**ids), is_done)
    assert (event.username, event.role, event.user_id) == (recorder.shell_user().username, "shell", None)
    tokens = [part for word in printed.split() if len(part := word.rpartition("#")[2]) > LONG]
    assert len(tokens) == (is_done and printed.startswith(("mca_", "http"))), "the printed token is looked for"
    assert not [one for one in tokens if one in str(list(AuditEvent.objects.values()))]


@pytest.mark.usefixtures("ids")
@pytest.mark.parametrize("words", READS)
def test_a_read_is_not(words: str) -> None:
    assert call(words)
    assert not AuditEvent.objects.exists()
