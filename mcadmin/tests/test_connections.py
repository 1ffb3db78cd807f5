import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from core.connections import Connection, Connections, address_group, mark_known, state_of
from mcadmin.serving import http_protocol
from mcadmin.serving.http_protocol import LimitedHttp

MIB = 1024 * 1024


class Crowd:
    """Connections that end as told."""

    def __init__(self, **limits: int) -> None:
        self.counted = Connections(**limits)
        self.ended: list[str] = []

    def come(
        self, name: str, address: str | None = "a", *, busy: bool = False, known: bool = False
    ) -> Connection | None:
        found = self.counted.admit(address, end=lambda: self.ended.append(name))
        if found is not None:
            found.is_busy, found.is_known = busy, known
        return found


def test_the_oldest_that_only_waits_makes_room_for_the_next_of_its_address() -> None:
    crowd = Crowd(at_most=100, of_one_address=3)
    for name in "1234":
        assert crowd.come(name)
    assert crowd.ended == ["1"]
    assert crowd.come("5", "b")
    assert crowd.ended == ["1"]
    assert len(crowd.counted) == 4


def test_who_waits_goes_before_who_works_and_who_is_known_stays() -> None:
    crowd = Crowd(at_most=4, of_one_address=2)
    crowd.come("known", "a", known=True)
    crowd.come("busy", "b", busy=True)
    crowd.come("known and busy", "c", busy=True, known=True)
    crowd.come("waits", "d")

    assert crowd.come("next", "e", known=True)
    assert crowd.come("one more", "f", known=True)
    assert crowd.ended == ["waits", "busy"]
    assert crowd.come("no room", "g") is None
    assert crowd.ended == ["waits", "busy"]


def test_addresses_behind_a_proxy_count_together_only() -> None:
    crowd = Crowd(at_most=10, of_one_address=1)
    for number in range(10):
        assert crowd.come(str(number), None)
    assert not crowd.ended


def test_what_has_ended_is_not_counted() -> None:
    crowd = Crowd(at_most=4, of_one_address=2)
    for _ in range(100):
        found = crowd.come("x")
        assert found
        crowd.counted.release(found)
        crowd.counted.release(found)
    assert len(crowd.counted) == 0
    assert not crowd.ended


def test_a_scope_leads_to_its_connection() -> None:
    found = Crowd().come("x")
    assert found
    mark_known({"type": "http", "state": state_of(found)}, account="1")
    mark_known({"type": "http"}, account="1")
    assert found.is_known


def test_one_account_never_takes_all_places() -> None:
    """As the people behind a proxy have them: there no address counts."""
    crowd = Crowd(at_most=8, of_one_account=3)
    kept = []
    for number in range(8):
        found = crowd.come(f"greedy {number}", None, busy=True)
        assert found
        kept.append(found)
        for _ in range(2):  # each request on it proves the account again
            mark_known({"state": state_of(found)}, account="greedy")
    assert [one.is_known for one in kept] == [True] * 3 + [False] * 5

    for number in range(5):
        other = crowd.come(f"other {number}", None, busy=True)
        assert other, "an account keeps others out"
        mark_known({"state": state_of(other)}, account=f"other {number}")
    assert crowd.ended == [f"greedy {number}" for number in range(3, 8)]

    crowd.counted.release(kept[0])
    mark_known({"state": state_of(kept[0])}, account="greedy")  # too late: it has ended
    again = crowd.come("greedy again", None)
    assert again
    mark_known({"state": state_of(again)}, account="greedy")
    assert again.is_known


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::1"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(address: str, group: str) -> None:
    assert address_group(address) == group


