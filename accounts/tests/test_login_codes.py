import asyncio
import re
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import LazySettings, settings
from django.core.cache import cache
from django.db import connections
from rest_framework.test import APIClient

from accounts import consumers, wiring
from accounts.consumers import LoginCodeConsumer
from accounts.login_codes import LoginCodes
from accounts.models import User
from accounts.tests.conftest import PASSWORD, ClientOf
from accounts.tokens import issue
from testing.contract import ContractClient
from web import sockets

VERIFY = "/api/auth/verifyCode"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_hashes")]


@pytest.fixture
def alice(quick_hashes: None) -> User:
    return User.objects.create_user("alice", PASSWORD)


@asynccontextmanager
async def waiting(*, peer: str = "192.0.2.1") -> AsyncIterator[WebsocketCommunicator]:
    socket = WebsocketCommunicator(LoginCodeConsumer.as_asgi(), "/api/auth/code")
    socket.scope["client"] = [peer, 4711]
    assert (await socket.connect(timeout=5))[0]
    try:
        yield socket
    finally:
        await socket.disconnect()


def verify(*, username: Any = "alice", code: Any, token: str | None = None, scheme: str = "Bearer") -> Any:
    client = ContractClient()
    if token != "":
        client.credentials(HTTP_AUTHORIZATION=f"{scheme} {token or settings.MC_ADMIN.master_token}")
    return client.post(VERIFY, {"username": username, "code": code}, format="json")


def verify_in_a_thread(*, code: str) -> Any:
    """Verify as a request beside others does: its thread has a connection of its own, and nobody else closes it."""
    try:
        return verify(code=code)
    finally:
        connections.close_all()


verify_later = sync_to_async(verify_in_a_thread, thread_sensitive=False)


async def test_the_page_gets_the_same_token_as_the_caller(alice: User, client_of: ClientOf) -> None:
    async with waiting() as page:
        frame = await page.receive_json_from()
        assert (frame["type"], frame["timeout"]) == ("code", 60)
        assert re.fullmatch(r"\d{8}", frame["code"])

        answer = await sync_to_async(verify)(code=frame["code"])

        assert answer.status_code == 200
        token = answer.json()["access_token"]
        assert answer.json() == {"result": "success", "access_token": token, "token_type": "bearer"}
        assert await page.receive_json_from() == {"type": "verified", "access_token": token}
        assert await page.receive_nothing(timeout=0.1)
    me = await sync_to_async(client_of(token).get)("/api/user/me")
    assert me.json()["username"] == "alice"


async def test_the_newest_code_and_the_one_before_are_good(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "ROTATION_S", 0.05)
    async with waiting() as page:
        codes = [(await page.receive_json_from())["code"] for _ in range(3)]
        assert len(set(codes)) == 3
        assert (await sync_to_async(verify)(code=codes[1])).status_code == 200


async def test_codes_end_with_a_verification_and_with_the_page(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "ROTATION_S", 0.2)
    async with waiting() as page:
        first = (await page.receive_json_from())["code"]
        second = (await page.receive_json_from())["code"]
        assert (await sync_to_async(verify)(code=second)).status_code == 200
        assert (await page.receive_json_from())["type"] == "verified"
        assert await page.receive_nothing(timeout=0.5)
        assert (await sync_to_async(verify)(code=first)).status_code == 400
    async with waiting() as page:
        gone = (await page.receive_json_from())["code"]
    assert (await sync_to_async(verify)(code=gone)).status_code == 400


async def test_ping_is_answered_and_other_text_is_not() -> None:
    async with waiting() as page:
        await page.receive_json_from()
        await page.send_to(text_data="hello")
        await page.send_to(text_data="ping")
        assert await page.receive_from() == "pong"


@pytest.mark.usefixtures("alice")
async def test_a_code_works_once_even_for_two_at_once() -> None:
    for _ in range(5):
        async with waiting() as page:
            code = (await page.receive_json_from())["code"]
            found = await asyncio.gather(*(verify_later(code=code) for _ in range(4)))
            assert sorted(answer.status_code for answer in found) == [200, 400, 400, 400]
        cache.clear()


def test_unknown_user_and_unknown_code_get_the_same_answer(alice: User) -> None:
    code = wiring.login_codes().issue("page")
    wrong_user, wrong_code = verify(username="nobody", code=code), verify(code="00000000")

    assert wrong_user.status_code == wrong_code.status_code == 400
    assert wrong_user.json() == wrong_code.json()
    assert wiring.login_codes().redeem(code) == "page"  # a slip in the name does not cost the code


@pytest.mark.parametrize("username", ["nul\0", "x" * 200, "ALICE"])
def test_strange_names_are_400(alice: User, username: str) -> None:
    assert verify(username=username, code="00000000").status_code == 400


def test_a_disabled_user_is_not_let_in(alice: User) -> None:
    User.objects.update(is_active=False)

    assert verify(code=wiring.login_codes().issue("page")).status_code == 400


