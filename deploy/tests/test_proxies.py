"""nginx and Caddy with our files, in front of a real panel, on loopback."""

import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import httpx
import pytest
from websockets.sync.client import connect

from servers.tests.conftest import write_server
from testing.panel import MASTER, Panel, free_port, running_panel, wait_for

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

DEPLOY = Path(__file__).resolve().parents[1]
NAME = "panel.example.org"
UPLOAD_BYTES = 300 * 1024 * 1024


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    hosts = f"{NAME},localhost,127.0.0.1"
    with running_panel(tmp_path, ALLOWED_HOSTS=hosts, TRUSTED_PROXIES="127.0.0.1") as one:
        write_server(one.servers, "lobby")
        yield one


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the proxies' own users may enter."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


def certificate(folder: Path) -> None:
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    subprocess.run(
        [*argv, "-keyout", "key.pem", "-out", "cert.pem"], cwd=folder, check=True, capture_output=True
    )


@pytest.fixture(params=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest, panel: Panel, folder: Path) -> Iterator[str]:
    """The proxy's address, by TLS."""
    with running_proxy(request.param, folder, upstream=panel.url.rpartition("//")[2]) as address:
        yield address


@contextlib.contextmanager
def running_proxy(kind: str, folder: Path, *, upstream: str) -> Iterator[str]:
    """Start nginx or Caddy with our file in front of ``upstream``, which answers at /healthz."""
    port = free_port()
    certificate(folder)
    argv = (nginx if kind == "nginx" else caddy)(folder, port, upstream)
    with (folder / "output").open("w") as output:
        environment = {**os.environ, "HOME": str(folder)}
        process = subprocess.Popen(argv, cwd=folder, stdout=output, stderr=output, env=environment)
    try:
        wait_for(lambda: listens(port), bool, limit_s=15)
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def nginx(folder: Path, port: int, upstream: str) -> list[str]:
    text = (DEPLOY / "nginx.conf").read_text().replace("/var/log/nginx", str(folder))
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl").replace("127.0.0.1:5678", upstream)
    text = re.sub(r"/etc/letsencrypt/live/\S+/(fullchain|privkey)\.pem",
                  lambda found: f"{folder}/{'cert' if found[1] == 'fullchain' else 'key'}.pem", text)
    paths = "".join(f"{one}_temp_path {folder}/{one};" for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; worker_rlimit_nofile 16384; "
        f"events {{ worker_connections 4096; }} http {{ access_log off; {paths}\n{text}\n}}"
    )
    return ["nginx", "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, port: int, upstream: str) -> list[str]:
    text = (DEPLOY / "Caddyfile").read_text().replace("127.0.0.1:5678", upstream)
    block = f"https://:{port} {{\n\ttls {folder}/cert.pem {folder}/key.pem\n\tbind 127.0.0.1"
    text = text.replace(f"{NAME} {{", block, 1)
    (folder / "Caddyfile").write_text(text.replace("{\n", "{\n\tadmin off\n\tauto_https off\n", 1))
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


def listens(port: int) -> bool:
    try:
        return httpx.get(f"https://127.0.0.1:{port}/healthz", verify=False, headers={"Host": NAME}).status_code == 200  # noqa: S501
    except httpx.TransportError:
        return False


def test_api_socket_and_large_upload_pass(proxy: str, panel: Panel, tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {MASTER}", "Host": NAME}
    with httpx.Client(base_url=f"{proxy}/api", headers=headers, verify=False, timeout=120) as client:  # noqa: S501 - our own certificate
        assert client.get("/user/me").json()["username"] == "SYSTEM"
        digest, source = hashlib.sha256(), tmp_path / "large"
        with source.open("wb") as file:
            for _ in range(UPLOAD_BYTES // 1024**2):
                block = os.urandom(1024**2)
                digest.update(block)
                file.write(block)
        with source.open("rb") as file:
            sent = client.post("/servers/lobby/files/upload", params={"path": "/"}, files={"file": ("large", file)})
        assert sent.status_code == 200, sent.text
        with (panel.servers / "lobby/data/large").open("rb") as stored:
            assert hashlib.file_digest(stored, "sha256").digest() == digest.digest()
        answer = client.post("/auth/token", data={"username": "nobody", "password": "x", "n": "1"})
        assert answer.status_code == 401
        lines = [json.loads(line) for line in audit_lines(panel)]
        assert {line["client_ip"] for line in lines} == {"127.0.0.1"}
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    stream = socket.create_connection(("127.0.0.1", int(proxy.rpartition(":")[2])), timeout=10)
    url = f"wss://{NAME}/api/servers/lobby/console?token={MASTER}"
    with connect(url, ssl=trust, sock=stream) as console:
        console.send('{"type":"set_filter","filter_rcon":true}')
        frames = [json.loads(console.recv(timeout=10))["type"]]
        assert "filter_updated" in frames or json.loads(console.recv(timeout=10))["type"] == "filter_updated"


def test_no_token_is_in_a_log(proxy: str, panel: Panel, folder: Path) -> None:
    """Of a good request, of one that the panel refuses, and of one while the panel is away."""
    secret = "t0ken-of-a-query"
    headers = {"Host": NAME, "Sec-WebSocket-Protocol": f"bearer, {secret}", "Referer": f"https://{NAME}/?token={secret}"}
    with httpx.Client(base_url=proxy, headers=headers, verify=False, timeout=30) as client:  # noqa: S501 - our own
        assert client.get("/healthz", params={"token": secret}).status_code == 200
        assert client.get(f"/api/servers/lobby/files/download?path=/&token={secret}").status_code == 401
        assert client.get(f"/api/nowhere?x=1&token={secret}%20").status_code in {401, 404}
        assert panel.process is not None
        panel.process.send_signal(signal.SIGSTOP)
        try:
            with contextlib.suppress(httpx.TransportError):
                client.get(f"/api/slow?token={secret}", timeout=1)
        finally:
            panel.process.send_signal(signal.SIGCONT)
        panel.process.terminate()
        panel.process.wait(timeout=30)
        assert client.get(f"/api/servers?token={secret}").status_code == 502
    time.sleep(0.5)
    logs = {path: path.read_text() for path in folder.iterdir() if path.suffix == ".log" or path.name == "output"}
    assert "/healthz" in "".join(logs.values())
    assert [str(path) for path, text in logs.items() if secret in text] == []


@pytest.mark.parametrize("upgrade", ["foo", "h2c", "WebSocket"])
def test_no_body_is_the_next_request_on_the_proxys_connection(proxy: str, panel: Panel, upgrade: str) -> None:
    """What a stranger sends as a body would come from a trusted address, and somebody else would get its answer."""
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    form = "username=smuggled&password=x"
    smuggled = (
        f"POST /api/auth/token HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(form)}\r\n\r\n{form}"
    )
    head = (
        f"GET /healthz HTTP/1.1\r\nHost: {NAME}\r\nConnection: Upgrade\r\nUpgrade: {upgrade}\r\n"
        f"Content-Length: {len(smuggled)}\r\n\r\n"
    )
    with httpx.Client(base_url=proxy, headers={"Host": NAME}, verify=False, timeout=30) as client:  # noqa: S501 - our own
        for _ in range(20):
            plain = socket.create_connection(("127.0.0.1", int(proxy.rpartition(":")[2])), timeout=10)
            with trust.wrap_socket(plain, server_hostname=NAME) as stream:
                stream.sendall((head + smuggled).encode())
                time.sleep(0.05)
                assert client.get("/healthz").json() == {"status": "ok"}
        assert client.post("/api/auth/token", data={"username": "nobody", "password": "x"}).status_code == 401
    lines = wait_for(lambda: audit_lines(panel), lambda found: "auth/token" in "".join(found), limit_s=10)
    assert "smuggled" not in "".join(lines)


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_who_leaves_takes_the_request_along(folder: Path, kind: str) -> None:
    """Else one client of HTTP/2, who asks and leaves thousands of times a second, keeps everybody out for long."""
    with HeldRequests() as upstream, running_proxy(kind, folder, upstream=upstream.address) as address:
        argv = ["curl", "--silent", "--insecure", "--max-time", "1", "--header", f"Host: {NAME}", f"{address}/held"]
        assert subprocess.run(argv, check=False, capture_output=True).returncode == 28  # by its own limit of time
        assert upstream.has_been_left.wait(10)


class HeldRequests:
    """A server that answers at /healthz alone, and sees whether the other requests are left."""

    def __init__(self) -> None:
        self.has_been_left = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed: the end
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, stream: socket.socket) -> None:
        with stream, contextlib.suppress(OSError):
            while request := stream.recv(65536):
                if b"/held" in request:
                    stream.settimeout(30)
                    if not stream.recv(1):
                        self.has_been_left.set()
                    return
                stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def audit_lines(panel: Panel) -> list[str]:
    path = panel.folder / "logs" / "operations.log"
    end = time.monotonic() + 10
    while not path.is_file() and time.monotonic() < end:
        time.sleep(0.1)
    return path.read_text().splitlines()
