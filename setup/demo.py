"""`make demo`: a panel, an owner whose password is printed once, and one Minecraft server that is ready to join."""

import json
import secrets
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
URL = "http://127.0.0.1:5678"
PID_FILE = ROOT / "run" / "panel.pid"
LOG = ROOT / "run" / "demo.log"
SERVER, OWNER = "demo", "demo"
START_LIMIT_S, READY_LIMIT_S = 60, 600  # the first start of a server downloads the game

CONFIG = tomllib.loads((ROOT / "config.toml").read_text())


def main() -> None:
    start_panel()
    password = secrets.token_urlsafe(12)
    is_new = manage("createowner", "--username", OWNER, "--password-stdin", text=password + "\n")
    try:
        call("GET", f"/servers/{SERVER}/")
    except urllib.error.HTTPError:
        call("POST", "/servers/", {"id": SERVER, "accept_eula": True, "motd": "MC Admin demo"})
    say(f"Starting the server {SERVER!r}; the first time its image and the game are downloaded …")
    call("POST", f"/servers/{SERVER}/operations", {"action": "up"}, timeout_s=READY_LIMIT_S)
    status = wait_until_ready()
    port = call("GET", f"/servers/{SERVER}/")["gamePort"]
    say(f"\nPanel      {URL}/{CONFIG.get('admin_path', 'admin/')}   API {URL}/api/docs/")
    say(f"Owner      {OWNER}, password {password} (shown once)" if is_new else f"Owner      {OWNER} was there already")
    say(f"Minecraft  127.0.0.1:{port}, status {status}")
    say("End it with: make stop (the server stays; `manage.py server demo down` ends it)")


def start_panel() -> None:
    """Use the panel that answers, or start one that outlives this command."""
    if answers():
        say(f"Using the panel that answers on {URL}.")
        return
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", 5678)) == 0:
            sys.exit("Port 5678 is taken by another program; end it first.")
    PID_FILE.parent.mkdir(exist_ok=True)
    with LOG.open("w") as log:
        panel = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    PID_FILE.write_text(f"{panel.pid}\n")
    end = time.monotonic() + START_LIMIT_S
    while not answers():
        if panel.poll() is not None or time.monotonic() > end:
            sys.exit(f"The panel did not start:\n{LOG.read_text()[-2000:]}")
        time.sleep(0.2)


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
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise
        sys.exit(f"{method} {path}: {json.load(error)['detail']}")


def manage(*argv: str, text: str) -> bool:
    """Run a command; False when it refuses (here: because the user is there already)."""
    done = subprocess.run(
        [sys.executable, "manage.py", *argv], cwd=ROOT, input=text, text=True, capture_output=True, check=False
    )
    if done.returncode and "already" not in done.stderr:
        sys.exit(done.stderr.strip())
    return done.returncode == 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


main()
