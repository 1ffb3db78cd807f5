import pytest
from rest_framework.test import APIClient

from web.middleware import without_slash

ORIGIN = "http://localhost:3000"


@pytest.mark.parametrize("path", ["/healthz", "/api/healthz", "/api/healthz/"])
def test_both_forms_are_answered_without_redirect(path: str) -> None:
    response = APIClient().get(path)

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/api/nowhere", "/api/nowhere/", "/api/", "/api"])
def test_unknown_address_is_404_in_json(path: str) -> None:
    response = APIClient().get(path)

    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_wrong_host_is_400_in_json() -> None:
    response = APIClient().get("/api/healthz", headers={"host": "evil.example"})

    assert response.status_code == 400
    assert response.json()["code"] == "host_not_allowed"


@pytest.mark.parametrize("headers", [{}, {"host": "evil.example"}])
def test_errors_carry_cors_headers(headers: dict[str, str]) -> None:
    response = APIClient().get("/api/nowhere", headers={"origin": ORIGIN, **headers})

    assert response.status_code in {400, 404}
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert response.headers["access-control-allow-credentials"] == "true"


def test_preflight_needs_no_token() -> None:
    response = APIClient().options(
        "/api/servers/",
        headers={
            "origin": ORIGIN,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization, content-type",
        },
    )

    assert response.status_code == 200
    assert "authorization" in response.headers["access-control-allow-headers"]


def test_other_origins_get_no_cors_header() -> None:
    response = APIClient().get("/api/healthz", headers={"origin": "https://evil.example"})

    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("path", "declared"), [("/api/x/", "/api/x"), ("/api/x", "/api/x"), ("/admin/", "/admin/"), ("/apix/", "/apix/")]
)
def test_only_api_addresses_lose_their_slash(path: str, declared: str) -> None:
    assert without_slash(path) == declared
