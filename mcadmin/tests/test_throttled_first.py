"""The throttle of sign-ins stands before everything that parses, at every route that needs no account."""

from typing import Any

import pytest
from django.http import HttpRequest, QueryDict
from django.test import Client

from accounts import throttles
from accounts.permissions import is_public
from audit.models import AuditEvent
from testing.routes import api_routes, short
from web.middleware import is_api

pytestmark = pytest.mark.django_db

PUBLIC = ["/api/auth/token", "/api/auth/token/", "/admin/login/", "/admin/login/?next=/admin/"]
KINDS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"]
BODIES = {
    KINDS[0]: b"&".join(b"a%d=1" % number for number in range(900)),
    KINDS[1]: b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
    KINDS[2]: b'{"a": 1}',
}


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was parsed, in the test's time: Django's parsers of forms do their work and are counted."""
    found: list[str] = []
    load, query = HttpRequest._load_post_and_files, QueryDict.__init__

    def loading(self: HttpRequest) -> None:
        found.append(self.path)
        load(self)

    def querying(self: QueryDict, query_string: Any = None, *args: Any, **kwargs: Any) -> None:
        if query_string and b"a1=" in (query_string if isinstance(query_string, bytes) else query_string.encode()):
            found.append("query")
        query(self, query_string, *args, **kwargs)

    monkeypatch.setattr(HttpRequest, "_load_post_and_files", loading)
    monkeypatch.setattr(QueryDict, "__init__", querying)
    return found


def test_the_table_has_every_route_that_needs_no_account() -> None:
    changing = {"post", "put", "patch", "delete"}
    public = [route for route in api_routes() if is_public(short(route).lstrip("/"))]
    found = {route.address() for route in public if changing & set(route.methods)}

    assert found == {"/api/auth/token", "/api/auth/session", "/api/auth/setup", f"/api/invitations/{'f' * 43}"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", PUBLIC)
def test_what_an_address_sends_too_often_is_not_parsed(path: str, kind: str, parsed: list[str]) -> None:
    client = Client(enforce_csrf_checks=True)  # as strangers do, without a cookie or a token of a form
    places = throttles.LOGINS_OF_ADDRESS.places
    found = [client.post(path, BODIES[kind], content_type=kind).status_code for _ in range(places)]
    assert 429 not in found
    parsed.clear()

    answer = client.post(path, BODIES[kind], content_type=kind)

    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert "Too many tries." in answer.content.decode()
    assert parsed == []
    kept = AuditEvent.objects.order_by("-pk")[0]
    assert kept.status_code == 429
    assert kept.request_body is not None
    assert kept.request_body["size"] == len(BODIES[kind])


def test_api_and_admin_site_share_the_places_of_an_address() -> None:
    client = Client()
    found = [client.post(PUBLIC[number % len(PUBLIC)], {"x": "y"}).status_code for number in range(12)]

    assert found.index(429) == throttles.LOGINS_OF_ADDRESS.places
    assert client.post(PUBLIC[2], {"x": "y"}, REMOTE_ADDR="192.0.2.9").status_code != 429


def test_pages_are_read_as_often_as_one_likes() -> None:
    client = Client()

    assert {client.get("/admin/login/").status_code for _ in range(15)} == {200}


# What a page of a stranger may send from its visitor's address: method, address, headers.
FOREIGN = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
NO_SIGN_INS: dict[str, tuple[str, str, dict[str, str]]] = {
    "where there is no POST": ("POST", "/api/healthz", {}),
    "to the document": ("POST", "/api/schema", {}),
    "to the pages of the document": ("POST", "/api/docs/", {}),
    "a method that signing in has not": ("PUT", PUBLIC[0], {}),
    "a foreign page's token": ("POST", PUBLIC[0], FOREIGN),
    "a foreign page's session": ("POST", "/api/auth/session", FOREIGN),
    "a foreign page's form": ("POST", PUBLIC[2], FOREIGN),
    "a foreign page's invitation": ("POST", f"/api/invitations/{'f' * 43}", FOREIGN),
    "a page without an origin": ("POST", PUBLIC[0], {"Origin": "null", "Sec-Fetch-Site": "cross-site"}),
    "a page on another port": ("POST", PUBLIC[0], {"Origin": "http://testserver:8080", "Sec-Fetch-Site": "same-site"}),
    "no address at all": ("POST", PUBLIC[0], {"Origin": "http://[evil"}),
}


@pytest.mark.parametrize("what", NO_SIGN_INS)
def test_what_is_no_sign_in_takes_none_away(what: str) -> None:
    method, path, headers = NO_SIGN_INS[what]
    client = Client()
    plain = "text/plain"  # which a page may send without asking
    refused = [client.generic(method, path, "{}", content_type=plain, headers=headers) for _ in range(12)]
    assert 429 not in {answer.status_code for answer in refused}

    answer = client.post(PUBLIC[0], {"username": "olga", "password": "wrong-one"})

    assert answer.status_code == 401
    if headers:
        assert {answer.status_code for answer in refused} == {403}
        if is_api(path):
            assert refused[0].json()["code"] == "foreign_origin"


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"Origin": "http://testserver"}, {"Origin": "http://localhost:3000"}, {"Origin": "https://testserver"},
        {"Origin": "https://panel.example", "Sec-Fetch-Site": "same-origin"},  # a proxy that keeps the host to itself
    ],
)
def test_pages_that_may_sign_in_are_heard(headers: dict[str, str]) -> None:
    answer = Client().post(PUBLIC[0], {"username": "olga", "password": "wrong-one"}, headers=headers)

    assert answer.status_code == 401
