"""Real processes for the tests of accounts: a Redis, two workers on it, a bot, and strangers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from testing.floor import REDIS
from testing.panel import FACTOR, MASTER, Panel, free_port, wait_for

# What an outside program does that verifies codes, with nothing of ours.
_BOT = """
import json, sys, urllib.error, urllib.request
url, token, body = sys.argv[1:]
headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
try:
    answer = urllib.request.urlopen(urllib.request.Request(url, body.encode(), headers))
except urllib.error.HTTPError as error:
    answer = error
print(json.dumps([answer.status, json.loads(answer.read())]))
"""


def verify_in_another_process(url: str, *, username: str, code: str) -> tuple[int, dict[str, str]]:
    """Let a bot verify ``code``; return the status and the body that it got."""
    body = json.dumps({"username": username, "code": code})
    argv = [sys.executable, "-c", _BOT, f"{url}/api/auth/verifyCode", MASTER, body]
    status, answer = json.loads(subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout)
    return status, answer


@contextmanager
def redis_server(folder: Path, *, port: int) -> Iterator[str]:
    """A Redis of our own on loopback, that keeps nothing; its address."""
    argv = [str(REDIS), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with (folder / "redis.log").open("w") as log:
        process = subprocess.Popen([*argv, "--dir", str(folder)], stdout=log, stderr=log)
    try:
        wait_for((folder / "redis.log").read_text, lambda text: "Ready to accept" in text, limit_s=10)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def workers(panel: Panel, *, count: int) -> Iterator[list[str]]:
    """Server processes of one panel, each on a port of its own.

    ``serve`` itself keeps a SQLite file to one process; the application behind it does not need that for accounts.
    """
    panel.manage("migrate")
    with ExitStack() as stack:
        log = stack.enter_context((panel.folder / "workers.log").open("w"))
        urls = []
        for _ in range(count):
            port = free_port()
            server = ["-m", "uvicorn", "mcadmin.asgi:application", "--port", str(port), "--ws", "websockets-sansio"]
            process = panel.spawn(*server, output=log)
            stack.callback(process.wait, 60)
            stack.callback(process.terminate)
            urls.append(f"http://127.0.0.1:{port}")
        for url in urls:
            wait_for(lambda url=url: _answers(url), bool, limit_s=60)  # type: ignore[misc]
        yield urls


def make_user(url: str, username: str, *, password: str = "c0rrect-horse", role: str = "admin") -> int:
    """Make a user over the API; return the id."""
    fields = {"username": username, "password": password, "role": role}
    answer = httpx.post(f"{url}/api/admin/users", json=fields, headers=bearer(MASTER), timeout=30)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["id"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def resident_mib(pid: int) -> float:
    """How much memory a process holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=5 * FACTOR).status_code == 200
    except httpx.TransportError:
        return False
