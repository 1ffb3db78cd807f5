"""Every answer carries the headers of security: raw bytes to the real server, no requests among them."""

import socket
from collections.abc import Iterator

import pytest

from testing.panel_process import Panel, manage

pytestmark = pytest.mark.process

WS = b"Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
V13 = b"Sec-WebSocket-Version: 13\r\n"
HOST = b"Host: localhost\r\nConnection: close\r\n"
HEADERS = [("x-content-type-options", "nosniff"), ("x-frame-options", "deny"), ("referrer-policy", "same-origin")]
CASES: dict[str, tuple[int, bytes]] = {
    "no HTTP at all": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    "an unknown method": (400, b"NONSENSE / HTTP/1.1\r\n" + HOST + b"\r\n"),
    "an unknown version": (400, b"GET / HTTP/9.9\r\n" + HOST + b"\r\n"),
    "an address that is not ASCII": (400, b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n"),
    "a tunnel": (400, b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n"),
    "a header without a name": (400, b"GET / HTTP/1.1\r\n" + HOST + b": x\r\n\r\n"),
    "a length that is none": (400, b"POST /api/auth/token HTTP/1.1\r\n" + HOST + b"Content-Length: x\r\n\r\n"),
    "two lengths": (400, b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n"),
    "a chunk that is none": (400, b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "too long a body": (413, b"POST /api/servers HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999\r\n\r\n"),
    "a query that is not UTF-8": (200, b"GET /healthz?%ff HTTP/1.1\r\n" + HOST + b"\r\n"),
    "an upgrade that is unknown": (200, b"GET /healthz HTTP/1.1\r\n" + HOST + b"Upgrade: h2c\r\n\r\n"),
    "a foreign host": (400, b"GET /api/healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
    "an old client": (200, b"GET /api/healthz HTTP/1.0\r\n\r\n"),
    "a whole address": (200, b"GET http://localhost/healthz HTTP/1.1\r\n" + HOST + b"\r\n"),
    "TRACE": (401, b"TRACE /api/user/me HTTP/1.1\r\n" + HOST + b"\r\n"),
    "static ..": (404, b"GET /static/%2e%2e/settings.py HTTP/1.1\r\n" + HOST + b"\r\n"),
    "static .. plain": (404, b"GET /static/../settings.py HTTP/1.1\r\n" + HOST + b"\r\n"),
    "static absolute": (404, b"GET /static//etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n"),
    "static NUL": (404, b"GET /static/%00 HTTP/1.1\r\n" + HOST + b"\r\n"),
    "static half a character": (404, b"GET /static/%ed%a0%80 HTTP/1.1\r\n" + HOST + b"\r\n"),
    "static folder": (404, b"GET /static/admin/ HTTP/1.1\r\n" + HOST + b"\r\n"),
    "static, a long name": (404, b"GET /static/" + b"x" * 5000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
    "static, changed": (404, b"POST /static/%2e%2e/x HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\n\r\n"),
    "a socket without a key": (400, b"GET /api/auth/code HTTP/1.1\r\n" + WS + V13 + b"\r\n"),
    "a socket with a broken key": (400, b"GET /api/live HTTP/1.1\r\n" + WS + V13 + b"Sec-WebSocket-Key: x\r\n\r\n"),
    "a socket of an old version": (400, b"GET /api/auth/code HTTP/1.1\r\n" + WS + KEY
                                        + b"Sec-WebSocket-Version: 8\r\n\r\n"),
    "a socket by POST": (405, b"POST /api/auth/code HTTP/1.1\r\n" + WS + KEY + V13 + b"\r\n"),
    "a socket that is not ASCII": (400, b"GET /api/\xff HTTP/1.1\r\n" + WS + KEY + V13 + b"\r\n"),
    "a socket at no address": (404, b"GET /api/nowhere HTTP/1.1\r\n" + WS + KEY + V13 + b"\r\n"),
    "a socket that is accepted": (101, b"GET /api/auth/code HTTP/1.1\r\n" + WS + KEY + V13 + b"\r\n"),
}

URLENCODED, MULTIPART = b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=b"
PART, FILE = (
    b'--b\r\nContent-Disposition: form-data; name="k"' + more + b"\r\n\r\nv\r\n" for more in (b"", b'; filename="f"')
)
ODD_FORMS: dict[str, tuple[bytes, bytes]] = {
    "too many fields": (URLENCODED, b"k=v&" * 2000),
    "too many parts": (MULTIPART, PART * 260 + b"--b--\r\n"),
    "too many files": (MULTIPART, FILE * 200 + b"--b--\r\n"),
    "no boundary": (b"multipart/form-data", PART),
    "a boundary that is not ASCII": (b"multipart/form-data; boundary=\xff", PART),
    "no end": (MULTIPART, PART[:-2]),
    "an odd encoding": (MULTIPART, PART.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n")),
    "an odd character set": (URLENCODED + b"; charset=nonsense", b"username=%ff"),
}
for path, status in ((b"/api/auth/token", 400), (b"/admin/login/", 403)):  # the second lacks the token against forgery
    for name, (kind, form) in ODD_FORMS.items():
        head = b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"Content-Type: " + kind
        CASES[f"{path.decode()}: {name}"] = status, head + b"\r\nContent-Length: %d\r\n\r\n" % len(form) + form
for path, status in ((b"/healthz", 200), (b"/api/auth/token", 405), (b"/api/servers", 401), (b"/admin/login/", 400),
                     (b"/admin/", 400)):
    head = b"GET " + path + b"?" + b"k=v&" * 3000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"
    CASES[f"{path.decode()}: too many parameters"] = status, head
ADDRESSES = {case: f"127.0.2.{number}" for number, case in enumerate(CASES, 1)}  # tries are counted by address


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    folder = tmp_path_factory.mktemp("panel")
    assert manage(folder, "init").returncode == 0
    with Panel(folder) as started:
        yield started


def answer(panel: Panel, case: str) -> bytes:
    host, _, port = panel.address.removeprefix("http://").partition(":")
    got = b""
    with socket.create_connection((host, int(port)), 20, (ADDRESSES[case], 0)) as connection:
        connection.sendall(CASES[case][1])
        while b"\r\n\r\n" not in got and (piece := connection.recv(65536)):
            got += piece
        while b" 101 " not in got[:13] and (piece := connection.recv(65536)):
            got += piece
    return got


@pytest.mark.parametrize("case", CASES)
def test_every_answer_has_the_headers_whoever_makes_it(panel: Panel, case: str) -> None:
    status = CASES[case][0]
    head, _, body = answer(panel, case).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = [tuple(line.lower().split(": ", 1)) for line in lines]

    assert first.startswith(f"HTTP/1.1 {status} ")
    for wanted in HEADERS:
        assert headers.count(wanted) == 1
    assert [name for name, _ in headers].count("content-security-policy") == 1
    if ("content-type", "application/json") in headers and status >= 400:
        assert b'{"detail":' in body


def test_none_of_them_is_a_traceback(panel: Panel) -> None:
    for case in CASES:
        answer(panel, case)

    assert panel.end() == 0
    assert "Traceback" not in "".join(panel.output)
