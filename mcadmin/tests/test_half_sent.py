"""Requests that begin and do not end, at a real panel; connections from 127.0.0.x stand for so many strangers."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest
from websockets.protocol import State

from core.connections import OF_ONE_ADDRESS
from mcadmin.serving import http_protocol
from testing.panel import FACTOR, MASTER, Panel, receive_until, running_panel, wait_for

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: "
BODY = b"POST /api/auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nusername="


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with running_panel(tmp_path_factory.mktemp("panel")) as one:
        yield one


@pytest.fixture
def own_panel(tmp_path: Path) -> Iterator[Panel]:
    """A panel of which a test takes every place, and which it ends."""
    with running_panel(tmp_path) as one:
        yield one


def port_of(panel: Panel) -> int:
    return int(panel.url.rpartition(":")[2])


async def half_send(port: int, begun: bytes, *, times: int, addresses: list[str]) -> list[asyncio.StreamWriter]:
    """Open so many connections, begin a request on each, and return them."""

    async def one(number: int) -> asyncio.StreamWriter | None:
        source = (addresses[number % len(addresses)], 0)
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=source)
        except OSError:
            return None
        writer.write(begun)
        return writer

    found = []
    for first in range(0, times, 100):
        found += await asyncio.gather(*(one(number) for number in range(first, min(first + 100, times))))
    return [writer for writer in found if writer is not None]


def connections_of(panel: Panel) -> list[tuple[str, int]]:
    assert panel.process is not None
    found = psutil.Process(panel.process.pid).net_connections("tcp")
    return [one.raddr for one in found if one.status == psutil.CONN_ESTABLISHED and one.raddr]


@pytest.mark.parametrize(
    ("begun", "addresses"),
    [(HEAD, 1), (BODY, 40), pytest.param(HEAD, 40, marks=pytest.mark.long)],
    ids=["headers", "body", "headers of many"],
)
def test_half_sent_requests_leave_room_for_others(own_panel: Panel, begun: bytes, addresses: int) -> None:
    panel = own_panel

    async def attack() -> None:
        sources = [f"127.0.0.{number + 2}" for number in range(addresses)]
        writers = await half_send(port_of(panel), begun, times=1500, addresses=sources)
        try:
            most = OF_ONE_ADDRESS * addresses
            # What was accepted in one turn of the loop is closed in the next.
            await asyncio.to_thread(
                wait_for, lambda: len(connections_of(panel)), lambda count: count <= most, limit_s=5
            )
            with panel.client() as client:
                assert (await asyncio.to_thread(client.get, "/user/me")).status_code == 200
                assert (await asyncio.to_thread(client.get, f"{panel.url}/healthz")).status_code == 200
            end = time.monotonic() + (http_protocol.HEADERS_S + 60) * FACTOR
            held = await asyncio.to_thread(connections_of, panel)
            while held and time.monotonic() < end:
                await asyncio.sleep(0.5)
                held = [peer for peer in await asyncio.to_thread(connections_of, panel) if peer[0] in sources]
            assert not held, f"{len(held)} are still there"
        finally:
            for writer in writers:
                with contextlib.suppress(OSError):
                    writer.close()

    asyncio.run(attack())
    assert panel.stop() == 0
    assert "Too many open files" not in (panel.folder / "stderr").read_text() + (panel.folder / "stdout").read_text()


def test_a_socket_outlives_the_time_for_headers(panel: Panel) -> None:
    with panel.socket("/servers/live") as stream:
        receive_until(stream, lambda frame: True)
        time.sleep(http_protocol.HEADERS_S + 2)
        stream.ping().wait(timeout=5 * FACTOR)
        stream.send("{}")
        with contextlib.suppress(TimeoutError):
            stream.recv(timeout=1)
        assert stream.state is State.OPEN


@pytest.mark.parametrize("more", [b"\r\n", b"X-A: 1\r\n"])
def test_a_trickle_does_not_keep_a_connection_open(panel: Panel, more: bytes) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port_of(panel)), timeout=5) as stream:
        stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert stream.recv(65536).startswith(b"HTTP/1.1 200")
        if more != b"\r\n":
            stream.sendall(b"GET /healthz HTTP/1.1\r\n")
        with contextlib.suppress(OSError):
            while time.monotonic() < began + 40 * FACTOR:
                stream.sendall(more)
                time.sleep(0.5)
                stream.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    if not stream.recv(65536):
                        break
                stream.settimeout(5)
    assert time.monotonic() < began + (http_protocol.HEADERS_S + 10) * FACTOR


def test_headers_beyond_any_use_are_refused(panel: Panel) -> None:
    answer = httpx.get(f"{panel.url}/healthz", headers={"Cookie": "a" * 17_000})
    assert (answer.status_code, answer.json()["code"]) == (431, "headers_too_large")
    many = {f"x-{number}": "1" for number in range(200)}
    assert httpx.get(f"{panel.url}/healthz", headers=many).status_code == 431
    with socket.create_connection(("127.0.0.1", port_of(panel)), timeout=10) as stream:
        with contextlib.suppress(OSError):
            for _ in range(2000):
                stream.sendall(HEAD[-5:] + b"a" * 65536)
        answered = b""
        with contextlib.suppress(OSError):
            while piece := stream.recv(65536):
                answered += piece
        # Which one depends on how much of it came at once: a line without an end, or headers without a request.
        assert answered.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400")) or not answered


def test_a_body_that_nobody_wants_is_answered_and_then_given_up(panel: Panel) -> None:
    with socket.create_connection(("127.0.0.1", port_of(panel)), timeout=10) as stream:
        stream.sendall(b"POST /api/auth/register HTTP/1.1\r\nHost: localhost\r\nContent-Length: 47185920\r\n\r\n")
        answer = b""
        while b"not_authenticated" not in answer:
            piece = stream.recv(65536)
            assert piece, answer
            answer += piece
        assert answer.startswith(b"HTTP/1.1 401")
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while True:
                stream.sendall(b"a" * 65536)
        assert time.monotonic() - began < 10 * FACTOR
    large = httpx.post(f"{panel.url}/api/auth/register", content=b"a" * 45_000_000)
    assert large.status_code == 401


def test_slow_readers_and_slow_senders_with_an_account_go_on(panel: Panel) -> None:
    data = panel.servers / "lobby" / "data"
    data.mkdir(parents=True)
    service = "{image: itzg/minecraft-server, volumes: [./data:/data]}"
    (panel.servers / "lobby" / "compose.yaml").write_text(f"services: {{mc: {service}}}\n")
    (data / "large").write_bytes(os.urandom(1024) * 20_000)
    slow_s = http_protocol.HEADERS_S + 4

    def pieces() -> Iterator[bytes]:
        for _ in range(14):
            yield b"a" * 1000
            time.sleep(slow_s / 14)

    with panel.client() as client, ThreadPoolExecutor(1) as beside:
        sent = client.post("/servers/lobby/files/upload", params={"path": "/"}, files={"file": ("b", b"a")})
        assert sent.status_code == 200, sent.text
        sending = beside.submit(client.put, "/servers/lobby/files/content", params={"path": "/x"}, content=pieces())
        with client.stream("GET", "/servers/lobby/files/download", params={"path": "/large"}) as answer:
            chunks = answer.iter_raw(65536)
            got = len(next(chunks))
            time.sleep(slow_s)
            got += sum(map(len, chunks))
        assert got == 1024 * 20_000
        slow = sending.result()
        assert slow.status_code not in {401, 408, 413}, slow.text


def test_a_connection_that_says_nothing_is_given_up(panel: Panel) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port_of(panel)), timeout=40 * FACTOR) as stream:
        assert stream.recv(1) == b""
    assert time.monotonic() < began + (http_protocol.HEADERS_S + 10) * FACTOR


@pytest.mark.parametrize("begun", [HEAD, b"GET /" + b"a" * 9, HEAD[:-5] + b"X-"], ids=["value", "line", "name"])
def test_a_head_is_refused_before_it_ends(panel: Panel, begun: bytes) -> None:
    """The time limit is not what ends it: by then a thousand of them would have filled the memory."""
    with socket.create_connection(("127.0.0.1", port_of(panel)), timeout=http_protocol.HEADERS_S - 2) as stream:
        stream.sendall(begun + b"a" * http_protocol.HEADERS_BYTES)
        assert stream.recv(65536).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("path", ["auth/token", "servers"], ids=["for strangers", "for others"])
def test_what_is_around_a_body_is_bounded(panel: Panel, path: str) -> None:
    head = f"POST /api/{path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    beginnings = {
        "trailers": (b"0\r\n", b"a: b\r\n"), "a trailer's value": (b"0\r\nX-A: ", b"a"),
        "a trailer's name": (b"0\r\nX-", b"a"), "an extension": (b"1;a=", b"a"),
        "an extension behind a body": (b"5\r\nhello\r\n1;", b"a"),
    }
    sent = dict.fromkeys(beginnings, 0)
    for name, (begun, more) in beginnings.items():
        with socket.create_connection(("127.0.0.1", port_of(panel)), timeout=http_protocol.HEADERS_S - 2) as stream:
            stream.sendall(head.encode() + begun)
            with contextlib.suppress(ConnectionError):
                while sent[name] < 32 * 1024**2:
                    stream.sendall(more * 10_000)
                    sent[name] += len(more) * 10_000
    assert [name for name, count in sent.items() if count >= 32 * 1024**2] == []


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("body", ["Content-Length: 10", "Transfer-Encoding: chunked"])
def test_a_handshake_with_a_body_is_refused_at_once(panel: Panel, method: str, body: str) -> None:
    lines = (
        f"{method} /api/auth/code HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", body, "", "",
    )
    answer = b""
    with socket.create_connection(("127.0.0.1", port_of(panel)), timeout=http_protocol.HEADERS_S - 2) as stream:
        stream.sendall("\r\n".join(lines).encode())
        while piece := stream.recv(65536):
            answer += piece

    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 405 ")), answer[:100]


def test_a_trailer_is_no_header_of_the_request(panel: Panel) -> None:
    """It comes after the request was judged by its headers."""
    lines = f"0\r\nAuthorization: Bearer {MASTER}\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
    head = "POST /api/servers HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port_of(panel)), timeout=10) as stream:
        stream.sendall(head.encode() + lines.encode())
        assert stream.recv(65536).startswith(b"HTTP/1.1 401 ")


def test_a_body_in_the_smallest_chunks_is_a_body(panel: Panel) -> None:
    form = b"username=nobody&password=wrong-horse&more=" + b"x" * 6000

    def chunks() -> Iterator[bytes]:
        yield from (form[at : at + 1] for at in range(len(form)))

    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = httpx.post(f"{panel.url}/api/auth/token", content=chunks(), headers=kind, timeout=30)

    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")


def test_sockets_that_have_ended_leave_their_places(panel: Panel) -> None:
    for _ in range(OF_ONE_ADDRESS + 20):
        with panel.socket("/servers/live"):
            pass
    with panel.client() as client:
        assert client.get("/user/me").status_code == 200
