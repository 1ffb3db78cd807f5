"""Who watches operations: how many may, and what it costs the database."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from servers.consumers import console
from servers.consumers import operation as operation_socket
from servers.models import Operation, OperationState
from servers.records import leases, operation_rows
from testing.consoles import opened, receive
from testing.fake_docker import FakeDocker
from web import sockets
from web.rate_limit import FairPlaces

pytestmark = pytest.mark.django_db(transaction=True)


async def elsewhere() -> Operation:
    """An operation that runs in another process."""
    operation = Operation(server_id="lobby", kind="check", started_by="x", origin="api", started_at=datetime.now(UTC))
    return await operation_rows.in_database(leases.acquire, operation, keys=["server:lobby"])


async def until_taken(slots: FairPlaces) -> None:
    """Wait for the first socket's place: begun later, the second may be first at it."""
    async with asyncio.timeout(5):
        while slots.is_empty:
            await asyncio.sleep(0.01)


async def end(operation: Operation) -> None:
    operation.state = OperationState.SUCCEEDED
    await operation_rows.in_database(operation_rows.finish, operation)


async def test_one_socket_too_many_is_refused_and_one_that_ends_makes_room(
    fake: FakeDocker, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "HOLD_S", 0.05)
    monkeypatch.setattr(operation_socket, "_of_operation", slots := FairPlaces(1))
    operation = await elsewhere()
    path = f"/api/operations/{operation.id}?token={token}"
    async with opened(path):
        await until_taken(slots)
        async with opened(path) as refused:
            assert "1 sockets of this operation are open" in (await receive(refused))["message"]
            assert (await refused.receive_output(timeout=5))["code"] == 4429
    async with opened(path) as socket:
        await end(operation)
        assert (await receive(socket))["type"] == "operation"


@pytest.mark.parametrize(("module", "what"), [(console, "consoles"), (operation_socket, "sockets")])
async def test_addresses_of_one_ipv6_network_share_their_places(
    fake: FakeDocker, server: str, token: str, monkeypatch: pytest.MonkeyPatch, module: Any, what: str
) -> None:
    monkeypatch.setattr(sockets, "HOLD_S", 0.05)
    monkeypatch.setattr(module, "_of_address", slots := FairPlaces(1))
    operation = await elsewhere()
    path = f"/api/servers/{server}/console" if module is console else f"/api/operations/{operation.id}"
    path += f"?token={token}"
    async with opened(path, peer="2001:db8:1:2::1"):
        await until_taken(slots)
        async with opened(path, peer="2001:db8:1:2::2") as refused:
            assert f"1 {what} of your address are open" in (await receive(refused))["message"]
            assert (await refused.receive_output(timeout=5))["code"] == 4429
        async with opened(path, peer="2001:db8:1:3::1") as other:
            assert await other.receive_nothing(timeout=0.2) or (await receive(other))["type"] != "error"
    await end(operation)


async def test_many_watchers_read_the_record_together(
    fake: FakeDocker, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operation_socket, "LOOK_S", 0.2)
    reads: list[str] = []

    def count(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith("SELECT") and "servers_operation" in sql:
            reads.append(sql)
        return execute(sql, *args)

    operation = await elsewhere()
    async with AsyncExitStack() as stack:
        path = f"/api/operations/{operation.id}?token={token}"
        watching = [await stack.enter_async_context(opened(path)) for _ in range(10)]
        await operation_rows.in_database(lambda: connection.execute_wrappers.append(count))
        try:
            await asyncio.sleep(1.0)
            assert 3 <= len(reads) <= 8
        finally:
            clear = lambda: connection.execute_wrappers.clear()  # noqa: E731, PLW0108 - that thread's own
            await operation_rows.in_database(clear)
        progress = {"output": "half", "percent": 50.0, "stage": "reading"}
        await operation_rows.in_database(operation_rows.note_progress, operation.id, **progress)
        for socket in watching:
            assert (await receive(socket))["content"] == "half\n"
            assert (await receive(socket))["percent"] == 50.0
        await end(operation)
        for socket in watching:
            assert (await receive(socket))["operation"]["state"] == "succeeded"
    assert operation_socket.reads.is_empty
