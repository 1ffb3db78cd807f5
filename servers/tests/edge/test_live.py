"""/servers/live on the fake engine."""

import asyncio
import json
from typing import Any

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from accounts import tokens
from accounts.identity import SystemUser
from accounts.models import User, UserRole
from core.tasks import cancel
from servers import wiring
from servers.api.items import server_items
from servers.consumers import live
from servers.routing import websocket_urlpatterns
from servers.tests.conftest import write_server
from servers.tests.live.test_list_feed import apply
from testing.fake_docker import FakeDocker
from web.rate_limit import FairPlaces

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def path(db: None) -> str:
    user = User(username="olivia", role=UserRole.ADMIN)
    user.set_unusable_password()
    user.save()
    return f"/api/servers/live?token={tokens.issue(user)}"


async def frame(socket: WebsocketCommunicator) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await socket.receive_from(timeout=10))
    return found


async def test_the_whole_list_then_only_what_changes(path: str, fake: FakeDocker, server: str) -> None:
    await wiring.live().engine.refresh()
    socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), path)
    assert (await socket.connect(timeout=5))[0]
    first = await frame(socket)
    assert (first["type"], first["node"], first["servers"][0]["node"]) == ("servers", None, None)
    assert [(item["id"], item["status"]) for item in first["servers"]] == [(server, "EXISTS")]

    await wiring.manager().get_instance(server).project.up()
    await wiring.live().engine.refresh()
    wiring.live().monitoring.feed(server_items).wake()
    change = await frame(socket)

    assert (change["removed"], change["node"]) == ([], None)
    assert change["changed"][0]["id"] == server
    assert change["changed"][0]["status"] == "STARTING"
    assert "gamePort" not in change["changed"][0], "only what differs"
    items = await asyncio.to_thread(server_items)
    copy = apply(apply({}, first), change)[server]
    assert {key: copy[key] for key in ("id", "status", "statusReason")} == {
        key: items[0][key] for key in ("id", "status", "statusReason")
    }

    fake.end(fake.find(f"mc-{server}"), 3)
    await wiring.live().engine.refresh()
    wiring.live().monitoring.feed(server_items).wake()
    copy = apply({server: copy}, await frame(socket))[server]
    assert (copy["statusReasonCode"], copy["statusReasonParams"]) == ("crashed", {"exitCode": 3})
    await socket.disconnect()


async def test_a_server_made_by_hand_comes_whole(path: str, fake: FakeDocker, server_path: Any) -> None:
    socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), path)
    await socket.connect(timeout=5)
    assert (await frame(socket))["servers"] == []

    await asyncio.to_thread(write_server, server_path, "new")
    wiring.live().monitoring.feed(server_items).wake()

    changed = (await frame(socket))["changed"]
    assert changed[0]["id"] == "new"
    assert changed[0].keys() == (await asyncio.to_thread(server_items))[0].keys()
    await socket.disconnect()


async def test_too_many_viewers_and_strangers_are_told_why(
    path: str, fake: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.sockets.HOLD_S", 0.01)
    monkeypatch.setattr(live, "viewers", FairPlaces(0))
    for address, code in ((path, 4429), ("/api/servers/live", 4401)):
        socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), address)
        await socket.connect(timeout=5)
        assert (await frame(socket))["type"] == "error"
        assert (await socket.receive_output(timeout=5))["code"] == code
        await socket.disconnect()


async def test_a_place_is_free_again_though_the_stream_never_began(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "viewers", places := FairPlaces(1))
    consumer = live.LiveConsumer()
    consumer.user, consumer.scope = SystemUser(), {"query_string": b""}
    await consumer.begin()
    assert not places.is_empty

    await cancel(consumer._tasks)
    consumer.at_end.close()

    assert places.is_empty
