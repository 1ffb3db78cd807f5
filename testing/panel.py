"""A panel as its users have it: ``manage.py serve`` in a process of its own, asked over HTTP and WebSocket only."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import httpx
from websockets.sync.client import ClientConnection, connect

from servers.tests.conftest import IMAGE, compose_text

ROOT = Path(__file__).resolve().parents[1]
MASTER = "m4st3r-t0ken-of-the-end-to-end-test"
LOOK_S = 0.01
FACTOR = float(os.environ.get("MCADMIN_TIME_FACTOR", "1"))


class Panel:
    """One running panel with its own database and servers directory."""

    prefix: tuple[str, ...] = ()  # before the command of ``start``; it must exec the rest

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.servers = folder / "servers"
        self.servers.mkdir(exist_ok=True)
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
            "MC_ADMIN_ENV": str(folder / "absent"),
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "MASTER_TOKEN": MASTER,
            "SERVER_PATH": str(self.servers),
            "LOGS_DIR": str(folder / "logs"),
            "JWT__SECRET_KEY": "s1gning-key-of-the-end-to-end-test-0123456789",
            **environment,
        }
        config = folder / "config.toml"
        config.touch(mode=0o600)
        self.environment["MC_ADMIN_CONFIG"] = str(config)
        self.process: subprocess.Popen[str] | None = None
        self.url = ""

    def manage(self, *argv: str, text: str = "") -> str:
        """Run a command of the same panel and return what it printed."""
        done = subprocess.run(
            [sys.executable, ROOT / "manage.py", *argv],
            input=text, env=self.environment, cwd=self.folder, text=True, capture_output=True, check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def spawn(self, *argv: str, output: IO[str]) -> subprocess.Popen[str]:
        """Start another program with the panel's settings, from the checkout."""
        return subprocess.Popen(
            [sys.executable, *argv], env=self.environment, cwd=ROOT, text=True, stdout=output, stderr=output
        )

    def start(self) -> None:
        # Into files: a pipe that nobody reads is full one day, and then the panel waits for its reader.
        said = self.folder / "stdout"
        with said.open("w") as stdout, (self.folder / "stderr").open("a") as stderr:
            self.process = subprocess.Popen(
                [*self.prefix, sys.executable, ROOT / "manage.py", "serve", "--port", "0"],
                env=self.environment, cwd=self.folder, text=True, stdout=stdout, stderr=stderr,
            )
        has_ended = False
        while not has_ended:
            has_ended = self.process.poll() is not None
            if found := re.search(r"answers on (http://\S+)\n", said.read_text()):
                self.url = found[1]
                return
            time.sleep(LOOK_S)
        raise AssertionError((self.folder / "stderr").read_text())

    def stop(self, *, with_signal: int = signal.SIGTERM) -> int:
        """End the panel and return its exit code."""
        assert self.process is not None
        self.process.send_signal(with_signal)
        return self.process.wait(timeout=60)

    def client(self, token: str = MASTER, *, timeout_s: float = 120) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=f"{self.url}/api", headers=headers, timeout=timeout_s)

    def socket(self, path: str, token: str = MASTER) -> ClientConnection:
        return connect(f"{self.url.replace('http', 'ws')}/api{path}?token={token}", max_size=None, open_timeout=20)


@contextmanager
def running_panel(folder: Path, **environment: str) -> Iterator[Panel]:
    """A started panel, ended by SIGTERM afterwards."""
    panel = Panel(folder, **environment)
    panel.start()
    try:
        yield panel
    finally:
        if panel.process is not None and panel.process.poll() is None:
            panel.stop()


def operate(
    client: httpx.Client, server_id: str, action: str, *, headers: dict[str, str] | None = None, **more: Any
) -> httpx.Response:
    return client.post(f"/servers/{server_id}/operations", json={"action": action, **more}, headers=headers)


def status(client: httpx.Client, server_id: str) -> str:
    found: str = client.get(f"/servers/{server_id}/status").json()["status"]
    return found


def real_text(server_id: str, *, image: str = IMAGE, memory: str = "4g") -> str:
    """Return ``compose_text`` for a real engine: free ports, and a limit on what a game that runs wild takes."""
    text = compose_text(server_id, game_port=free_port(), rcon_port=free_port(), image=image)
    return text.replace("    volumes:\n", f"    mem_limit: {memory}\n    volumes:\n")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(read: Callable[[], Any], wanted: Callable[[Any], bool], *, limit_s: float) -> Any:
    """Ask again and again until the answer is the wanted one; fail with the last answer."""
    end = time.monotonic() + limit_s * FACTOR
    while True:
        answer = read()
        if wanted(answer):
            return answer
        assert time.monotonic() < end, f"not within {limit_s} s; the last answer was {answer}"
        time.sleep(0.05)


def receive_until(socket: ClientConnection, wanted: Callable[[dict[str, Any]], bool], *, limit_s: float = 15) -> Any:
    """Return the first frame that is wanted, others skipped."""
    end = time.monotonic() + limit_s * FACTOR
    seen = []
    while (left := end - time.monotonic()) > 0:
        try:
            frame = json.loads(socket.recv(timeout=left))
        except TimeoutError:
            break
        if wanted(frame):
            return frame
        seen.append(frame)
    raise AssertionError(f"not within {limit_s} s; seen: {seen}")