class Line(asyncio.Transport):
    """The server's end of a connection from one address."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 4711), "sockname": ("127.0.0.1", 80)})
        self.is_over = self.is_paused = self.is_aborted = False
        self.is_answered = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.is_answered = True

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def abort(self) -> None:
        self.is_over = self.is_aborted = True

    def close(self) -> None:
        self.is_over = True

    def is_closing(self) -> bool:
        return self.is_over


@pytest.mark.parametrize(("address", "left"), [("192.0.2.9", 2), ("192.0.2.1", 6)], ids=["somebody", "trusted proxy"])
async def test_the_people_behind_a_trusted_proxy_are_not_one(settings: Any, address: str, left: int) -> None:
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"trusted_proxies": ["192.0.2.1"]})
    connections = Connections(at_most=100, of_one_address=2)
    lines = [Line(address) for _ in range(6)]
    config = Config(lambda: None, log_config=None)
    config.load()
    protocols = [LimitedHttp(config, ServerState(), {}, connections=connections) for _ in lines]

    for protocol, line in zip(protocols, lines, strict=True):
        protocol.connection_made(line)

    assert [one.is_over for one in lines].count(False) == len(connections) == left
    for protocol in protocols:
        protocol.connection_lost(None)


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Answer at once, whatever the body is."""
    await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize(
    ("length", "piece"),
    [
        (b"Content-Length: 99999999999", b"x" * MIB),
        (b"Transfer-Encoding: chunked", b"100000\r\n" + b"x" * MIB + b"\r\n"),
    ],
    ids=["a length", "chunks"],
)
async def test_only_so_much_of_a_body_that_nobody_wants_is_read(
    monkeypatch: pytest.MonkeyPatch, length: bytes, piece: bytes
) -> None:
    monkeypatch.setattr(http_protocol, "LINGER_S", 0.2)
    config = Config(refuse, log_config=None)
    config.load()
    line = Line("192.0.2.9")
    protocol = LimitedHttp(config, ServerState(), {}, connections=Connections())
    protocol.connection_made(line)
    protocol.data_received(b"POST / HTTP/1.1\r\nHost: x\r\n" + length + b"\r\n\r\n")
    while not line.is_answered:
        await asyncio.sleep(0.01)
    read = 0
    while not line.is_paused and read < 64:
        protocol.data_received(piece)
        read += 1

    assert http_protocol.LINGER_BYTES // MIB <= read <= http_protocol.LINGER_BYTES // MIB + 1
    assert not line.is_over, "the client has yet to read the answer"
    await asyncio.sleep(0.3)
    assert line.is_over
    protocol.connection_lost(None)


class Work:
    """An application whose requests go on until they are told to end."""

    def __init__(self, *, takes: bool = True) -> None:
        self.may_end = asyncio.Event()
        self.takes = takes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.takes:
            while (await receive()).get("more_body"):
                pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await self.may_end.wait()
        await send({"type": "http.response.body", "body": b"b"})


GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"
SHORT = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
PERIODS = 6


def take_some(protocol: LimitedHttp) -> None:
    protocol.resume_writing()
    protocol.pause_writing()


CLIENTS: dict[str, tuple[bytes, bool, Callable[[LimitedHttp], object] | None, bool]] = {
    # begun, does the application read, what the client does in each period, is it ended
    "reads nothing": (GET, True, None, True),
    "sends nothing": (POST, True, None, True),
    "sends a byte now and then": (POST, True, lambda one: one.data_received(b"x"), True),
    "waits for its answer": (GET, True, None, False),
    "waits after a body": (SHORT, True, None, False),
    "reads slowly": (GET, True, take_some, False),
    "sends slowly": (POST, True, lambda one: one.data_received(b"x" * http_protocol.STALLED_BYTES), False),
    "waits for us to read": (POST + b"x" * MIB, False, None, False),
}


@pytest.mark.parametrize("client", CLIENTS)
async def test_who_holds_a_request_up_is_ended(monkeypatch: pytest.MonkeyPatch, client: str) -> None:
    begun, takes, act, is_ended = CLIENTS[client]
    monkeypatch.setattr(http_protocol, "STALLED_S", 0.2)
    work = Work(takes=takes)
    config = Config(work, log_config=None)
    config.load()
    line = Line("192.0.2.9")
    protocol = LimitedHttp(config, ServerState(), {}, connections=Connections())
    protocol.connection_made(line)
    protocol.data_received(begun)
    if client.startswith("reads"):
        protocol.pause_writing()
    for _ in range(PERIODS * 2):
        if act is not None and not line.is_over:
            act(protocol)
        await asyncio.sleep(0.1)
    work.may_end.set()
    protocol.connection_lost(None)
    await asyncio.sleep(0)

    assert line.is_aborted is is_ended
