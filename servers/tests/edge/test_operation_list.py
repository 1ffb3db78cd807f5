"""GET /operations: of all servers, a page at a time, and only what is one's own."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import Access, Grant, Role, User, UserRole
from servers.models import Incarnation, Operation
from servers.tests.conftest import write_server
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def made(server_id: str, number: int, **values: Any) -> Operation:
    return Operation.objects.create(
        **{"server_id": server_id, "kind": "up", "state": "succeeded", "started_by": "olivia", "origin": "api"}
        | {"started_at": NOON + timedelta(minutes=number), "output": "x" * 100} | values
    )


@pytest.fixture
def granted(server: str) -> APIClient:
    """Somebody who was given the one server to see, and nothing else."""
    user = User(username="gina", role=UserRole.ADMIN, access=Access.GRANTED)
    user.set_unusable_password()
    user.save()
    role = Role.objects.create(name="looks", verbs=["view"])
    Grant.objects.create(user=user, role=role, server=server, incarnation=1)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user)}")
    return client


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [one["id"] for one in answer.json()["operations"]]


def test_all_servers_and_none_newest_first_without_output(owner: APIClient, fake: FakeDocker, server: str) -> None:
    rows = [made(server, 1), made("", 2, kind="prune"), made("gone", 3)]

    answer = owner.get("/api/operations")

    assert ids(answer) == [str(row.pk) for row in reversed(rows)]
    assert "output" not in answer.json()["operations"][0]
    assert answer.json()["next"] is None


def test_each_filter_and_all_together(owner: APIClient, fake: FakeDocker, server: str) -> None:
    one = made(server, 1, state="failed", kind="backup", started_by="bob")
    made(server, 2), made("", 3, kind="prune")

    for query in ("state=failed", "kind=backup", "user=bob", f"server={server}&state=failed&kind=backup&user=bob"):
        assert ids(owner.get(f"/api/operations?{query}")) == [str(one.pk)], query
    assert len(ids(owner.get(f"/api/operations?server={server}"))) == 2
    assert [row["kind"] for row in owner.get("/api/operations?server=").json()["operations"]] == ["prune"]
    for query in ("state=odd", "cursor=odd", "cursor=2026-11-28T12:00:00Z_odd"):
        assert owner.get(f"/api/operations?{query}").json()["code"] == "invalid", query


@pytest.mark.parametrize("of_granted", [False, True])
def test_pages_meet_without_gap_or_double_though_many_began_at_once(
    owner: APIClient, granted: APIClient, fake: FakeDocker, server: str, of_granted: bool
) -> None:
    rows = {str(made(server, number // 60).pk) for number in range(130)}
    client = granted if of_granted else owner
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get("/api/operations", {"cursor": cursor})
        found += ids(answer)
        cursor = answer.json()["next"]

    assert (len(found), set(found)) == (130, rows)


def test_a_granted_user_sees_those_of_their_servers_alone(
    granted: APIClient, fake: FakeDocker, server: str, server_path: Any
) -> None:
    write_server(server_path, "other")
    mine = made(server, 1)
    made("", 2, kind="prune"), made("other", 3), made("gone", 4)

    assert ids(granted.get("/api/operations")) == [str(mine.pk)]
    assert ids(granted.get("/api/operations?server=")) == []
    for hidden in ("other", "gone"):
        answer = granted.get(f"/api/operations?server={hidden}")
        assert (answer.status_code, answer.json()["code"]) == (404, "server_not_found")
    Incarnation.objects.create(server_id=server, number=2, highest=2)
    assert ids(granted.get("/api/operations")) == [], "that was another server of the same name"


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "servers_operation_started_at_"), ("state=running", "operations_by_state"),
        ("kind=backup", "operations_by_kind"), ("user=bob", "operations_by_user"),
        ("server=lobby", "operations_of_server"), ("server=", "operations_of_server"),
    ],
)
def test_no_question_reads_or_sorts_the_whole_table(
    owner: APIClient, fake: FakeDocker, server: str, query: str, index: str, plan: Callable[[str], str]
) -> None:
    made(server, 1)
    cursor = f"{NOON.isoformat()}_ffffffff-ffff-4fff-bfff-ffffffffffff"

    with CaptureQueriesContext(connection) as asked:
        owner.get(f"/api/operations?{query}", {"cursor": cursor} | dict(p.split("=") for p in query.split("&") if p))
    [sql] = [one["sql"] for one in asked.captured_queries if 'FROM "servers_operation"' in one["sql"]]
    told = plan(sql)
    assert f"SEARCH servers_operation USING INDEX {index}" in told, told
    assert "USE TEMP B-TREE FOR ORDER BY" not in told, told


@pytest.fixture
def plan() -> Callable[[str], str]:
    def explain(sql: str) -> str:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            return "\n".join(row[3] for row in cursor.fetchall())

    return explain
