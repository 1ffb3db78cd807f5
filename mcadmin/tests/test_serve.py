import socket
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from mcadmin.serving import serve
from servers.tests.conftest import write_server
from testing.panel import FACTOR, running_panel
from testing.panel_process import Panel, manage

pytestmark = pytest.mark.process


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the configuration that init writes."""
    done = manage(tmp_path, "init")
    assert done.returncode == 0, done.stderr
    return tmp_path


@pytest.fixture
def panel(folder: Path) -> Iterator[Panel]:
    with Panel(folder) as started:
        yield started


def test_serve_answers_and_ends_cleanly_on_sigterm(panel: Panel, folder: Path) -> None:
    assert httpx.get(f"{panel.address}/healthz").json() == {"status": "ok"}
    assert panel.end() == 0, "".join(panel.output)
    assert "Traceback" not in "".join(panel.output)
    assert stat.S_IMODE((folder / "db.sqlite3").stat().st_mode) == 0o600
    assert (folder / "logs" / "app.log").is_file()


def test_second_serve_on_the_same_database_is_refused(panel: Panel, folder: Path) -> None:
    assert panel.address

    second = manage(folder, "serve", "--port", "0")

    assert second.returncode == 1
    assert "already" in second.stderr
    assert "Traceback" not in second.stderr


def test_taken_port_is_one_sentence(folder: Path) -> None:
    with serve.bind("127.0.0.1", 0) as taken:
        done = manage(folder, "serve", "--port", str(taken.getsockname()[1]))

    assert done.returncode == 1
    assert "is taken by another program" in done.stderr
    assert "Traceback" not in done.stderr


def test_open_address_without_allowed_hosts_is_refused(folder: Path) -> None:
    done = manage(folder, "serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - it is refused

    assert done.returncode == 1
    assert "allowed_hosts = [" in done.stderr


def test_serve_without_settings_is_one_sentence(tmp_path: Path) -> None:
    done = manage(tmp_path, "serve")

    assert done.returncode == 1
    assert "config.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_accepted_is_ended_by_the_kernel_when_its_client_takes_nothing() -> None:
    with serve.bind("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == serve.DEAF_MS


def test_sigterm_tells_each_socket_and_ends_the_panel_in_seconds(tmp_path: Path) -> None:
    with running_panel(tmp_path) as panel, ExitStack() as closing:
        write_server(panel.servers, "lobby")
        paths = ["/servers/lobby/console", "/servers/lobby/console", "/servers/live", "/auth/code"]
        sockets = [closing.enter_context(panel.socket(path)) for path in paths]
        sockets[2].recv(timeout=20)
        sockets[3].recv(timeout=20)

        started = time.monotonic()
        assert panel.stop() == 0
        assert time.monotonic() - started < 5 * FACTOR

        for one in sockets:
            with suppress(ConnectionClosed):
                list(one)
            assert one.close_code == 1012


def test_a_stream_that_is_no_websocket_ends_in_silence(panel: Panel) -> None:
    host, _, port = panel.address.removeprefix("http://").partition(":")
    handshake = (
        b"GET /api/auth/code HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    for _ in range(30):
        with socket.create_connection((host, int(port)), timeout=20) as stream:
            stream.sendall(handshake)
            answer = stream.recv(65536)
            assert answer.startswith(b"HTTP/1.1 101 ")
            stream.sendall(b"\xff\xff\xff\xff")
            while stream.recv(65536):
                pass

    assert panel.end() == 0
    assert "Traceback" not in "".join(panel.output)
    assert "never retrieved" not in "".join(panel.output)
