import asyncio
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
    mark_known({"type": "http", "state": state_of(found)})
    mark_known({"type": "http"})
    assert found.is_known


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
        self.is_over = self.is_paused = False
        self.is_answered = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.is_answered = True

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def abort(self) -> None:
        self.is_over = True

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
