import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.conf import LazySettings

from accounts import tokens
from accounts.models import User, UserRole
from audit import recorder
from audit.events import Event
from audit.models import AuditEvent
from mcadmin.asgi import django_application
from mcadmin.security_headers import ResponseHeaders
from testing.contract import ContractClient

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
Get = Callable[..., Any]


@pytest.fixture
def owner(db: None) -> str:
    return tokens.issue(User.objects.create_user("olga", "a-l0ng-one", UserRole.OWNER))


@pytest.fixture
def get(api: ContractClient, owner: str) -> Get:
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {owner}")
    return lambda path="/api/audit/", **query: api.get(path, {k.rstrip("_"): v for k, v in query.items()})


def write(count: int = 1, **fields: Any) -> None:
    for number in range(count):
        recorder.record(Event(**{"method": "POST", "path": f"/api/{number}", "success": True, **fields}))


def paths(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [event["path"] for event in answer.json()["events"]]


def test_the_newest_come_first_with_every_field(get: Get) -> None:
    write(2, status_code=200, request_body={"a": [1]}, client_ip="10.0.0.1", user_agent="x", server_id="mc")

    answer = get()

    assert paths(answer) == ["/api/1", "/api/0"]
    assert answer.json()["next"] is None
    assert answer.json()["events"][0] | {"hash": "", "timestamp": "", "request_id": ""} == {
        "id": 2, "timestamp": "", "username": "anonymous", "role": "anonymous", "user_id": None, "method": "POST",
        "path": "/api/1", "status_code": 200, "result": "", "success": True, "server_id": "mc", "client_ip": "10.0.0.1",
        "user_agent": "x", "processing_time_ms": None, "path_params": {}, "query_params": {},
        "request_body": {"a": [1]}, "request_id": "", "count": 1, "hash": "",
    }


def test_a_cursor_leads_through_all_while_new_ones_come(get: Get) -> None:
    write(5)
    seen, cursor = [], None
    while True:
        page = get(limit=2, **({"cursor": cursor} if cursor else {}))
        seen += paths(page)
        cursor = page.json()["next"]
        if cursor is None:
            break
        write(1, path="/new")

    assert seen == [f"/api/{number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"user": "alice"}, ["a"]), ({"server": "mc"}, ["b"]), ({"path_": "/C"}, ["c"]), ({"method": "delete"}, ["d"]),
        ({"success": "false"}, ["e"]), ({"success": "true", "user": "alice"}, ["a"]), ({"user": "bob"}, []),
        ({"from_": "2026-11-24T12:00:00Z", "to": "2026-11-24T12:00:01+00:00"}, ["f"]),
        ({"to": "2026-11-24"}, ["g"]),
    ],
)
def test_filters(get: Get, query: dict[str, str], found: list[str]) -> None:
    write(path="/a", username="alice")
    write(path="/b", server_id="mc")
    write(path="/x/c/y")
    write(path="/d", method="DELETE")
    write(path="/e", success=False)
    write(path="/f", timestamp=NOON)
    write(path="/g", timestamp=NOON - timedelta(days=1))

    assert [path.strip("/").replace("x/", "").replace("/y", "") for path in paths(get(**query))] == found


@pytest.mark.parametrize(
    "query",
    [
        {"from_": "yesterday"}, {"cursor": "x"}, {"limit": 0}, {"limit": 501}, {"success": "perhaps"},
        {"format": "xml"},
    ],
)
def test_a_wrong_filter_is_400(get: Get, query: dict[str, Any]) -> None:
    assert get(**query).status_code == 400


def test_a_server_has_its_own_log_even_when_it_is_gone(get: Get) -> None:
    write(path="/a", server_id="mc")
    write(path="/b", server_id="other")

    assert paths(get("/api/servers/mc/audit")) == ["/a"]
    assert paths(get("/api/servers/mc/audit/", server="other")) == ["/a"]


def test_only_owners_read_it(api: ContractClient) -> None:
    assert api.get("/api/audit/").status_code == 401
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(User.objects.create_user('adam', 'a-l0ng-one'))}")
    assert api.get("/api/audit/").status_code == 403
    assert api.get("/api/servers/mc/audit").status_code == 403


async def stream(path: str, token: str) -> httpx.Response:
    transport = httpx.ASGITransport(ResponseHeaders(django_application))
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as http:
        return await http.get(path)


@pytest.fixture
def many(transactional_db: None, owner: str) -> str:
    rows = [
        AuditEvent(
            sequence=number, timestamp=NOON, method="POST", path=f"/{number}", success=True, username="anonymous",
            role="anonymous", request_body={"a": number}, user_agent="=cmd()\r\nx", previous_hash="", hash="",
        )
        for number in range(1, 1202)
    ]
    AuditEvent.objects.bulk_create(rows)
    return owner


@pytest.mark.django_db(transaction=True)
async def test_jsonl_streams_everything_oldest_first(many: str) -> None:
    answer = await stream("/api/audit?format=jsonl&path=/", many)

    assert answer.headers["content-type"] == "application/jsonl; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.jsonl"'
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["path"] for line in lines] == [f"/{number}" for number in range(1, 1202)]
    assert lines[0]["request_body"] == {"a": 1}


@pytest.mark.django_db(transaction=True)
async def test_csv_streams_everything_and_no_cell_is_a_formula_or_two_lines(many: str) -> None:
    answer = await stream("/api/audit/?format=csv", many)

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) == 1201
    assert len(answer.text.splitlines()) == 1202
    assert rows[0]["user_agent"] == "'=cmd()\\r\\nx"
    assert json.loads(rows[0]["request_body"]) == {"a": 1}


def test_the_time_of_a_client_decides_nothing(get: Get, settings: LazySettings) -> None:
    write(path="/late", timestamp=NOON + timedelta(days=400))
    write(path="/early", timestamp=NOON)

    assert paths(get()) == ["/early", "/late"]  # in the order written
