"""The base of all sockets: refusals, ends, limits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.conf import LazySettings, settings

from accounts import tokens
from accounts.models import User, UserRole
from accounts.permissions import AccessPermission, AllowAnyone, IsSignedIn, RequireRole
from accounts.revocation import channel_group
from accounts.sockets import SocketConsumer
from web import sockets

pytestmark = pytest.mark.django_db(transaction=True)


class Echo(SocketConsumer):
    permission: ClassVar[type[AccessPermission]] = IsSignedIn

    async def begin(self) -> None:
        await self.send_json({"type": "hello", "user": self.user.username if self.user else None})
        self.spawn(self._run())

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(3600)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if text_data == "fail":
            self.spawn(self._fail())
        else:
            await self.send_json({"type": "echo", "content": text_data})

    async def _fail(self) -> None:
        raise KeyError("a bug")


class Owners(Echo):
    permission = RequireRole(UserRole.OWNER)


class Anyone(Echo):
    permission = AllowAnyone


class Told(Echo):
    async def told(self, event: dict[str, Any]) -> None:
        await self.send_json(event)


class Forgotten(SocketConsumer):
    pass


@pytest.fixture
def short_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "HOLD_S", 0.05)


@pytest.fixture
def user(db: None) -> User:
    user = User(username="olivia", role=UserRole.ADMIN)
    user.set_unusable_password()
    user.save()
    return user


@asynccontextmanager
async def opened(
    token: str, *, consumer: type[SocketConsumer] = Echo, peer: str = "192.0.2.1", headers: Any = ()
) -> AsyncIterator[WebsocketCommunicator]:
    socket = WebsocketCommunicator(consumer.as_asgi(), f"/api/x?token={token}", headers=list(headers))
    socket.scope["client"] = [peer, 4711]
    accepted, _ = await socket.connect(timeout=5)
    assert accepted
    try:
        yield socket
    finally:
        await socket.disconnect()


async def ended(socket: WebsocketCommunicator, *, within_s: float = 5) -> tuple[str, int]:
    """The sentence of the error frame, and the code of the close."""
    frame = await socket.receive_json_from(timeout=within_s)
    assert frame["type"] == "error"
    close = await socket.receive_output(timeout=within_s)
    assert close["type"] == "websocket.close"
    return frame["message"], close["code"]


async def test_frames_come_and_go(user: User) -> None:
    async with opened(tokens.issue(user)) as socket:
        assert await socket.receive_json_from() == {"type": "hello", "user": "olivia"}
        await socket.send_to(text_data="ä")
        assert await socket.receive_json_from() == {"type": "echo", "content": "ä"}


@pytest.mark.usefixtures("short_hold")
@pytest.mark.parametrize(
    ("consumer", "token", "code"),
    [(Echo, "", 4401), (Echo, "x.y.z", 4401), (Forgotten, "", 4401), (Forgotten, None, 4403), (Owners, None, 4403)],
)
async def test_refused_are_told_why(
    user: User, consumer: type[SocketConsumer], token: str | None, code: int
) -> None:
    async with opened(tokens.issue(user) if token is None else token, consumer=consumer) as socket:
        message, found = await ended(socket)
        assert found == code
        assert message.endswith(".")


async def test_a_refused_socket_is_held_and_its_frames_are_dropped() -> None:
    async with opened("") as socket:
        assert (await socket.receive_json_from())["type"] == "error"
        await socket.send_to(text_data="hello?")
        assert await socket.receive_nothing(timeout=0.3)


async def test_strangers_are_let_in_where_the_permission_says_so() -> None:
    async with opened("", consumer=Anyone) as socket:
        assert await socket.receive_json_from() == {"type": "hello", "user": None}


async def test_five_of_an_address_and_twenty_in_all_are_held() -> None:
    async def is_held(socket: WebsocketCommunicator) -> bool:
        await socket.receive_json_from()
        return bool(await socket.receive_nothing(timeout=0.01))

    async def count(peers: list[str]) -> int:
        if not peers:
            return 0
        async with opened("", peer=peers[0]) as socket:
            held = await is_held(socket)
            return held + await count(peers[1:])

    assert await count(["192.0.2.1"] * 7) == 5
    assert await count([f"192.0.2.{number}" for number in range(25)]) == 20
    assert sockets._held == {}


async def test_behind_a_trusted_proxy_each_client_has_its_own_cap(settings: LazySettings) -> None:
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"trusted_proxies": ["192.0.2.0/24"]})
    async with opened("", headers=[(b"x-forwarded-for", b"203.0.113.9, 198.51.100.7")]) as socket:
        await socket.receive_json_from()
        assert sockets._held == {"198.51.100.7": 1}


async def _demote(user: User) -> None:
    user.end_tokens()
    await user.asave()


async def _disable(user: User) -> None:
    user.is_active = False
    await user.asave()


async def _delete(user: User) -> None:
    await user.adelete()


@pytest.mark.parametrize("change", [_demote, _disable, _delete])
async def test_a_user_who_is_out_is_out_at_once(user: User, change: Any) -> None:
    async with opened(tokens.issue(user)) as socket:
        await socket.receive_json_from()
        await change(user)
        _, code = await ended(socket, within_s=1)
        assert code == 4401


async def test_a_change_that_nobody_announced_is_noticed_by_the_check(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "CHECK_S", 0.05)
    async with opened(tokens.issue(user)) as socket:
        await socket.receive_json_from()
        await database_sync_to_async(User.objects.update)(is_active=False)
        _, code = await ended(socket)
        assert code == 4401


async def test_other_users_stay(user: User) -> None:
    other = await database_sync_to_async(User.objects.create_user)("otto")
    async with opened(tokens.issue(user)) as socket, opened(settings.MC_ADMIN.master_token) as master:
        await socket.receive_json_from()
        await master.receive_json_from()
        await _delete(other)
        assert await socket.receive_nothing(timeout=0.2)
        assert await master.receive_nothing(timeout=0.1)


@pytest.mark.parametrize("frame", [{"text_data": "ä" * 16_385}, {"bytes_data": b"x" * 32_769}])
async def test_a_huge_frame_closes_with_1009(user: User, frame: dict[str, Any]) -> None:
    async with opened(tokens.issue(user)) as socket:
        await socket.receive_json_from()
        await socket.send_to(**frame)
        assert await socket.receive_output(timeout=5) == {"type": "websocket.close", "code": 1009}


async def test_a_task_that_fails_closes_the_socket_and_is_logged(
    user: User, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tokens.issue(user)) as socket:
        await socket.receive_json_from()
        await socket.send_to(text_data="fail")
        assert await socket.receive_output(timeout=5) == {"type": "websocket.close", "code": 1011}
    assert "/api/x" in caplog.text
    assert tokens.issue(user)[:10] not in caplog.text


async def test_no_task_and_no_group_outlives_the_socket(user: User) -> None:
    before = asyncio.all_tasks()
    async with opened(tokens.issue(user)) as socket:
        await socket.receive_json_from()
        assert len(asyncio.all_tasks()) > len(before)
    assert asyncio.all_tasks() == before


async def test_an_event_for_a_socket_that_has_just_gone_is_no_failure(user: User) -> None:
    gone = asyncio.Event()

    async def torn(scope: Any, receive: Any, send: Any) -> None:
        async def cut(message: Any) -> None:
            if gone.is_set():
                raise RuntimeError("Unexpected ASGI message after websocket.close")
            await send(message)

        await Told.as_asgi()(scope, receive, cut)

    socket = WebsocketCommunicator(torn, f"/api/x?token={tokens.issue(user)}")
    await socket.connect(timeout=5)
    await socket.receive_json_from()
    gone.set()
    await get_channel_layer().group_send(channel_group(user.pk), {"type": "told"})
    await asyncio.sleep(0.1)
    assert not socket.future.done()
    await socket.send_input({"type": "websocket.disconnect", "code": 1006})
    await asyncio.wait({socket.future}, timeout=5)
    socket.future.result()
