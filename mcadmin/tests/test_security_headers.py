"""The headers of every answer, asked of the whole ASGI application, static files and refusals included."""

from typing import Any

import httpx
import pytest
from django.conf import LazySettings

from mcadmin.asgi import application
from mcadmin.security_headers import ResponseHeaders
from servers import wiring

pytestmark = pytest.mark.django_db(transaction=True)

PATHS = [
    "/", "/healthz", "/api/healthz", "/api/servers/", "/api/nowhere", "/api/docs/", "/api/redoc/", "/api/schema/",
    "/admin/", "/admin/login/", "/nowhere", "/static/admin/css/base.css", "/static/nothing.css", "/metrics",
    "/api/audit/",
]
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


async def ask(
    path: str, *, method: str = "GET", client: str = "127.0.0.1", app: Any = None, **headers: str
) -> httpx.Response:
    # The application without its lifespan: the services are not wanted here.
    transport = httpx.ASGITransport(app or application._app, client=(client, 1), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        return await http.request(method, path, headers={key.replace("_", "-"): one for key, one in headers.items()})


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_has_the_headers_of_security(path: str, method: str) -> None:
    answer = await ask(path, method=method)

    for name, value in HEADERS.items():
        assert answer.headers.get_list(name) == [value], name
    [policy] = answer.headers.get_list("content-security-policy")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    [given] = answer.headers.get_list("x-request-id")
    assert len(given) == 32
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("path", ["/admin/", "/api/docs", "/api/docs/"])
async def test_pages_of_our_own_take_scripts_and_styles_from_here_alone(path: str) -> None:
    policy = (await ask(path)).headers["content-security-policy"]

    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")


async def test_redoc_may_write_two_known_styles_and_no_script() -> None:
    policy = (await ask("/api/redoc/")).headers["content-security-policy"]

    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self' 'sha256-")
    assert "unsafe" not in policy


async def test_a_refused_host_is_answered_alike() -> None:
    answer = await ask("/api/healthz", host="evil.example")

    assert answer.status_code == 400
    assert answer.headers["x-frame-options"] == "DENY"


async def test_a_request_id_counts_from_trusted_proxies_only(settings: LazySettings) -> None:
    assert (await ask("/healthz", x_request_id="from-outside")).headers["x-request-id"] != "from-outside"

    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"trusted_proxies": ["10.0.0.0/8"]})
    assert (await ask("/healthz", x_request_id="a1", client="10.1.1.1")).headers["x-request-id"] == "a1"
    assert (await ask("/healthz", x_request_id="a1", client="11.1.1.1")).headers["x-request-id"] != "a1"
    assert (await ask("/healthz", x_request_id="a b\x1b", client="10.1.1.1")).headers["x-request-id"] != "a b\x1b"


async def test_behind_tls_cookies_and_answers_say_so(settings: LazySettings) -> None:
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"trusted_proxies": ["10.1.1.1"]})
    secure = await ask("/admin/login/", client="10.1.1.1", x_forwarded_proto="https")
    plain = await ask("/admin/login/", client="10.1.1.2", x_forwarded_proto="https")

    assert secure.headers["strict-transport-security"] == "max-age=31536000"
    assert "secure" in secure.headers["set-cookie"].lower()
    assert "strict-transport-security" not in plain.headers
    assert "secure" not in plain.headers["set-cookie"].lower()


async def test_the_api_and_the_admin_site_are_kept_by_no_cache() -> None:
    for path in ("/api/servers", "/admin/"):
        assert "no-store" in (await ask(path)).headers["cache-control"]
    assert "no-store" not in (await ask("/static/admin/css/base.css")).headers.get("cache-control", "")


async def test_a_socket_is_told_its_request_id() -> None:
    sent: list[Any] = []

    async def accepting(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})

    async def send(message: Any) -> None:
        sent.append(message)

    await ResponseHeaders(accepting)({"type": "websocket", "path": "/api/x", "headers": []}, None, send)

    assert b"x-request-id" in dict(sent[0]["headers"])


@pytest.fixture(autouse=True)
def _fresh() -> None:
    wiring.reset()
