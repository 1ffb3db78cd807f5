"""GET /attention: the list of the overview, each time only what exists for who asks."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import Access, Grant, Role, User, UserRole
from backups.models import SavingOff
from mcadmin import attention
from servers.models import Incarnation, Operation, OperationState
from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)


def client_of(role: UserRole, *servers: str) -> APIClient:
    user = User(username=f"{role}-{len(servers)}", role=role, access=Access.GRANTED if servers else Access.EVERYTHING)
    user.set_unusable_password()
    user.save()
    for server in servers:
        made = Role.objects.create(name=f"looks at {server}", verbs=["view"])
        Grant.objects.create(user=user, role=made, server=server, incarnation=1)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user)}")
    return client


def failed(server_id: str, **values: Any) -> Operation:
    now = datetime.now(UTC)
    done = {"server_id": server_id, "kind": "up", "state": OperationState.FAILED, "error": "No space."}
    return Operation.objects.create(**done | {"origin": "api", "started_at": now, "finished_at": now} | values)


def told(client: APIClient) -> list[tuple[str, str]]:
    answer = client.get("/api/attention")
    assert answer.status_code == 200, answer.content
    return [(one["code"], one["server_id"]) for one in answer.json()]


def test_a_matter_has_code_parameters_and_where_to_look(fake: FakeDocker, server: str) -> None:
    operation = failed(server)

    found = [one for one in client_of(UserRole.ADMIN).get("/api/attention").json() if one["code"] == "operation_failed"]

    assert [(one["operation"], one["action"], one["sentence"]) for one in found] == [
        (str(operation.pk), "open_operation", f"up of {server} failed: No space.")
    ]
    assert found[0]["params"] == {"kind": "up", "server": server, "state": "failed", "error": "No space."}
    assert found[0]["since"] is not None


def test_each_sees_what_is_theirs_alone(
    fake: FakeDocker, server: str, server_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "LITTLE_SHARE", 1.1)  # each disk is told
    write_server(server_path, "other", compose_text("other"))
    for one in (server, "other", "gone", ""):
        failed(one)
    SavingOff.objects.create(server_id="other", operation_id=uuid.uuid4(), since=datetime(2026, 1, 1, tzinfo=UTC))

    all_of_it = told(client_of(UserRole.ADMIN))
    mine = told(client_of(UserRole.ADMIN, server))

    assert {("operation_failed", one) for one in (server, "other", "gone", "")} <= set(all_of_it)
    assert {("saving_off", "other"), ("disk_low", ""), ("no_repository", "")} <= set(all_of_it)
    assert ("operation_failed", server) in mine
    assert {one for one in mine if one[1] != server} == {("engine_away", "")}, "that all may know"


def test_a_failure_of_an_earlier_server_of_that_name_is_nobodys(fake: FakeDocker, server: str) -> None:
    failed(server)
    Incarnation.objects.create(server_id=server, number=2, highest=2)

    assert ("operation_failed", server) not in told(client_of(UserRole.ADMIN))

