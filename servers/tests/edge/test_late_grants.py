"""What was given on a server does not count on the next one of its id, however late it is stored."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from accounts.models import Grant, User
from accounts.rights import grants
from accounts.rights.grants import WantedGrant
from accounts.rights.loading import rights_of
from servers import members
from servers.models import Operation
from servers.records import incarnations
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)


def _set(user: User, server: str) -> Callable[[], object]:
    given = [members.wanted("manager", server)]
    return lambda: grants.set_rights(user.pk, access="granted", grants=given)


def _added(user: User, server: str) -> Callable[[], object]:
    given = members.wanted("manager", server)
    return lambda: grants.add(user.pk, given, narrows=True)


def _created(user: User, server: str) -> Callable[[], object]:
    grants.set_rights(user.pk, access="granted", may_create=True, grants=[])
    made = Operation.objects.create(server_id=server, kind="create", state="succeeded", started_at=datetime.now(UTC))
    return lambda: members.give_creator(User.objects.get(pk=user.pk), server, made_by=made.pk)


@pytest.mark.parametrize("look_up", [_set, _added, _created])
@pytest.mark.parametrize("changes_hands", [True, False])
def test_a_grant_that_comes_late_is_for_the_server_that_was_meant(
    look_up: Callable[[User, str], Callable[[], object]], changes_hands: bool, fake: FakeDocker, server: str,
) -> None:
    user = User.objects.create_user("gina")
    store = look_up(user, server)
    if changes_hands:
        incarnations.note_removed(server, removed_as=f"{server}-1", by="olga")
        incarnations.begin(server)

    store()

    assert rights_of(User.objects.get(pk=user.pk)).sees(server) is not changes_hands
    assert [(one.incarnation, one.counts) for one in Grant.objects.all()] == [(1, not changes_hands)]


def test_a_late_grant_comes_back_with_its_server(fake: FakeDocker, server: str) -> None:
    user = User.objects.create_user("gina")
    incarnations.note_removed(server, removed_as=f"{server}-1", by="olga")
    incarnations.begin(server)
    grants.set_rights(user.pk, access="granted", grants=[WantedGrant("manager", server, 1)])

    incarnations.note_restored(f"{server}-1", server_id=server)

    assert rights_of(User.objects.get(pk=user.pk)).sees(server)
