"""Clients of a panel on fakes that close the connection while a change is carried out."""

import json
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from testing.contract import document
from testing.panel import MASTER, Panel, running_panel

CHANGES = {"post", "put", "patch", "delete"}
# After the request began to be carried out, which takes 0.12 s at least (reached.WORK_S); None: as soon as it was sent.
MOMENTS_S = (None, 0.0, 0.02, 0.05, 0.1, 0.3)
Route = tuple[str, str]  # method and path of the OpenAPI document


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What a client sends to a route.

    Attributes:
        body: of the type that the document names.
        at: values of the path's parameters.
        query: further parameters, as they stand in the address.
        token: as whom; "" for nobody.
        source: the address that it comes from.
    """

    body: Any = None
    at: dict[str, Any] = field(default_factory=dict)
    query: str = ""
    token: str = MASTER
    source: str = "127.0.0.1"


@contextmanager
def panel_on_fakes(folder: Path) -> Iterator[Panel]:
    """A panel whose settings are ``testing.reached``, with a repository."""
    (folder / "notes").touch()
    config = folder / "config.toml"
    config.touch(mode=0o600)
    config.write_text(f'[restic]\nrepository_path = "{folder}/backup/repository"\npassword = "correct horse"\n')
    (folder / "backup/repository/locks").mkdir(parents=True)
    settings = {"DJANGO_SETTINGS_MODULE": "testing.reached", "NOTES": str(folder / "notes")}
    with running_panel(folder, **settings) as started:
        yield started


def changing() -> list[Route]:
    """Return each changing route of the OpenAPI document."""
    paths = document()["paths"].items()
    return sorted((method.upper(), path) for path, operations in paths for method in operations.keys() & CHANGES)


def request(route: Route, ask: Ask, *, cut: int) -> bytes:
    """Return the whole request as bytes, with ``?cut=`` to find it by."""
    method, path = route
    kind = next(iter(document()["paths"][path][method.lower()].get("requestBody", {}).get("content", {})), "")
    head = [
        f"{method} {path.format(**ask.at)}?cut={cut}{'&' if ask.query else ''}{ask.query} HTTP/1.1",
        "Host: localhost",
    ]
    if ask.token:
        head.append(f"Authorization: Bearer {ask.token}")
    content = b""
    if kind == "application/json":
        content = json.dumps(ask.body).encode()
    elif kind == "application/x-www-form-urlencoded":
        content = str(httpx.QueryParams(ask.body)).encode()
    elif kind == "multipart/form-data":
        kind += "; boundary=b"
        file = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{ask.body}"\r\n\r\nx\r\n--b--\r\n'
        content = file.encode()
    elif kind:
        content = ask.body
    head += [f"Content-Type: {kind}"] if kind else []
    return "\r\n".join([*head, f"Content-Length: {len(content)}", "", ""]).encode() + content


def leave(panel: Panel, sent: bytes, after_s: float | None, *, source: str = "127.0.0.1") -> None:
    """Send all of it, wait until it is carried out and ``after_s`` more, and close without reading."""
    cut = sent.partition(b"cut=")[2].split(b" ")[0].split(b"&")[0].decode()
    with socket.create_connection(address(panel), timeout=20, source_address=(source, 0)) as connection:
        connection.sendall(sent)
        if after_s is not None:
            wait_until(panel, f"begun {cut}", at_most_s=30)
            time.sleep(after_s)


def wait_until(panel: Panel, noted: str, *, at_most_s: float) -> bool:
    """Wait for a note; tell whether it came."""
    end = time.monotonic() + at_most_s
    while not any(what == noted for _, what in notes(panel)):
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def address(panel: Panel) -> tuple[str, int]:
    host, _, port = panel.url.removeprefix("http://").partition(":")
    return host, int(port)


def notes(panel: Panel) -> list[tuple[str, str]]:
    """Return the notes of ``testing.reached``: the request's id, and what."""
    lines = (panel.folder / "notes").read_text().splitlines()
    return [(one, what) for one, _, what in (line.partition(" ") for line in lines)]


def ask_database(panel: Panel, query: str, *values: Any) -> list[Any]:
    """Return the first column of what the panel's database answers."""
    with sqlite3.connect(panel.folder / "db.sqlite3", timeout=20) as database:
        found = database.execute(query, values).fetchall()
    database.close()
    return [row[0] for row in found]


def rows(panel: Panel, column: str = "json_extract(query_params, '$.cut')", where: str = "1") -> list[Any]:
    return ask_database(panel, f"SELECT {column} FROM audit_auditevent WHERE {where}")  # noqa: S608 - ours


def cuts(panel: Panel, where: str = "1") -> Counter[str]:
    """Count the audit's rows of each request that is cut off."""
    return Counter(str(cut) for cut in rows(panel, where=where) if cut is not None)


def reached(panel: Panel) -> Counter[str]:
    """Count how often each request that is cut off was carried out."""
    return Counter(what.removeprefix("begun ") for _, what in notes(panel) if what.startswith("begun "))


def settled(panel: Panel) -> tuple[Counter[str], Counter[str]]:
    """What was carried out and what was written down, once nothing more comes and, if it ever does, both agree."""
    end = time.monotonic() + 30
    last, since = (reached(panel), cuts(panel)), time.monotonic()
    while time.monotonic() < end and (last[0] != last[1] or time.monotonic() - since < 3):
        time.sleep(0.2)
        if (now := (reached(panel), cuts(panel))) != last:
            last, since = now, time.monotonic()
    return last


def made_owners(panel: Panel) -> int:
    """Count the accounts that tests made by requests that were cut off."""
    [found] = ask_database(panel, "SELECT count(*) FROM accounts_user WHERE username LIKE 'u0%'")
    return int(found)
