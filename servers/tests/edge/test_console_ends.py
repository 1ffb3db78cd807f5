"""Consoles whose user, page or Redis goes at the worst moment."""

import asyncio
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.apps import apps
from django.conf import LazySettings

from accounts.models import User
from audit import recorder
from servers.consumers import console
from servers.live.console import container_source
from servers.tests.conftest import write_server
from testing.consoles import MortalLayer, opened, receive, run
from testing.fake_docker import FakeDocker
from web import sockets
from web.rate_limit import FairPlaces

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def slots(monkeypatch: pytest.MonkeyPatch) -> FairPlaces:
    made = FairPlaces(5)
    monkeypatch.setattr(console, "_of_server", made)
    return made


@pytest.fixture
def layer(settings: LazySettings) -> MortalLayer:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "testing.consoles.MortalLayer"}}
    found = get_channel_layer()
    assert isinstance(found, MortalLayer)
    return found


async def hung_up(socket: WebsocketCommunicator) -> None:
    """Go as a browser does, and see that the consumer ends by itself."""
    await socket.send_input({"type": "websocket.disconnect", "code": 1001})
    await asyncio.wait({socket.future}, timeout=3)
    assert socket.future.done()
    if not socket.future.cancelled():
        socket.future.result()  # raises what the consumer raised


async def recorded() -> list[tuple[str, bool]]:
    def read() -> list[tuple[str, bool]]:
        recorder.flush()
        events = apps.get_model("audit", "AuditEvent").objects.filter(method="COMMAND")
        return [((event.request_body or {})["command"], event.success) for event in events]

    return await sync_to_async(read)()


async def test_a_frame_that_waits_for_the_first_lines_does_not_outlive_the_view(
    fake: FakeDocker, server: str, server_path: Path, token: str, slots: FairPlaces,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sockets, "CHECK_S", 0.1)
    await run(server, server_path)
    async with opened(f"/api/servers/{server}/console?token={token}&source=container") as socket:
        await socket.send_json_to({"type": "refresh_logs"})  # of a container that is silent
        await asyncio.sleep(0.1)
        await sync_to_async(User.objects.all().delete)()
        assert (await receive(socket))["type"] == "error"
        assert (await socket.receive_output(timeout=5))["code"] == 4401
        await hung_up(socket)
        assert slots.is_empty


async def test_a_command_whose_page_leaves_at_once_is_run_and_written_down(
    fake: FakeDocker, server: str, server_path: Path, token: str, log: Path
) -> None:
    fake.first_health = "healthy"
    await run(server, server_path)
    path = f"/api/servers/{server}/console?token={token}"
    async with opened(path) as other, opened(path) as socket:
        await receive(other)
        await receive(socket)
        await socket.send_json_to({"type": "command", "command": "say bye"})
        await hung_up(socket)
        assert await receive(other) == {"type": "command", "username": "olivia", "command": "say bye"}
    assert await recorded() == [("say bye", True)]


async def test_a_redis_that_goes_leaves_no_place_taken_and_no_traceback(
    fake: FakeDocker, server: str, token: str, log: Path, slots: FairPlaces, layer: MortalLayer
) -> None:
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        await receive(socket)
        layer.gone.set()
        assert (await socket.receive_output(timeout=5))["code"] == 1011
        await hung_up(socket)
        assert slots.is_empty


async def test_a_redis_that_goes_as_the_page_does_leaves_no_place_taken(
    fake: FakeDocker, server: str, token: str, log: Path, slots: FairPlaces, layer: MortalLayer
) -> None:
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        await receive(socket)
        await socket.send_input({"type": "websocket.disconnect", "code": 1001})
        layer.gone.set()
        await asyncio.wait({socket.future}, timeout=3)
        socket.future.result()
        assert slots.is_empty


async def test_a_command_is_written_down_though_redis_has_gone(
    fake: FakeDocker, server: str, server_path: Path, token: str, log: Path, layer: MortalLayer
) -> None:
    fake.first_health = "healthy"
    await run(server, server_path)
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        await receive(socket)
        fake.hold("exec")
        await socket.send_json_to({"type": "command", "command": "say bye"})
        await fake.entered["exec"].wait()
        layer.gone.set()
        assert (await socket.receive_output(timeout=5))["code"] == 1011
        fake.release("exec")
        await hung_up(socket)
        async with asyncio.timeout(5):
            while not await recorded():
                await asyncio.sleep(0.02)
    assert await recorded() == [("say bye", True)]


async def test_the_page_comes_anew_when_the_server_is_another_one(
    fake: FakeDocker, server: str, server_path: Path, token: str, log: Path
) -> None:
    def make_anew() -> None:
        (server_path / server).rename(server_path / "old")
        write_server(server_path, server)

    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        await receive(socket)
        await sync_to_async(make_anew)()
        assert (await socket.receive_output(timeout=5))["code"] == 1012


async def test_who_looks_for_longer_than_the_layer_remembers_still_sees_commands(
    fake: FakeDocker, server: str, server_path: Path, token: str, log: Path, settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layers = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"group_expiry": 1}}}
    settings.CHANNEL_LAYERS = layers
    monkeypatch.setattr(sockets, "REJOIN_S", 0.3)
    monkeypatch.setattr(sockets, "CHECK_S", 0.1)
    fake.first_health = "healthy"
    await run(server, server_path)
    path = f"/api/servers/{server}/console?token={token}"
    async with opened(path) as socket, opened(path) as other:
        await receive(socket)
        await receive(other)
        await asyncio.sleep(3.1)
        await socket.send_json_to({"type": "command", "command": "list"})
        assert (await receive(socket))["type"] == "command_result"
        assert (await receive(other))["type"] == "command"
        await sync_to_async(User.objects.all().delete)()
        for one in (socket, other):
            assert (await receive(one))["type"] == "error"


async def test_a_page_that_leaves_before_the_first_lines_gives_its_place_back_at_once(
    fake: FakeDocker, server: str, server_path: Path, token: str, slots: FairPlaces,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(container_source, "FIRST_WORD_S", 5.0)  # as if a disk hung
    await run(server, server_path)
    async with opened(f"/api/servers/{server}/console?token={token}&source=container") as socket:
        await socket.send_json_to({"type": "refresh_logs"})
        await asyncio.sleep(0.1)
        await hung_up(socket)
        assert slots.is_empty