@pytest.mark.parametrize("code", [1234567, 1234567.5, None, [], "", "é" * 8, "1" * 201])
def test_what_is_no_code_is_400(alice: User, code: Any) -> None:
    assert verify(code=code).status_code == 400


def test_only_the_master_token_verifies(alice: User, settings: LazySettings) -> None:
    code = wiring.login_codes().issue("page")
    stranger = verify(code=code, token="")
    user = verify(code=code, token=issue(alice))

    assert (stranger.status_code, stranger.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert user.status_code == 403
    assert verify(code=code, token="wrong").status_code == 401
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"master_token": ""})
    assert verify(code=code, token="m4st3r-t0ken-of-the-tests").status_code == 401


def test_the_first_word_of_the_header_is_not_checked(alice: User) -> None:
    assert verify(code="00000000", scheme="Token").status_code == 400


def test_the_sixth_wrong_code_is_429_whoever_it_is_for(alice: User) -> None:
    found = [verify(username=f"user{number}", code=f"{number:08}").status_code for number in range(6)]
    right = verify(code=wiring.login_codes().issue("page"))

    assert found == [400] * 5 + [429]
    assert right.status_code == 429
    assert 1 <= int(right.headers["Retry-After"]) <= 60


def test_right_codes_are_not_counted(alice: User) -> None:
    async def page() -> int:
        async with waiting() as socket:
            code = (await socket.receive_json_from())["code"]
            return int((await verify_later(code=code)).status_code)

    assert [asyncio.run(page()) for _ in range(7)] == [200] * 7


@pytest.mark.usefixtures("alice")
async def test_five_pages_of_an_address_and_eighty_of_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "HOLD_S", 0.01)

    async def count(peers: list[str]) -> int:
        if not peers:
            return 0
        async with waiting(peer=peers[0]) as page:
            frame = await page.receive_json_from()
            if frame["type"] == "error":
                assert await page.receive_output(timeout=5) == {"type": "websocket.close", "code": 4429}
            return int(frame["type"] == "code") + await count(peers[1:])

    assert await count(["192.0.2.1"] * 7) == 5
    assert await count([f"192.0.2.{number}" for number in range(105)]) == 80
    assert not LoginCodeConsumer.waiting
    # Those who have most make room, so that twenty addresses do not shut everybody out.
    assert await count([f"192.0.2.{number % 20}" for number in range(80)] + ["198.51.100.1", "198.51.100.2"]) == 82
    assert await count([f"2001:db8::{number}" for number in range(7)]) == 5
    assert not LoginCodeConsumer.waiting


class Memory:
    """A store of one process; what is read in it is as old as it likes when it arrives."""

    def __init__(self, *, look_s: float = 0.0) -> None:
        self.found: dict[str, str] = {}
        self.look_s = look_s

    def add(self, key: str, value: str, timeout: int) -> bool:
        return self.found.setdefault(key, value) is value

    def get(self, key: str) -> str | None:
        found = self.found.get(key)
        time.sleep(self.look_s)
        return found

    def delete(self, key: str) -> bool:
        return self.found.pop(key, None) is not None


def test_no_live_code_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([7, 7, 7, 8])
    monkeypatch.setattr("secrets.randbelow", lambda _: next(drawn))
    codes = LoginCodes(Memory(), key=b"k")

    assert [codes.issue("a"), codes.issue("b")] == ["00000007", "00000008"]


def test_no_code_stands_in_the_store() -> None:
    store = Memory()
    code = LoginCodes(store, key=b"k").issue("page")

    assert code not in str(store.found)
    assert LoginCodes(store, key=b"another").redeem(code) is None


@pytest.mark.parametrize("store", [None, Memory(look_s=0.05)], ids=["the cache", "a slow one"])
def test_of_fifty_who_take_a_code_one_gets_it(store: Memory | None) -> None:
    codes = wiring.login_codes() if store is None else LoginCodes(store, key=b"k")
    code = codes.issue("page")
    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(lambda _: codes.redeem(code), range(50)))

    assert sorted(found, key=str) == [None] * 49 + ["page"]


def test_no_code_and_no_token_is_logged(alice: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)

    async def page() -> tuple[str, str]:
        async with waiting() as socket:
            code = (await socket.receive_json_from())["code"]
            answer = await verify_later(code=code)
            return code, answer.json()["access_token"]

    code, token = asyncio.run(page())
    assert code not in caplog.text
    assert token not in caplog.text


def test_the_socket_route_answers_both_forms() -> None:
    from channels.routing import URLRouter

    from mcadmin.routing import websocket_urlpatterns

    async def first(path: str) -> str:
        socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), path)
        assert (await socket.connect(timeout=5))[0]
        frame = await socket.receive_json_from()
        await socket.disconnect()
        return str(frame["type"])

    assert [asyncio.run(first(path)) for path in ("/api/auth/code", "/api/auth/code/")] == ["code", "code"]
    assert APIClient().get("/api/auth/code").status_code == 404
