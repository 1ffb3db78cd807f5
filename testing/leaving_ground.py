"""The ground that the requests of leaving clients change: what each needs there first, and what is there afterwards."""

import json
import socket
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import connect

from servers.tests.conftest import compose_text, write_server
from testing.leaving import address, ask_database, notes
from testing.panel import Panel, wait_for

PASSWORD = "a-long-enough-passw0rd"


class World:
    """A panel's ground: its disk, its database, and what its fakes did."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.lobby = write_server(panel.servers, "lobby", text_of("lobby", 0)) / "data"
        self.open = ExitStack()
        self._client = self.open.enter_context(panel.client())

    def send(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Ask the panel as an owner who stays, and again while it is busy with what others left; the answer's JSON."""

        def ask() -> httpx.Response:
            return self._client.request(method, path, json=body, **more)

        answer = wait_for(ask, lambda one: one.status_code != httpx.codes.CONFLICT, limit_s=30)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    def one(self, query: str, *values: Any) -> Any:
        """Return what the database has, None where it has nothing."""
        return next(iter(ask_database(self.panel, query, *values)), None)

    def did(self, cut: int, command: str) -> bool:
        """Tell whether a fake carried ``command`` out for the request."""
        told = notes(self.panel)
        ids = {request for request, what in told if what == f"begun {cut}"}
        return any(what == f"did {command}" and request in ids for request, what in told)

    def server(self, n: int) -> Path:
        """Make the server ``s<n>``."""
        folder = write_server(self.panel.servers, f"s{n}", text_of(f"s{n}", n))
        (folder / "data/level.dat").write_bytes(b"level")
        (folder / "data/server.properties").write_text("motd=one\n")
        return folder

    def running(self, n: int) -> None:
        self.server(n)
        self.send("POST", f"/servers/s{n}/operations", {"action": "up"})

    def removed(self, n: int) -> str:
        """Make the server ``s<n>`` and remove it; return its name below ``.removed/``."""
        self.server(n)
        done = self.send("POST", f"/servers/s{n}/operations", {"action": "remove"})
        return str(done["operation"]["result"]["removed_as"])

    def user(self, n: int) -> int:
        """Make the user ``w<n>``; return the id."""
        made = self.send("POST", "/admin/users", {"username": f"w{n:05}", "password": PASSWORD, "role": "owner"})
        return int(made["id"])

    def role(self, n: int) -> int:
        """Make the role ``r<n>``; return the id."""
        return int(self.send("POST", "/admin/roles", {"name": f"r{n:05}", "verbs": ["view"]})["id"])

    def token(self, n: int) -> str:
        """Make the user ``w<n>`` and sign in, each from an address of its own; so many from one are refused."""
        self.user(n)
        host = httpx.HTTPTransport(local_address=source(n))
        with httpx.Client(base_url=self.panel.url, transport=host) as client:
            form = {"username": f"w{n:05}", "password": PASSWORD}
            return str(client.post("/api/auth/token", data=form).json()["access_token"])

    def invitation(self, n: int) -> tuple[int, str]:
        """Make an invitation; return its id and its token."""
        made = self.send("POST", "/invitations", {"may_create": True, "days": 1 + n % 7})
        return int(made["id"]), str(made["token"])

    def sign_in(self, n: int) -> tuple[str, int]:
        """Make the user ``w<n>`` and sign in; return the token and the id of the sign-in."""
        token = self.token(n)
        with httpx.Client(base_url=self.panel.url, headers={"Authorization": f"Bearer {token}"}) as client:
            return token, int(client.get("/api/auth/sessions").json()[0]["id"])

    def key(self, n: int) -> tuple[str, int]:
        """Make the user ``w<n>`` and a key of theirs; return the user's token and the id of the key."""
        token = self.token(n)
        with httpx.Client(base_url=self.panel.url, headers={"Authorization": f"Bearer {token}"}) as client:
            wanted = {"name": f"k{n}", "verbs": ["view"], "servers": ["*"]}
            return token, int(client.post("/api/user/me/keys", json=wanted).json()["id"])

    def code(self, n: int) -> tuple[Any, str]:
        """Make the user ``w<n>`` and open a page that waits to be let in; return its socket and its code."""
        self.user(n)
        host, port = address(self.panel)
        page = self.open.enter_context(connect(f"ws://{host}:{port}/api/auth/code", source_address=(source(n), 0)))
        return page, json.loads(page.recv(timeout=20))["code"]

    def file(self, n: int, content: str = "old") -> Path:
        """Write the file ``c<n>`` of lobby."""
        path = self.lobby / f"c{n}"
        path.write_text(content)
        return path

    def archive(self, n: int) -> None:
        with zipfile.ZipFile(self.lobby / f"c{n}.zip", "w") as archive:
            archive.writestr(f"c{n}", "x")

    def upload(self, n: int, *, is_whole: bool = False) -> str:
        """Begin the upload of the file ``c<n>`` of lobby, of one byte; return its id."""
        begun = self.send("POST", "/servers/lobby/files/uploads", {"name": f"c{n}", "path": "/", "size": 1})
        if is_whole:
            piece = f"/servers/lobby/files/uploads/{begun['id']}?offset=0"
            self.send("PATCH", piece, content=b"x", headers={"Content-Type": "application/octet-stream"})
        return str(begun["id"])

    def snapshot(self, n: int, *, times: int = 1) -> str:
        """Make the server ``s<n>`` and snapshots of it; return the first one's id."""
        self.server(n)
        made = [self.send("POST", f"/servers/s{n}/snapshots", {})["snapshot"]["id"] for _ in range(times)]
        return str(made[0])

    def schedule(self, n: int) -> int:
        self.server(n)
        return int(self.send("POST", "/snapshots/schedules", plan_of(n, "0 3 * * *"))["id"])

    def pull(self, n: int) -> str:
        """Begin a pull, which takes long."""
        self.server(n)
        prefer = {"Prefer": "respond-async"}
        begun = self.send("POST", f"/servers/s{n}/operations", {"action": "pull"}, headers=prefer)
        return str(begun["operation"]["id"])

    def changed(self, n: int) -> None:
        """Make the server ``s<n>`` and give it a second revision."""
        self.server(n)
        self.send("POST", f"/servers/s{n}/compose", {"yaml_content": text_of(f"s{n}", n, memory="3G")})

    def lock(self, n: int) -> None:
        """Leave the lock of a job that has died."""
        path = self.panel.folder / f"backup/repository/locks/{n:064x}"
        since = "2026-11-24T02:10:30.123456789Z"
        told = {"time": since, "exclusive": True, "hostname": socket.gethostname(), "username": "root", "pid": 4194304}
        path.write_text(json.dumps(told))


def source(n: int) -> str:
    return f"127.0.{1 + n // 250}.{1 + n % 250}"


def text_of(server_id: str, n: int, *, memory: str = "2G") -> str:
    text = compose_text(server_id, game_port=21000 + 2 * n, rcon_port=21001 + 2 * n)
    return text.replace("MAX_MEMORY: 2G", f"MAX_MEMORY: {memory}")


def plan_of(n: int, cron: str) -> dict[str, Any]:
    return {"cron": cron, "scope": "server", "server_id": f"s{n}", "enabled": False}
