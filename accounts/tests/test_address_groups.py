"""Every limit of one address, with addresses of both kinds: an IPv6 /64 is one somebody."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from rest_framework.test import APIClient

from accounts.consumers import MAX_WAITING_PER_ADDRESS, LoginCodeConsumer
from accounts.sockets import SocketConsumer
from accounts.tests.conftest import MakeUser
from accounts.throttles import FAILURES_OF_PAIR, LOGINS_OF_ADDRESS
from core.connections import Connections
from mcadmin.serving.http_protocol import LimitedHttp
from mcadmin.turn_taking import CHANGES_OF_ONE, READS_OF_ONE, TakeTurns
from web import sockets

pytestmark = pytest.mark.django_db(transaction=True)
Count = Callable[[list[str]], Awaitable[int]]
BEYOND = 3

# Addresses by number, and whether they are one somebody.
PEERS: dict[str, tuple[Callable[[int], str], bool]] = {
    "an IPv4 address": (lambda _: "192.0.2.1", True),
    "an IPv4 address written as IPv6": (lambda number: ("192.0.2.1", "::ffff:192.0.2.1")[number % 2], True),
    "a /64": (lambda number: f"2001:db8:1:2::{number + 1:x}", True),
    "other IPv4 addresses": (lambda number: f"192.0.2.{number + 1}", False),
    "other /64s": (lambda number: f"2001:db8:1:{number + 1:x}::1", False),
}


async def sign_ins(peers: list[str]) -> int:
    """Count those that are looked at."""
    found = [await _log_in(peer, {"nothing": "x"}) for peer in peers]
    return found.count(400)


async def failures(peers: list[str]) -> int:
    found = [await _log_in(peer, {"username": "alice", "password": "wrong"}) for peer in peers]
    return found.count(401)


async def _log_in(peer: str, form: dict[str, str]) -> int:
    answer = await asyncio.to_thread(APIClient().post, "/api/auth/token", form, format="multipart", REMOTE_ADDR=peer)
    return int(answer.status_code)


async def refused_sockets(peers: list[str]) -> int:
    """Count those that are held."""
    return await _sockets(peers, lambda: sum(sockets._held.values()))


async def pages(peers: list[str]) -> int:
    """Count those that get a code."""
    return await _sockets(peers, lambda: len(LoginCodeConsumer.waiting), consumer=LoginCodeConsumer)


class Refused(SocketConsumer):
    """Admits nobody."""


async def _sockets(peers: list[str], count: Callable[[], int], *, consumer: Any = Refused) -> int:
    opened = []
    for peer in peers:
        opened.append(WebsocketCommunicator(consumer.as_asgi(), "/api/x"))
        opened[-1].scope["client"] = [peer, 4711]
        assert (await opened[-1].connect(timeout=5))[0]
        await opened[-1].receive_json_from(timeout=5)
    await asyncio.sleep(0.05)
    found = count()
    for one in opened:
        await one.disconnect()
    return found


async def connections(peers: list[str]) -> int:
    """Count those that are left open, as ``mcadmin.serving.http_protocol`` admits them."""
    counted = Connections(at_most=100, of_one_address=4)
    for peer in peers:
        LimitedHttp.admit(counted, peer, end=lambda: None)
    return len(counted)


def turns(method: str) -> Count:
    """Count the requests that are carried out."""

    async def count(peers: list[str]) -> int:
        begun, release = [], asyncio.Event()

        async def work(scope: Any, receive: Any, send: Any) -> None:
            begun.append(scope)
            await release.wait()

        async def nothing(message: Any = None) -> None:
            await asyncio.Event().wait()

        app = TakeTurns(work)
        scopes = [{"type": "http", "method": method, "headers": [], "client": (peer, 1)} for peer in peers]
        asked = [asyncio.create_task(app(scope, nothing, nothing)) for scope in scopes]
        await asyncio.sleep(0.1)
        found = len(begun)
        release.set()
        await asyncio.gather(*asked)
        return found

    return count


LIMITS: dict[str, tuple[Count, int]] = {
    "sign-ins": (sign_ins, LOGINS_OF_ADDRESS.places),
    "failures": (failures, FAILURES_OF_PAIR.places),
    "refused sockets": (refused_sockets, sockets.MAX_HELD_PER_ADDRESS),
    "login code pages": (pages, MAX_WAITING_PER_ADDRESS),
    "connections": (connections, 4),
    "reads": (turns("GET"), READS_OF_ONE),
    "changes": (turns("POST"), CHANGES_OF_ONE),
}


@pytest.mark.parametrize("peers", PEERS)
@pytest.mark.parametrize("limit", LIMITS)
async def test_a_limit_of_one_address(limit: str, peers: str, make_user: MakeUser) -> None:
    count, most = LIMITS[limit]
    address, is_one = PEERS[peers]

    found = await count([address(number) for number in range(most + BEYOND)])

    assert found == (most if is_one else most + BEYOND)
