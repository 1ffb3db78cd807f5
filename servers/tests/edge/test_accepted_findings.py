"""What an owner accepted of a compose text counts for that server, and for no later one of its id."""

from pathlib import Path

import pytest
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import User
from accounts.rights import grants
from servers.records import incarnations
from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = compose_text("lobby").replace("./data:/data\n", "./data:/data\n      - /srv/everything:/host\n")
BODY = {"id": "lobby", "yaml_content": TEXT}


def creator(name: str) -> APIClient:
    user = User.objects.create_user(name)
    grants.set_rights(user.pk, access="granted", may_create=True, grants=[])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user)}")
    return client


@pytest.fixture
def accepted(fake: FakeDocker, owner: APIClient, server_path: Path) -> APIClient:
    """An owner who made a server with a finding, having accepted it."""
    refused = creator("eve").post("/api/servers", BODY, format="json")
    assert refused.status_code == 403, refused.json()
    codes = sorted({one["code"] for one in refused.json()["findings"]})
    made = owner.post("/api/servers", {**BODY, "accept_findings": codes}, format="json")
    assert made.status_code == 201, made.json()
    return owner


def act(client: APIClient, action: str) -> int:
    return client.post("/api/servers/lobby/operations", {"action": action}, format="json").status_code


def test_it_counts_for_everybody_who_starts_that_server(accepted: APIClient) -> None:
    everybody = APIClient()
    everybody.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(User.objects.create_user('ada'))}")

    assert act(everybody, "up") == 200


def test_it_counts_for_no_later_server_of_that_id(accepted: APIClient) -> None:
    assert act(accepted, "remove") == 200

    again = creator("mallory").post("/api/servers", BODY, format="json")

    assert (again.status_code, again.json()["code"]) == (403, "unsafe_compose")


def test_it_counts_again_for_a_server_that_came_back(accepted: APIClient, server_path: Path) -> None:
    assert act(accepted, "remove") == 200
    [removed] = (server_path / ".removed").iterdir()
    removed.rename(server_path / "lobby")
    incarnations.note_restored(removed.name, server_id="lobby")
    everybody = APIClient()
    everybody.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(User.objects.create_user('ada'))}")

    assert act(everybody, "up") == 200


def test_a_text_of_another_server_is_not_accepted_with_it(accepted: APIClient, server_path: Path) -> None:
    write_server(server_path, "hall", TEXT.replace("lobby", "hall"))
    everybody = APIClient()
    everybody.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(User.objects.create_user('ada'))}")

    answer = everybody.post("/api/servers/hall/operations", {"action": "up"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (403, "unsafe_compose")
