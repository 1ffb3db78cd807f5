import re
import warnings
from typing import Any

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from rest_framework.test import APIClient

from testing.changing_routes import ROUTES
from testing.contract import ContractBroken, ContractClient, document, hold_to_contract
from testing.leaving import changing


class Answer:
    def __init__(self, status_code: int, body: Any) -> None:
        self.status_code, self.body = status_code, body
        self.headers = {"Content-Type": "application/json"}

    def json(self) -> Any:
        return self.body


def test_the_document_is_made_without_a_warning() -> None:
    GENERATOR_STATS.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # untyped library

    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache
    validate_schema(schema)  # type: ignore[no-untyped-call]  # untyped library


def test_the_document_needs_no_login() -> None:
    response = APIClient().get("/api/schema/")

    assert response.status_code == 200
    assert b"openapi: 3.1" in response.content


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/"])
def test_no_viewer_loads_anything_from_elsewhere(path: str) -> None:
    response = APIClient().get(path)

    assert response.status_code == 200
    assert re.findall(rb"(?:src|href)=[\"'](?:https?:)?//", response.content) == []


def test_every_operation_tells_its_errors() -> None:
    operations = [one for path in document()["paths"].values() for one in path.values()]

    assert operations
    assert all("default" in one["responses"] for one in operations)


def test_of_every_changing_route_it_is_known_how_its_change_is_seen() -> None:
    assert sorted(set(ROUTES) ^ set(changing())) == [("POST", "/api/auth/setup")], "which has a test of its own"


def test_the_client_finds_a_missing_route() -> None:
    with pytest.raises(ContractBroken, match="does not know"):
        hold_to_contract("get", "/api/invented", Answer(200, {}))


def test_the_client_finds_an_error_of_another_shape() -> None:
    with pytest.raises(ContractBroken, match="detail"):
        hold_to_contract("get", "/api/servers", Answer(404, {"message": "no"}))


def test_unknown_addresses_keep_the_shape_of_errors() -> None:
    assert ContractClient().get("/api/nowhere").status_code == 404
