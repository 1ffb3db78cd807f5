"""Many clients that change something at once, and what became of each of their requests."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from testing.panel import Panel

BODY = json.dumps({"command": "list", "password": "c4nary"}).encode()
PASSWORD = "c0rrect horse battery"


def sign_in(panel: Panel) -> str:
    panel.manage("createowner", "--username", "olga", "--password-stdin", text=PASSWORD)
    with panel.client() as client:
        answer = client.post("/auth/token", data={"username": "olga", "password": PASSWORD})
        return str(answer.json()["access_token"])


@dataclass
class Answers:
    """The ids of the requests that were answered, and how many were not because the panel ended."""

    ids: list[str] = field(default_factory=list)
    broken: int = 0


class Clients:
    """``count`` connections that send one POST after the other; each is answered 409: the server does not run."""

    def __init__(self, panel: Panel, token: str, *, count: int = 20) -> None:
        target = urlsplit(panel.url)
        self._host, self._port, self._count = str(target.hostname), target.port, count
        self._request = (
            f"POST /api/servers/survival/rcon HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
        ).encode() + BODY

    async def send(self, total: int) -> Answers:
        """Send ``total`` requests in all; ends early when the panel does."""
        answers = Answers()
        left = iter(range(total))
        await asyncio.gather(*(self._client(left, answers) for _ in range(self._count)))
        return answers

    async def _client(self, left: Iterator[int], answers: Answers) -> None:
        try:
            reader, writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            answers.broken += 1
            return
        with closing(writer):
            for _ in left:  # one iterator for all: whoever is free takes the next
                try:
                    writer.write(self._request)
                    answers.ids.append(await _answer(reader))
                except (OSError, asyncio.IncompleteReadError):
                    answers.broken += 1
                    return


async def _answer(reader: asyncio.StreamReader) -> str:
    """Read one answer and return its request id."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in head[1:] if line)
    assert headers["transfer-encoding"] == "chunked"
    while size := int(await reader.readline(), 16):
        await reader.readexactly(size + 2)
    await reader.readexactly(2)
    assert " 409" in head[0], head[0]
    return headers["x-request-id"]


def rows(panel: Panel) -> list[str]:
    """Return the request ids of all audit rows of calls to the server, in the order of the chain."""
    with closing(sqlite3.connect(panel.folder / "db.sqlite3")) as database:
        query = "SELECT request_id FROM audit_auditevent WHERE server_id = 'survival' ORDER BY sequence"
        return [row[0] for row in database.execute(query)]


def lines(panel: Panel) -> list[str]:
    """Return the same of the log file; every line must be whole."""
    text = (panel.folder / "logs" / "operations.log").read_text()
    found = [json.loads(line) for line in text.splitlines()]
    assert "c4nary" not in text
    return [line["request_id"] for line in found if line.get("server_id") == "survival"]


def cpu_s(panel: Panel) -> float:
    """Return the seconds of processor that the panel has used."""
    assert panel.process is not None
    fields = Path(f"/proc/{panel.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
