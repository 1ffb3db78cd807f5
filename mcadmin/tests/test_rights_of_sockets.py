"""Table S9: every socket, read from the routing, against every way to lose a right; and strangers at each.

A new socket is in this table the day it is written. A failure here says what its author has to do.
"""

import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings
from rest_framework.test import APIClient

from accounts import keys, tokens
from accounts.models import SignIn, User, UserRole
from accounts.permissions import AllowAnyone
from accounts.sockets import SocketConsumer
from mcadmin.routing import websocket_urlpatterns
from servers import wiring
from servers.models import Operation
from servers.records import leases
from testing.routes import Socket, short, sockets
from web import sockets as base

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake", "quick_hashes")]

LIMIT_S = 5.0 * float(os.environ.get("MCADMIN_TIME_FACTOR", "1"))
OLD, NEW = "c0rrect-horse", "an0ther-horse"
PUBLIC = {"/api/auth/code"}  # what strangers may open; add one only when that is meant

SOCKETS = sockets()
CLOSED = [found for found in SOCKETS if short(found) not in PUBLIC]
each = pytest.mark.parametrize("found", CLOSED, ids=short)


def _running_operation(server: str) -> dict[str, str]:
    operation = Operation(server_id=server, kind="up", started_by="olga", origin="api", started_at=datetime.now(UTC))
    return {"id": str(leases.acquire(operation, keys=[leases.server_lease(server)]).id)}


# How to find, or make, what a socket tells about: by the part of its address before the first parameter.
OBJECTS: dict[str, Callable[[str], dict[str, str]]] = {
    "/api/servers/": lambda server: {"id": server},
    "/api/operations/": _running_operation,
}


def address_of(found: Socket, server: str) -> str:
    if not found.parameters:
        return found.address()
    make = OBJECTS.get(found.template.split("%")[0])
    assert make is not None, (
        f"The socket {short(found)} tells about something that this test cannot make. "
        "Say in OBJECTS of mcadmin/tests/test_rights_of_sockets.py how."
    )
    return found.address(**make(server))


@asynccontextmanager
async def opened(
    address: str, *, subprotocols: list[str] | None = None, headers: list[tuple[bytes, bytes]] | None = None
) -> AsyncIterator[WebsocketCommunicator]:
    router = URLRouter(websocket_urlpatterns)
    socket = WebsocketCommunicator(router, address, headers=headers, subprotocols=subprotocols)
    socket.scope["client"] = ["192.0.2.1", 4711]
    accepted, _ = await socket.connect(timeout=10)
    assert accepted
    try:
        yield socket
    finally:
        await socket.disconnect(timeout=10)
        await wiring.live().console.close()


async def end_of(socket: WebsocketCommunicator, *, within_s: float) -> tuple[int, str]:
    """The code of the close, and the last error frame before it."""
    said, until = "", time.monotonic() + within_s
    while (left := until - time.monotonic()) > 0:
        message = await socket.receive_output(timeout=left)
        if message["type"] == "websocket.close":
            return message["code"], said
        if '"type": "error"' in message.get("text", ""):
            said = message["text"]
    raise TimeoutError


