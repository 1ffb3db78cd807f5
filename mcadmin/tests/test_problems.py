from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import OperationalError
from rest_framework import exceptions

import servers.live.services
import servers.urls  # noqa: F401 - with the line above: loads every module that has errors of its own
from core import errors
from testing.contract import ContractClient
from web.problems import exception_handler, status_of


def subclasses(kind: type[errors.AppError]) -> Iterator[type[errors.AppError]]:
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


@pytest.mark.parametrize("kind", sorted(set(subclasses(errors.AppError)), key=str))
def test_every_error_has_a_status_and_a_code(kind: type[errors.AppError]) -> None:
    assert 400 <= status_of(kind) <= 507
    assert kind.code != "error"


def test_broken_rules_are_told_by_field() -> None:
    error = errors.InvalidRequest("Two rules are broken.", errors={"image": ["is missing"]})

    response = exception_handler(error, {})

    assert response is not None
    assert response.status_code == 400
    assert response.data == {
        "detail": "Two rules are broken.", "code": "invalid", "errors": {"image": ["is missing"]}
    }


def test_detail_of_a_validation_error_is_a_string() -> None:
    error = exceptions.ValidationError({"name": ["too long"], "ports": {"0": ["no number"]}})

    response = exception_handler(error, {})

    assert response is not None
    assert response.data["detail"] == "name: too long ports.0: no number"
    assert response.data["errors"] == {"name": ["too long"], "ports.0": ["no number"]}


def test_a_bug_of_ours_is_not_answered_here() -> None:
    assert exception_handler(KeyError("x"), {}) is None


@pytest.mark.django_db
@pytest.mark.parametrize("body", ["[" * 90_000, '{"a":' * 50_000])
def test_a_body_nested_beyond_all_measure_is_400(api: ContractClient, body: str) -> None:
    token = f"Bearer {settings.MC_ADMIN.master_token}"

    answer = api.post("/api/servers", body, content_type="application/json", HTTP_AUTHORIZATION=token)

    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ("database or disk is full", 507, "database_full"),
        ('could not extend file "base/5/16397": No space left on device', 507, "database_full"),
        ("database is locked", 503, "database_unavailable"),
        ("attempt to write a readonly database", 503, "database_unavailable"),
        ("unable to open database file", 503, "database_unavailable"),
        ('connection failed: connection to server at "127.0.0.1", port 1 failed: Connection refused', 503,
         "database_unavailable"),
    ],
)
def test_trouble_of_the_database_is_told(said: str, status: int, code: str) -> None:
    response = exception_handler(OperationalError(said), {})
    assert response is not None
    assert (response.status_code, response.data["code"]) == (status, code)
    assert "127.0.0.1" not in response.data["detail"]


def test_a_fault_in_a_question_to_the_database_is_a_bug() -> None:
    assert exception_handler(OperationalError("no such column: ports"), {}) is None
