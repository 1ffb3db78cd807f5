"""The API's document: for strangers too, so it is built once, and nothing that they ask for reaches a header."""

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

ADDRESS = "/api/schema"
QUERIES = [
    "", "?version=2", "?version=%0d%0aX-Y:%20z", "?version=%0a", "?version=%00", "?version=%22", "?lang=de",
    "?format=json",
]


@pytest.mark.parametrize("query", QUERIES)
def test_it_is_the_same_whatever_is_asked(query: str) -> None:
    answer = APIClient().get(f"{ADDRESS}{query}")

    assert (answer.status_code, answer["Content-Disposition"]) == (200, 'inline; filename="openapi.yaml"')
    assert answer.content.startswith(b"openapi: 3.")
    assert answer.content == APIClient().get(ADDRESS).content


def test_it_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = APIClient().get(ADDRESS).content
    monkeypatch.delattr(SchemaGenerator, "get_schema")

    assert APIClient().get(ADDRESS).content == first
