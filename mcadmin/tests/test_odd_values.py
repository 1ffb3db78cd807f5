"""Values that no client means, in every field of every documented operation: said to be wrong, never a 500."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from backups.tests.conftest import restic
from servers.tests.conftest import fake, server, server_path
from servers.tests.edge.conftest import owner
from testing.contract import document
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic

__all__ = ["fake", "owner", "restic", "server", "server_path"]

pytestmark = pytest.mark.django_db(transaction=True)

IN_BODIES: list[Any] = ["\ud800", "a\0", 10**30, -1, [], {"a": "\ud800"}, None]
IN_QUERIES = ["\0", "1" * 5000, "-1", "²", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01"]
NOT_OURS = {501, 502, 503, 504}  # what the fake restic does not know; no answer of ours to a value
OUT_OF_PLACE = {"/api/snapshots/check", "/api/snapshots/prune", "/api/snapshots/unlock"}  # nothing the fake can do


def operations(server_id: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, address and description; ids in it are well-formed."""
    known = {"n": "1", "number": "1", "other": "deadbeef", "upload_id": "ffffffff-ffff-4fff-bfff-ffffffffffff"}
    known |= {"token": "unknown", "name": "ghost-20260101T120000000000Z"}
    for path, methods in document()["paths"].items():
        ids = {"snapshots": "deadbeef", "operations": known["upload_id"], "users": "1"}
        own = next((value for part, value in ids.items() if f"/{part}/{{id}}" in path), server_id)
        for method, description in methods.items():
            if path not in OUT_OF_PLACE:
                yield method, path.format(**(known | {"id": own})), description


def fields(description: dict[str, Any]) -> dict[str, Any]:
    content = description.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document()["components"]["schemas"].get(name, {}).get("properties", {})
    return found


@pytest.mark.process  # not that it starts one: so many calls are too many for each `make check`
def test_odd_values_are_no_500(owner: APIClient, fake: FakeDocker, server: str, restic: FakeRestic) -> None:
    owner.raise_request_exception = False
    asked, wrong = 0, []
    for method, address, description in operations(server):
        sent = [("", json.dumps({name: value})) for name in fields(description) for value in IN_BODIES]
        queries = [one["name"] for one in description.get("parameters", []) if one["in"] == "query"]
        sent += [(f"?{urlencode({name: value})}", "") for name in queries for value in IN_QUERIES]
        for query, body in [*sent, ("", "")]:
            asked += 1
            answer = owner.generic(method.upper(), f"{address}{query}", body, content_type="application/json")
            if answer.status_code >= 500 and answer.status_code not in NOT_OURS:
                wrong.append((method, address, query[:60], body[:60]))
    assert wrong == []
    assert asked > 1000


def test_half_a_character_in_a_name_is_told_without_it(
    owner: APIClient, fake: FakeDocker, server: str
) -> None:
    body = json.dumps({"properties": {"\ud800": 1}})
    answer = owner.put(f"/api/servers/{server}/properties", body, content_type="application/json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["?"])
