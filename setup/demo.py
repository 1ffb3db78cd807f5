"""`make demo`: a panel, one Minecraft server that is ready to join, and an owner whose password is printed once.

It may be run again at any time. A run that fails ends the panel that it started, and makes no owner.
"""

import argparse
import json
import secrets
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PID_FILE = ROOT / "run" / "panel.pid"
LOG = ROOT / "run" / "demo.log"
OWNER = "demo"
START_LIMIT_S, READY_LIMIT_S, END_LIMIT_S = 60, 600, 40  # the first start of a server downloads the game

_arguments = argparse.ArgumentParser(description=__doc__)
_arguments.add_argument("--port", type=int, default=5678, help="of the panel (default: %(default)s)")
_arguments.add_argument("--server", default="demo", help="id of the Minecraft server (default: %(default)s)")
_given = _arguments.parse_args()
PORT: int = _given.port
SERVER: str = _given.server
URL = f"http://127.0.0.1:{PORT}"
CONFIG = tomllib.loads((ROOT / "config.toml").read_text())


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended by SIGTERM."))
    if not CONFIG.get("master_token"):
        sys.exit("`make demo` works with the master token, and config.toml has none: set master_token there.")
    with panel():
        status, port = start_server()
        password = make_owner()  # last, and told at once: no run may leave a password that nobody has seen
        say(f"\nPanel      {URL}/{CONFIG.get('admin_path', 'admin/')}   API {URL}/api/docs/")
        if password is None:
            say(f"Owner      {OWNER}, as before (a new password: .venv/bin/python manage.py changepassword {OWNER})")
        else:
            say(f"Owner      {OWNER}, password {password} (shown once)")
        say(f"Minecraft  127.0.0.1:{port}, status {status}")
        say(f"End it with: make stop (the server stays; `manage.py server {SERVER} down` ends it)")


def start_server() -> tuple[str, int]:
    """Make the server unless it is there, start it, and return its status and its port for players."""
    try:
        call("GET", f"/servers/{SERVER}/")
    except urllib.error.HTTPError:
        call("POST", "/servers/", {"id": SERVER, "accept_eula": True, "motd": "MC Admin demo"})
    say(f"Starting the server {SERVER!r}; the first time its image and the game are downloaded …")
    call("POST", f"/servers/{SERVER}/operations", {"action": "up"}, timeout_s=READY_LIMIT_S)
    status = wait_until_ready()
    return status, int(call("GET", f"/servers/{SERVER}/")["gamePort"])


def make_owner() -> str | None:
    """Make the owner and return its password; None when it is there already."""
    if any(user["username"].lower() == OWNER for user in call("GET", "/admin/users")):
        return None
    password = secrets.token_urlsafe(12)
    done = subprocess.run(
        [sys.executable, "manage.py", "createowner", "--username", OWNER, "--password-stdin"],
        cwd=ROOT, input=password + "\n", text=True, capture_output=True, check=False,
    )
    if done.returncode:
        sys.exit(done.stderr.strip())
    return password


@contextmanager
def panel() -> Iterator[None]:
    """Use the panel that answers, or start one that outlives this command unless the command fails."""
    if answers():
        say(f"Using the panel that answers on {URL}.")
        yield
        return
    started = start_panel()
    try:
        wait_for_panel(started)
        yield
    except BaseException:
        end_panel(started)
        raise


def start_panel() -> subprocess.Popen[bytes]:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", PORT)) == 0:
            sys.exit(f"Port {PORT} is taken by another program; end it first.")
    PID_FILE.parent.mkdir(exist_ok=True)
    with LOG.open("w") as log:
        started = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(PORT)],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )
    PID_FILE.write_text(f"{started.pid}\n")
    return started


def wait_for_panel(started: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_LIMIT_S
    while not answers():
        if started.poll() is not None or time.monotonic() > end:
            sys.exit(f"The panel did not start:\n{LOG.read_text()[-2000:]}")
        time.sleep(0.2)


def end_panel(started: subprocess.Popen[bytes]) -> None:
    started.terminate()
    try:
        started.wait(END_LIMIT_S)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()
    PID_FILE.unlink(missing_ok=True)


def wait_until_ready() -> str:
    end = time.monotonic() + READY_LIMIT_S
    while True:
        found = call("GET", f"/servers/{SERVER}/status")
        if found["status"] == "HEALTHY" or time.monotonic() > end:
            return str(found["status"])
        if found["status"] in {"CREATED", "UNKNOWN"}:
            sys.exit(f"The server did not come up: {found['reason']}")
        time.sleep(1)


def answers() -> bool:
    try:
        with urllib.request.urlopen(f"{URL}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def call(method: str, path: str, body: Any = None, *, timeout_s: float = 30) -> Any:
    request = urllib.request.Request(
        f"{URL}/api{path}", method=method, data=json.dumps(body).encode() if body is not None else None,
        headers={"Authorization": f"Bearer {CONFIG['master_token']}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise
        sys.exit(f"{method} {path}: {json.load(error)['detail']}")
    except OSError as error:
        sys.exit(f"{method} {path}: the panel does not answer: {error}. Its log is {LOG}.")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


main()
