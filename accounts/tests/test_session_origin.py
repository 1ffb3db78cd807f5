"""A session counts on the panel's own pages; CORS is for the API. A table over addresses, origins and credentials."""

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts import tokens
from accounts.models import User, UserRole

pytestmark = pytest.mark.django_db

OWN = "http://localhost:5678"
ALLOWED = "http://localhost:3000"
FETCHED = {"Sec-Fetch-Mode": "no-cors"}
# Headers of the request, and whether a session counts with them.
ORIGINS: dict[str, tuple[dict[str, str], bool]] = {
    "none": ({}, True),
    "own": ({"Origin": OWN}, True),
    "allowed by CORS": ({"Origin": ALLOWED}, False),
    "null": ({"Origin": "null"}, False),
    "empty": ({"Origin": ""}, False),
    "two": ({"Origin": f"{OWN},{OWN}"}, False),
    "own by TLS": ({"Origin": "https://localhost:5678"}, False),
    "without the port": ({"Origin": "http://localhost"}, False),
    "a name like ours": ({"Origin": "http://localhost:5678.evil.example"}, False),
    "a stranger's": ({"Origin": "http://evil.example"}, False),
    "a script of a game's page": ({"Sec-Fetch-Site": "same-site", **FETCHED}, False),
    "a script of a stranger's page": ({"Sec-Fetch-Site": "cross-site", **FETCHED}, False),
    "a link that is followed": ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, True),
    "our own script": ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, True),
}
# Addresses, and what counts there.
ADDRESSES = {
    "/admin/": "cookie", "/admin/accounts/user/": "cookie", "/admin/audit/auditevent/": "cookie",
    "/api/user/me": "cookie or bearer", "/api/servers/": "cookie or bearer", "/api/audit/": "cookie or bearer",
    "/api/admin/users": "cookie or bearer", "/metrics": "master",
}


@pytest.fixture
def owner() -> User:
    user = User(username="olga", role=UserRole.OWNER)
    user.set_unusable_password()
    user.save()
    return user


@pytest.mark.parametrize("credential", ["cookie", "bearer"])
@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_session_counts_for_own_pages_and_cors_is_for_the_api(
    owner: User, settings: LazySettings, address: str, origin: str, credential: str
) -> None:
    headers, is_own = ORIGINS[origin]
    client = Client(headers={"Host": "localhost:5678"} | headers)
    if credential == "cookie":
        client.force_login(owner)
    else:
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {tokens.issue(owner)}"

    answer = client.get(address)

    wanted = credential in ADDRESSES[address] and (is_own or credential == "bearer")
    assert (answer.status_code == 200) is wanted
    has_cors = address.startswith("/api/") and headers.get("Origin") in settings.CORS_ALLOWED_ORIGINS
    assert ("Access-Control-Allow-Origin" in answer.headers) is has_cors


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_preflight_is_answered_for_the_api_alone(address: str) -> None:
    asked = {"Host": "localhost:5678", "Origin": ALLOWED, "Access-Control-Request-Method": "GET"}
    answer = Client(headers=asked).options(address)

    assert ("Access-Control-Allow-Origin" in answer.headers) is address.startswith("/api/")


def test_a_form_of_another_page_changes_nothing_with_a_session(owner: User) -> None:
    client = Client(headers={"Host": "localhost:5678", "Origin": ALLOWED})
    client.force_login(owner)
    client.post("/admin/accounts/user/add/", {"username": "eve", "password1": "x" * 12, "password2": "x" * 12})

    assert not User.objects.filter(username="eve").exists()


def test_behind_tls_the_own_origin_has_https(owner: User, settings: LazySettings) -> None:
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"trusted_proxies": ["127.0.0.1"]})
    client = Client(headers={"Host": "localhost", "Origin": "https://localhost"})
    client.force_login(owner)
    client.cookies["__Host-sessionid"] = client.cookies["sessionid"].value

    assert client.get("/admin/", secure=True).status_code == 200
    assert client.get("/admin/").status_code == 302
    del client.cookies["__Host-sessionid"]
    assert client.get("/admin/", secure=True).status_code == 302, "a cookie of the plain name may be anybody's"
