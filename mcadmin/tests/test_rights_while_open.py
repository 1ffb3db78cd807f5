"""A right taken away while something of the server is open or under way: it ends, and nothing more goes through."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from accounts.models import User
from accounts.rights import grants, roles, still
from accounts.rights.verbs import Verb
from mcadmin.asgi import django_application
from mcadmin.routing import websocket_urlpatterns
from mcadmin.tests.test_rights_by_verb import given
from mcadmin.tests.test_rights_of_sockets import LIMIT_S, address_of, end_of
from mcadmin.tests.test_rights_taken_away import _Deaf
from servers.records import incarnations
from testing.routes import short, sockets
from web import sockets as base
from web.streaming import StreamBodies

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake", "quick_hashes")]

MIB = 1024 * 1024
SIZE = 8 * MIB

Take = Callable[[str], None]


def _grant(server: str) -> None:
    grants.take(User.objects.get(username="gina").pk, server)


def _role(server: str) -> None:
    roles.change(User.objects.get(username="gina").grants.get().role_id or 0, name="of gina", verbs=["view"])


def _server(server: str) -> None:
    incarnations.note_removed(server, removed_as=f"{server}-1", by="olga")


each_way = pytest.mark.parametrize("take", [_grant, _role, _server], ids=["grant", "role", "server"])


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still, "CHECK_S", 0.0)
    monkeypatch.setattr(base, "HOLD_S", 0.01)


@dataclass
class Answer:
    status: int = 0
    body: bytearray = field(default_factory=bytearray)
    is_whole: bool = False


async def ask(
    method: str, address: str, token: str, *, body: AsyncIterator[bytes], kind: str = "application/octet-stream",
    length: int = 0, on_piece: Callable[[], Awaitable[None]] | None = None,
) -> Answer:
    """One request to the application as a server would carry it, its body and answer piece by piece."""
    path, _, query = address.partition("?")
    headers = {"host": "testserver", "authorization": f"Bearer {token}", "content-type": kind}
    headers |= {"content-length": str(length)} if length else {}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 4711), "server": ("testserver", 80),
    }
    answer, gone = Answer(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        async for piece in body:
            return {"type": "http.request", "body": piece, "more_body": bool(piece)}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            return
        answer.body += message.get("body", b"")
        answer.is_whole = not message.get("more_body", False)
        if on_piece is not None:
            await on_piece()

    try:
        application: Any = StreamBodies(django_application)
        await application(scope, receive, send)
    except Exception:  # noqa: BLE001 - a server breaks the connection off then
        assert answer.status
    finally:
        gone.set()
    return answer


async def pieces(*parts: bytes, taken: Callable[[], Awaitable[None]] | None = None) -> AsyncIterator[bytes]:
    """A body that ends with ``b""``; the right is taken away after its first part."""
    for number, part in enumerate((*parts, b"")):
        if number == 1 and taken is not None:
            await taken()
        yield part


ROUTES_OUT = {"a file": "files/download?path=/big", "a folder": "files/download?path=/folder"}


# Django leaves the empty body of a request to the garbage collector when its answer breaks off.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@each_way
@pytest.mark.parametrize("what", ROUTES_OUT)
async def test_a_download_breaks_off(what: str, take: Take, server: str, server_path: Path) -> None:
    data = server_path / server / "data"
    (data / "folder").mkdir()
    for path in ("big", "folder/big"):
        (data / path).write_bytes(os.urandom(SIZE))
    token = await sync_to_async(given)(Verb.FILES_READ, server=server)
    address, taken = f"/api/servers/{server}/{ROUTES_OUT[what]}", False

    whole = await ask("GET", address, token, body=pieces())
    assert (whole.status, whole.is_whole, len(whole.body) >= SIZE) == (200, True, True)

    async def at_first_piece() -> None:
        nonlocal taken
        if not taken:
            taken = True
            await sync_to_async(take)(server)

    answer = await ask("GET", address, token, body=pieces(), on_piece=at_first_piece)
    assert (answer.status, answer.is_whole) == (200, False)
    assert len(answer.body) <= 2 * MIB


@each_way
async def test_an_upload_leaves_nothing(take: Take, server: str, server_path: Path) -> None:
    token = await sync_to_async(given)(Verb.FILES_WRITE, Verb.FILES_READ, server=server)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="new"\r\n\r\n'
    body = [head + bytes(MIB), bytes(MIB), bytes(MIB) + b"\r\n--x--\r\n"]
    address, kind = f"/api/servers/{server}/files/upload?path=/", "multipart/form-data; boundary=x"
    length = sum(map(len, body))
    data = server_path / server / "data"
    before = sorted(data.iterdir())

    answer = await ask(
        "POST", address, token, kind=kind, length=length,
        body=pieces(*body, taken=lambda: sync_to_async(take)(server)),
    )
    assert answer.status == (403 if take is _role else 404)
    assert sorted(data.iterdir()) == before


async def test_an_upload_whose_right_stays_arrives(server: str, server_path: Path) -> None:
    token = await sync_to_async(given)(Verb.FILES_WRITE, server=server)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="new"\r\n\r\n'
    body = [head + bytes(MIB), bytes(MIB), b"\r\n--x--\r\n"]

    answer = await ask(
        "POST", f"/api/servers/{server}/files/upload?path=/", token, kind="multipart/form-data; boundary=x",
        length=sum(map(len, body)), body=pieces(*body),
    )
    assert answer.status == 200, answer.body
    assert (server_path / server / "data/new").stat().st_size == 2 * MIB


@each_way
async def test_a_piece_of_an_upload_is_the_last(take: Take, server: str, server_path: Path) -> None:
    token = await sync_to_async(given)(Verb.FILES_WRITE, server=server)
    wanted = json.dumps({"path": "/", "name": "new", "size": SIZE}).encode()
    uploads = f"/api/servers/{server}/files/uploads"
    begun = await ask(
        "POST", uploads, token, kind="application/json", length=len(wanted), body=pieces(wanted)
    )
    assert begun.status == 201, begun.body
    one = f"{uploads}/{json.loads(begun.body)['id']}"

    parts = [bytes(MIB)] * 8
    answer = await ask(
        "PATCH", f"{one}?offset=0", token, length=SIZE,
        body=pieces(*parts, taken=lambda: sync_to_async(take)(server)),
    )
    assert answer.status == (403 if take is _role else 404)
    kept = sum(path.stat().st_size for path in (server_path / server / "data").rglob("*") if path.is_file())
    assert kept < 3 * MIB
    again = await ask("PATCH", f"{one}?offset={MIB}", token, length=MIB, body=pieces(bytes(MIB)))
    assert again.status == answer.status


@each_way
async def test_a_tail_has_no_next_one(take: Take, server: str, server_path: Path) -> None:
    (server_path / server / "data/log").write_text("one\n")
    token = await sync_to_async(given)(Verb.FILES_READ, server=server)
    address = f"/api/servers/{server}/files/tail?path=/log"
    assert (await ask("GET", address, token, body=pieces())).status == 200

    await sync_to_async(take)(server)
    assert (await ask("GET", address, token, body=pieces())).status == (403 if take is _role else 404)


@pytest.mark.parametrize("take", [_grant, _server], ids=["grant", "server"])
@pytest.mark.parametrize("announced", [True, False], ids=["by event", "by check"])
async def test_the_socket_of_an_operation_closes(
    take: Take, announced: bool, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "CHECK_S", 3600 if announced else 0.2)
    (found,) = (one for one in sockets() if short(one) == "/api/operations/{id}")
    token = await sync_to_async(given)(Verb.VIEW, server=server)
    address = await sync_to_async(address_of)(found, server)
    socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), f"{address}?token={token}")
    socket.scope["client"] = ["192.0.2.1", 4711]
    assert (await socket.connect(timeout=10))[0]
    try:
        assert await socket.receive_nothing(timeout=0.3) or True
        if not announced:
            monkeypatch.setattr("accounts.revocation.get_channel_layer", _Deaf)
        await sync_to_async(take)(server)
        code, _ = await end_of(socket, within_s=LIMIT_S)
    finally:
        await socket.disconnect(timeout=10)
    assert code == 4404
