"""/servers/live?also=operations: what runs and what ends, for those who asked for it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from accounts import tokens
from accounts.models import Access, Grant, Role, User, UserRole
from servers import wiring
from servers.api.items import server_items
from servers.operations import feed, runner
from servers.operations.progress import Progress
from servers.records.operation_rows import in_database
from servers.routing import websocket_urlpatterns
from testing.fake_docker import FakeDocker
from testing.jobs import Held, job

pytestmark = pytest.mark.django_db(transaction=True)


def token_of(name: str, server: str | None = None) -> str:
    """Somebody with everything, or with the one server to see."""
    access = Access.EVERYTHING if server is None else Access.GRANTED
    user = User(username=name, role=UserRole.ADMIN, access=access)
    user.set_unusable_password()
    user.save()
    if server is not None:
        role = Role.objects.create(name="looks", verbs=["view"])
        Grant.objects.create(user=user, role=role, server=server, incarnation=1)
    return tokens.issue(user)


@asynccontextmanager
async def opened(token: str, query: str = "&also=operations,what-is-this") -> AsyncIterator[WebsocketCommunicator]:
    socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), f"/api/servers/live?token={token}{query}")
    assert (await socket.connect(timeout=5))[0]
    try:
        yield socket
    finally:
        await socket.disconnect()


async def told(socket: WebsocketCommunicator) -> dict[str, Any]:
    """The next frame about operations."""
    while (found := json.loads(await socket.receive_from(timeout=10)))["type"] != "operations":
        pass
    return dict(found)


async def test_what_runs_then_each_begin_step_and_end(fake: FakeDocker, server: str) -> None:
    held, earlier = Held(), Held()

    async def work(progress: Progress) -> None:
        progress.percent(40, "reading")
        await held(progress)

    first = await runner.start(job("check", earlier, server_id=""))
    async with opened(await in_database(token_of, "olivia")) as socket:
        begin = await told(socket)
        assert ([one["id"] for one in begin["changed"]], begin["ended"]) == ([str(first.id)], [])
        assert "output" not in begin["changed"][0]

        operation = await runner.start(job("up", work, server_id=server))
        [new] = (await told(socket))["changed"]
        assert (new["id"], new["serverId"], new["state"]) == (str(operation.id), server, "running")
        step = (await told(socket))["changed"]
        assert step == [{"id": str(operation.id), "percent": 40.0, "stage": "reading"}]
        held.let_go.set()
        end = await told(socket)
        assert end["changed"] == []
        assert [(one["id"], one["state"]) for one in end["ended"]] == [(str(operation.id), "succeeded")]
        earlier.let_go.set()
        assert [one["id"] for one in (await told(socket))["ended"]] == [str(first.id)]


async def test_one_that_ran_for_longer_than_ended_ones_are_kept_ends_before_the_viewer(
    fake: FakeDocker, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "KEPT", timedelta(seconds=1))
    held = Held()
    operation = await runner.start(job("check", held, server_id=server))
    async with opened(await in_database(token_of, "olivia")) as socket:
        await told(socket)
        await asyncio.sleep(1.2)
        held.let_go.set()
        assert [one["id"] for one in (await told(socket))["ended"]] == [str(operation.id)]


async def test_a_granted_user_hears_of_their_servers_alone(fake: FakeDocker, server: str) -> None:
    held = [Held(), Held(), Held()]
    for one, server_id in zip(held, ("", "other", server), strict=True):
        await runner.start(job("check", one, server_id=server_id))

    async with opened(await in_database(token_of, "gina", server)) as socket:
        assert [one["serverId"] for one in (await told(socket))["changed"]] == [server]
        for one in held:
            one.let_go.set()
            await asyncio.sleep(0.2)
        end = await told(socket)
        assert (len(end["ended"]), end["changed"]) == (1, [])


async def test_a_page_that_does_not_ask_gets_no_frame_that_it_does_not_know(fake: FakeDocker, server: str) -> None:
    held = Held()
    async with opened(await in_database(token_of, "olivia"), query="") as socket:
        await runner.start(job("check", held, server_id=server))
        assert json.loads(await socket.receive_from(timeout=5))["type"] == "servers"
        held.let_go.set()
        await asyncio.sleep(0.3)
        await asyncio.to_thread((wiring.live().manager.server_path / server / "compose.yaml").write_text, "x: [")
        wiring.live().monitoring.feed(server_items).wake()
        assert json.loads(await socket.receive_from(timeout=5))["type"] == "changes"
