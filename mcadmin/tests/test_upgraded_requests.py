"""Requests with `Upgrade`: whatever follows their heads is never taken for a request of its own."""

import itertools
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from testing.panel import FACTOR, Panel, running_panel

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

SMUGGLED = b"GET /api/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
SOCKET = b"Upgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: "
UPGRADES = {
    "unknown": b"Upgrade: foo\r\n",
    "HTTP/2": b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n",
    "a list": b"Upgrade: websocket, foo\r\n",
    "empty": b"Upgrade: \r\n",
    "a socket": SOCKET + b"13\r\n",
    "a socket of no version": SOCKET + b"0\r\n",
}
BODIES = {
    "length": (b"Content-Length: %d\r\n" % len(SMUGGLED), SMUGGLED),
    "chunked": (b"Transfer-Encoding: chunked\r\n", b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)),
    "none announced": (b"", SMUGGLED),  # without a protocol in `Upgrade` that is a second request, as it should be
}
METHODS = (b"GET /healthz", b"POST /api/auth/token", b"PUT /api/servers/a/files/content")


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with running_panel(tmp_path_factory.mktemp("upgraded")) as one:
        yield one


def answers(panel: Panel, *pieces: bytes) -> list[bytes]:
    """Send the pieces one after the other; return the status lines that come until the end, or a second of silence."""
    host, _, port = panel.url.rpartition("/")[2].partition(":")
    found = b""
    with socket.create_connection((host, int(port)), timeout=10 * FACTOR) as stream:
        try:
            for number, piece in enumerate(pieces):
                time.sleep(0.1 if number else 0)
                stream.sendall(piece)
            while piece := stream.recv(65536):
                found += piece
                stream.settimeout(FACTOR)
        except (ConnectionError, TimeoutError):
            pass
    return re.findall(rb"HTTP/1\.1 \d{3}", found)


@pytest.mark.parametrize(
    ("upgrade", "body"), [both for both in itertools.product(UPGRADES, BODIES) if both != ("empty", "none announced")]
)
def test_what_follows_is_no_request(panel: Panel, upgrade: str, body: str) -> None:
    framing, content = BODIES[body]
    sent: list[list[bytes]] = []
    for method in METHODS:
        headers = b"Host: localhost\r\nConnection: Upgrade\r\n" + UPGRADES[upgrade] + framing
        head = method + b" HTTP/1.1\r\n" + headers + b"\r\n"
        sent += [[head + content], [head, content], [head, content[:20], content[20:]]]
    with ThreadPoolExecutor(len(sent)) as pool:  # they wait more than they work
        found = list(pool.map(lambda pieces: answers(panel, *pieces), sent))
    assert [(pieces, one) for pieces, one in zip(sent, found, strict=True) if len(one) > 1] == []
    panel_log = "".join(path.read_text() for path in panel.folder.rglob("app.log"))
    assert "/api/smuggled" not in panel_log


@pytest.mark.parametrize("upgrade", ["unknown", "HTTP/2", "a list"])
def test_a_request_without_a_body_is_answered_and_the_last(panel: Panel, upgrade: str) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n" + UPGRADES[upgrade] + b"\r\n"

    assert answers(panel, head) == [b"HTTP/1.1 200"]