def _client(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def _by_master(method: str, **fields: str) -> Callable[[User, str], int]:
    def change(user: User, token: str) -> int:
        client = _client(settings.MC_ADMIN.master_token)
        status: int = getattr(client, method)(f"/api/admin/users/{user.pk}", fields, format="json").status_code
        return status

    return change


def _own_password(user: User, token: str) -> int:
    fields = {"old_password": OLD, "new_password": NEW}
    return _client(token).post("/api/user/me/password", fields, format="json").status_code


def _logout_all(user: User, token: str) -> int:
    return _client(token).post("/api/auth/logout-all").status_code


def _disabled(user: User, token: str) -> int:
    user.is_active = False
    user.save()
    return 200


REVOCATIONS = {
    "deleted": _by_master("delete"),
    "demoted": _by_master("patch", role="admin"),
    "password set": _by_master("patch", password=NEW),
    "own password": _own_password,
    "logged out": _logout_all,
    "disabled": _disabled,
}


def _people() -> tuple[User, str]:
    User.objects.create_user("oona", OLD, UserRole.OWNER)  # somebody has to stay
    user = User.objects.create_user("olga", OLD, UserRole.OWNER)
    return user, tokens.issue(user)


@each
@pytest.mark.parametrize("revocation", REVOCATIONS)
@pytest.mark.parametrize(
    "announced", [True, pytest.param(False, marks=pytest.mark.process)], ids=["by event", "by check"]
)
async def test_a_right_taken_away_closes_the_socket(
    found: Socket, revocation: str, announced: bool, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, token = await sync_to_async(_people)()
    if announced:
        monkeypatch.setattr(base, "CHECK_S", 3600)
    else:  # as for a change by another process without Redis
        monkeypatch.setattr("accounts.revocation.async_to_sync", lambda _: lambda *_: None)
        monkeypatch.setattr(base, "CHECK_S", 0.1)
    async with opened(f"{await sync_to_async(address_of)(found, server)}?token={token}") as socket:
        if not await socket.receive_nothing(timeout=0.1):
            first = await socket.receive_output(timeout=1)
            assert '"type": "error"' not in first.get("text", ""), f"{short(found)} refused an owner: {first}"

        assert await sync_to_async(REVOCATIONS[revocation])(user, token) in {200, 204}

        assert (await sync_to_async(_client(token).get)("/api/user/me")).status_code == 401
        code, said = await end_of(socket, within_s=LIMIT_S)
        assert code == 4401, f"{short(found)} must leave connect() and the end of its tasks to web.sockets."
        assert "Sign in again" in said


@each
@pytest.mark.parametrize("token", ["", "a.b.c", "revoked"])
@pytest.mark.parametrize("way", ["query", "subprotocol"])
async def test_strangers_are_refused(
    found: Socket, token: str, way: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "HOLD_S", 0.01)
    user, good = await sync_to_async(_people)()
    if token == "revoked":
        token = good
        await sync_to_async(_logout_all)(user, good)
    address = await sync_to_async(address_of)(found, server)
    offered = ["bearer", token] if way == "subprotocol" else None
    async with opened(address if offered else f"{address}?token={token}", subprotocols=offered) as socket:
        code, said = await end_of(socket, within_s=5)
    assert (code, bool(said)) == (4401, True), (
        f"{short(found)} let a stranger in. Give its consumer a `permission` of accounts.permissions."
    )


def _session_of(user: User, token: str) -> str:
    answer = APIClient().post("/api/auth/session", {"access_token": token}, format="json")
    assert answer.status_code == 200
    return answer.cookies[settings.SESSION_COOKIE_NAME].value


def _by_page(key: str, *, origin: str | None = "http://testserver") -> list[tuple[bytes, bytes]]:
    headers = [(b"host", b"testserver"), (b"cookie", f"{settings.SESSION_COOKIE_NAME}={key}".encode())]
    return headers if origin is None else [*headers, (b"origin", origin.encode())]


@each
@pytest.mark.parametrize("end", ["signed out", "ended", "others", "user disabled"])
async def test_a_session_that_ends_closes_the_socket(
    found: Socket, end: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "CHECK_S", 3600)
    user, token = await sync_to_async(_people)()
    key = await sync_to_async(_session_of)(user, token)

    def finish() -> int:
        page = APIClient()
        page.cookies[settings.SESSION_COOKIE_NAME] = key
        if end == "signed out":
            return page.delete("/api/auth/session").status_code
        if end == "ended":
            return _client(token).delete(f"/api/auth/sessions/{SignIn.objects.get(is_session=True).pk}").status_code
        if end == "others":
            return _client(token).delete("/api/auth/sessions?others=1").status_code
        return _disabled(user, token)

    address = await sync_to_async(address_of)(found, server)
    async with opened(address, headers=_by_page(key)) as socket:
        if not await socket.receive_nothing(timeout=0.1):
            first = await socket.receive_output(timeout=1)
            assert '"type": "error"' not in first.get("text", ""), f"{short(found)} refused an owner: {first}"

        assert await sync_to_async(finish)() in {200, 204}

        code, said = await end_of(socket, within_s=LIMIT_S)
    assert (code, "Sign in again" in said) == (4401, True)


@each
@pytest.mark.parametrize(
    "origin",
    [None, "null", "http://localhost:3000", "http://testserver:25565", "https://testserver", "http://testserver.evil"],
)
async def test_the_session_counts_for_our_own_pages_alone(
    found: Socket, origin: str | None, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "HOLD_S", 0.01)
    key = await sync_to_async(_session_of)(*await sync_to_async(_people)())
    address = await sync_to_async(address_of)(found, server)
    async with opened(address, headers=_by_page(key, origin=origin)) as socket:
        code, _ = await end_of(socket, within_s=5)
    assert code == 4401


@each
async def test_a_bad_token_is_not_mended_by_a_good_session(
    found: Socket, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "HOLD_S", 0.01)
    key = await sync_to_async(_session_of)(*await sync_to_async(_people)())
    address = await sync_to_async(address_of)(found, server)
    for query, offered in (("?token=a.b.c", None), ("", ["bearer", "a.b.c"]), ("", ["bearer"])):
        async with opened(f"{address}{query}", subprotocols=offered, headers=_by_page(key)) as socket:
            code, _ = await end_of(socket, within_s=5)
        assert code == 4401


@each
async def test_the_master_token_and_both_ways_to_give_a_token_open_it(found: Socket, server: str) -> None:
    _, token = await sync_to_async(_people)()
    address = await sync_to_async(address_of)(found, server)
    for query, offered in (
        (f"?token={token}", None), ("", ["bearer", token]), (f"?token={settings.MC_ADMIN.master_token}", None)
    ):
        async with opened(f"{address}{query}", subprotocols=offered) as socket:
            if not await socket.receive_nothing(timeout=0.1):
                first = await socket.receive_output(timeout=1)
                assert '"type": "error"' not in first.get("text", "")


@pytest.mark.parametrize("found", SOCKETS, ids=short)
def test_every_socket_stands_on_the_base(found: Socket) -> None:
    assert issubclass(found.consumer, SocketConsumer), (
        f"{short(found)}: derive {found.consumer.__name__} from accounts.sockets.SocketConsumer."
    )
    for name in ("connect", "websocket_receive", "account_changed"):
        assert getattr(found.consumer, name) is getattr(SocketConsumer, name), f"leave {name} to SocketConsumer"
    assert (found.consumer.permission is AllowAnyone) == (short(found) in PUBLIC)


KEY_ENDS: dict[str, Callable[[User, int], object]] = {
    "ended": lambda user, key: keys.end(key, why=keys.BY_USER, user=user),
    "owner disabled": lambda user, _: _disabled(user, ""),
    "owner deleted": lambda user, _: _by_master("delete")(user, ""),
    "password by an owner": lambda user, _: _by_master("patch", password=NEW)(user, ""),
}


@each
@pytest.mark.parametrize("end", KEY_ENDS)
@pytest.mark.parametrize("way", ["query", "subprotocol"])
async def test_a_key_that_ends_closes_the_socket(
    found: Socket, end: str, way: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "CHECK_S", 3600)
    user, _ = await sync_to_async(_people)()
    wanted = keys.WantedKey("script", verbs=["console"], servers=["*"])
    row, token = await sync_to_async(keys.begin)(user, wanted)
    address = await sync_to_async(address_of)(found, server)
    offered = ["bearer", token] if way == "subprotocol" else None
    async with opened(address if offered else f"{address}?token={token}", subprotocols=offered) as socket:
        if not await socket.receive_nothing(timeout=0.1):
            first = await socket.receive_output(timeout=1)
            assert '"type": "error"' not in first.get("text", ""), f"{short(found)} refused a key: {first}"

        await sync_to_async(KEY_ENDS[end])(user, row.pk)

        assert (await end_of(socket, within_s=LIMIT_S))[0] == 4401
