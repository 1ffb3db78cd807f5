"""Bodies of people without an account, at every route of the API and at the admin site."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.asgi import get_asgi_application

from accounts import tokens
from accounts.authentication import WITHHELD
from accounts.models import User, UserRole
from mcadmin import request_bodies
from mcadmin.request_bodies import MAX_PUBLIC_BYTES, JudgeBodies
from testing.routes import api_routes, short
from web.streaming import StreamBodies

pytestmark = pytest.mark.django_db(transaction=True)

APPLICATION = JudgeBodies(StreamBodies(get_asgi_application()))
PIECE = b"a" * 65536
HUGE = 45 * 1024 * 1024
NO_ACCOUNT = {"/api/auth/token", "/api/auth/session", "/api/auth/setup", "/api/invitations/{token}"}
FORM = "application/x-www-form-urlencoded"
TYPES = ["application/json", FORM, "multipart/form-data; boundary=x", "application/yaml"]
ROUTES = api_routes()
CHANGING = [
    (route, method) for route in ROUTES for method in route.methods if method in {"post", "put", "patch", "delete"}
]


@dataclass
class Answer:
    """What came back, and how many bytes of the body were asked for."""

    status: int = 0
    content: bytes = b""
    read: int = 0


async def ask(
    method: str, path: str, *, size: int = HUGE, chunked: bool = False, kind: str = FORM, headers: Any = (),
    piece: bytes = PIECE,
) -> Answer:
    """Offer a body of ``size`` bytes to what ``serve`` serves, and return the answer."""
    answer = Answer()
    sent = [(b"host", b"localhost"), (b"content-type", kind.encode()), *headers]
    sent.append((b"transfer-encoding", b"chunked") if chunked else (b"content-length", str(size).encode()))
    scope = {
        "type": "http", "http_version": "1.1", "method": method.upper(), "path": path, "raw_path": path.encode(),
        "query_string": b"", "headers": sent, "client": ("192.0.2.1", 4711), "server": ("localhost", 80), "state": {},
    }

    async def receive() -> Any:
        if answer.read >= size:
            return await asyncio.Event().wait()
        body = piece[: size - answer.read]
        answer.read += len(body)
        return {"type": "http.request", "body": body, "more_body": answer.read < size}

    async def send(message: Any) -> None:
        answer.status = message.get("status", answer.status)
        answer.content += message.get("body", b"")

    await APPLICATION(scope, receive, send)
    return answer


def bearer(token: str) -> Any:
    return [(b"authorization", f"Bearer {token}".encode())]


@pytest.fixture
async def owner() -> User:
    user = User(username="olga", role=UserRole.OWNER)
    user.set_password("c0rrect-horse")
    await sync_to_async(user.save)()
    return user


# One test and not one for each: emptying the database in between takes longer than all of them.
@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
async def test_a_stranger_is_answered_before_a_large_body_is_read(chunked: bool) -> None:
    wrong = []
    for number, (route, method) in enumerate(CHANGING):
        headers = bearer("a.b.c") if number % 2 else []
        kind = TYPES[number % len(TYPES)]
        answer = await ask(method, route.address(), chunked=chunked, kind=kind, headers=headers)
        if short(route) in NO_ACCOUNT:
            assert b'"code": "too_large"' in answer.content
            is_right = answer.status == 413 and answer.read <= MAX_PUBLIC_BYTES + len(PIECE)
        else:
            is_right = (answer.status, answer.read) == (401, 0)
        if not is_right:
            wrong.append(f"{method} {short(route)}: {answer.status}, {answer.read} bytes read")
    assert len(CHANGING) > 40
    assert not wrong


async def test_what_needs_no_account_takes_16_kib_and_not_a_byte_more(owner: User) -> None:
    def form(size: int) -> bytes:
        fields = b"username=olga&password=c0rrect-horse&x="
        return fields + b"a" * (size - len(fields))

    for chunked in (False, True):
        most, large = MAX_PUBLIC_BYTES, MAX_PUBLIC_BYTES + 1
        fits = await ask("post", "/api/auth/token", size=most, chunked=chunked, piece=form(most))
        more = await ask("post", "/api/auth/token", size=large, chunked=chunked, piece=form(large))
        assert (fits.status, more.status) == (200, 413), fits.content


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
async def test_the_form_of_the_admin_site_is_limited_alike(chunked: bool) -> None:
    answer = await ask("post", "/admin/login/", chunked=chunked, headers=[(b"cookie", b"csrftoken=" + b"a" * 32)])

    assert answer.status == 413
    assert answer.read <= MAX_PUBLIC_BYTES + len(PIECE)
    assert b"at most 16,384 bytes" in answer.content


async def test_nobody_else_reads_the_body_of_a_stranger() -> None:
    cookies = [(b"cookie", b"sessionid=" + b"a" * 32 + b"; csrftoken=" + b"a" * 32)]
    for path in ("/admin/", "/admin/accounts/user/add/", "/admin/act/", "/", "/api/docs", "/healthz"):
        for method in ("post", "get", "options", "put"):
            answer = await ask(method, path, headers=cookies)
            assert answer.read == 0, f"{method} {path}"
            assert answer.status < 500, f"{method} {path}"


async def test_a_body_that_stops_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_bodies, "PUBLIC_S", 0.1)
    async def receive() -> Any:
        return await asyncio.Event().wait()

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/api/auth/token", "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-length", b"100"), (b"content-type", FORM.encode())],
        "client": ("192.0.2.1", 1), "state": {},
    }
    await APPLICATION(scope, receive, send)

    assert sent[0]["status"] == 408
    assert b"too_slow" in sent[1]["body"]


async def test_somebody_is_read_as_before(owner: User) -> None:
    body = b'{"old_password": "' + b"x" * 100_000 + b'", "new_password": "y"}'
    token = await sync_to_async(tokens.issue)(owner)
    answer = await ask(
        "post", "/api/user/me/password", size=len(body), kind="application/json", headers=bearer(token), piece=body
    )

    assert answer.read == len(body)
    assert answer.status == 400


async def test_a_body_that_was_not_read_is_never_taken_for_an_empty_one(owner: User) -> None:
    """Nobody when the request began, somebody when the view asks: another process let them in between."""
    token = await sync_to_async(tokens.issue)(owner)
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/api/auth/logout-all", "query_string": b"",
        "headers": [(b"host", b"localhost"), *bearer(token)], "client": ("192.0.2.1", 1), "state": {}, WITHHELD: True,
    }
    sent: list[Any] = []

    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Any:
        return next(messages, None) or await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    await APPLICATION(scope, receive, send)

    assert sent[0]["status"] == 503
    assert b"try_again" in sent[1]["body"]
