"""A key of somebody with everything, limited to one server, learns nothing of earlier servers of that id."""

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import keys, tokens
from accounts.models import User
from servers.models import ComposeRevision, Operation
from servers.records import incarnations
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "told by the earlier server"
PLACES = ["operations?all=1", "compose/revisions?all=1"]


def client_of(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


@pytest.fixture
def person(fake: FakeDocker, server: str) -> User:
    """Somebody with everything, on a server that has had a predecessor."""
    now = timezone.now()
    Operation.objects.create(
        server_id=server, incarnation=1, kind="stop", started_by=SECRET[:50], state="succeeded", started_at=now,
        finished_at=now,
    )
    ComposeRevision.objects.create(
        server_id=server, incarnation=1, number=1, created_at=now, message=SECRET, yaml_content=""
    )
    incarnations.note_removed(server, removed_as=f"{server}-x", by="o")
    incarnations.begin(server)
    return User.objects.create_user("eve")


@pytest.mark.parametrize("place", PLACES)
def test_the_person_sees_it_and_their_key_does_not(person: User, server: str, place: str) -> None:
    _, key = keys.begin(person, keys.WantedKey(name="k", verbs=["view", "compose"], servers=[server]))
    address = f"/api/servers/{server}/{place}"

    whole, limited = client_of(tokens.issue(person)).get(address), client_of(key).get(address)

    assert SECRET in whole.content.decode()
    assert limited.status_code == 200
    assert SECRET not in limited.content.decode()
