"""Clients that close the connection while a change is carried out: every change leaves its audit event."""

import json
import re
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from servers.tests.conftest import compose_text, write_server
from testing.contract import document
from testing.panel import MASTER, Panel, running_panel, wait_for

pytestmark = [pytest.mark.process, pytest.mark.slow, pytest.mark.timeout(400)]

# After the request began to be carried out, which takes 0.12 s at least (reached.WORK_S); None: as soon as it was sent.
MOMENTS_S = (None, 0.0, 0.02, 0.05, 0.1, 0.3)
PASSWORD = "a-long-enough-passw0rd"
KNOWN = {
    "id": "lobby", "n": "1", "number": "1", "upload_id": "ffffffff-ffff-4fff-bfff-ffffffffffff",
    "snapshots": "deadbeef", "operations": "ffffffff-ffff-4fff-bfff-ffffffffffff", "users": "1",
}  # fmt: skip
_names = count(1)


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    (tmp_path / "reached").touch()
    with running_panel(
        tmp_path, DJANGO_SETTINGS_MODULE="testing.reached", REACHED=str(tmp_path / "reached")
    ) as started:
        write_server(started.servers, "lobby")
        (started.servers / "lobby/data/server.properties").write_text("motd=one\n")
        yield started


def changing() -> list[tuple[str, str, str, dict[str, Any]]]:
    """Method, path, media type and schema of each changing route of the OpenAPI document."""
    found = []
    for path, operations in document()["paths"].items():
        for method in operations.keys() & {"post", "put", "patch", "delete"}:
            content = operations[method].get("requestBody", {}).get("content", {"": {}})
            kind, described = next(iter(content.items()))
            found.append((method.upper(), path, kind, described.get("schema", {})))
    return sorted(found, key=lambda one: one[:2])


def sample(name: str, schema: dict[str, Any]) -> Any:
    """A value of the schema that a route accepts, different at each call where it names something."""
    known = {
        "username": f"u{next(_names):05}", "password": PASSWORD, "name": f"f{next(_names):05}", "role": "owner",
        "id": f"s{next(_names):05}", "cron": "0 3 * * *", "yaml_content": compose_text("lobby"), "action": "stop",
        "properties": {"motd": f"m{next(_names)}"}, "content": f"*.tmp{next(_names)}\n", "size": 1, "enum": None,
    }  # fmt: skip
    if name in known and known[name] is not None:
        return known[name]
    if "$ref" in schema:
        return sample(name, document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "properties" in schema:
        wanted = {*schema.get("required", ()), *({"role"} & schema["properties"].keys())}
        return {one: sample(one, schema["properties"][one]) for one in wanted}
    if "enum" in schema:
        return schema["enum"][0]
    return {"string": "a", "integer": 1, "boolean": True}.get(schema.get("type", ""), "a")


def request(panel: Panel, method: str, path: str, kind: str, schema: dict[str, Any], *, cut: int) -> bytes:
    """The whole request as bytes, with ``?cut=`` to find it by."""
    own = next((KNOWN[part] for part in ("snapshots", "operations", "users") if f"/{part}/{{id}}" in path), "lobby")
    address = path.format(**(KNOWN | {"id": own}))
    body = sample("", schema) if schema else None
    if kind == "application/json":
        content = json.dumps(body).encode()
    elif kind == "application/x-www-form-urlencoded":
        content = str(httpx.QueryParams(body)).encode()
    elif kind == "multipart/form-data":
        kind = "multipart/form-data; boundary=b"
        content = b'--b\r\nContent-Disposition: form-data; name="file"; filename="up%d"\r\n\r\nx\r\n--b--\r\n' % cut
    else:
        content = b"x" if kind else b""
    head = (
        f"{method} {address}?cut={cut}&path=/d{cut}&offset=0 HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {MASTER}\r\nContent-Length: {len(content)}\r\n"
    )
    return (head + (f"Content-Type: {kind}\r\n" if kind else "") + "\r\n").encode() + content


def leave(panel: Panel, sent: bytes, after_s: float | None) -> None:
    """Send all of it, wait until it is carried out and ``after_s`` more, and close without reading."""
    cut = sent.partition(b"cut=")[2].split(b" ")[0].split(b"&")[0].decode()
    with socket.create_connection(_address(panel), timeout=20) as connection:
        connection.sendall(sent)
        if after_s is not None:
            end = time.monotonic() + 5
            while cut not in reached(panel) and time.monotonic() < end:
                time.sleep(0.005)
            time.sleep(after_s)


def _address(panel: Panel) -> tuple[str, int]:
    host, _, port = panel.url.removeprefix("http://").partition(":")
    return host, int(port)


def rows(panel: Panel, column: str = "json_extract(query_params, '$.cut')", where: str = "1") -> list[Any]:
    with sqlite3.connect(panel.folder / "db.sqlite3", timeout=20) as database:
        found = database.execute(f"SELECT {column} FROM audit_auditevent WHERE {where}").fetchall()  # noqa: S608 - ours
    database.close()
    return [row[0] for row in found]


def cuts(panel: Panel) -> Counter[str]:
    return Counter(str(cut) for cut in rows(panel) if cut is not None)


def reached(panel: Panel) -> Counter[str]:
    return Counter((panel.folder / "reached").read_text().split())


def settled(panel: Panel) -> tuple[Counter[str], Counter[str]]:
    """What was carried out and what was written down, once nothing more comes and, if it ever does, both agree."""
    end = time.monotonic() + 30
    last, since = (reached(panel), cuts(panel)), time.monotonic()
    while time.monotonic() < end and (last[0] != last[1] or time.monotonic() - since < 3):
        time.sleep(0.2)
        if (now := (reached(panel), cuts(panel))) != last:
            last, since = now, time.monotonic()
    return last


def made(panel: Panel) -> int:
    with sqlite3.connect(panel.folder / "db.sqlite3", timeout=20) as database:
        [found] = database.execute("SELECT count(*) FROM accounts_user WHERE username LIKE 'u0%'").fetchone()
    database.close()
    return int(found)


def test_every_changing_route_leaves_its_event_whenever_the_client_leaves(panel: Panel) -> None:
    numbers = count(1)
    sent = [
        (request(panel, *route, cut=next(numbers)), after_s) for route in changing() for after_s in MOMENTS_S
    ]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: leave(panel, *one), sent))

    carried_out, written = settled(panel)
    accounts = rows(panel, where="success AND path IN ('/api/auth/register', '/api/admin/users')")
    print(  # noqa: T201 - figures
        f"\n{len(changing())} routes, {len(sent)} requests cut off: {carried_out.total()} carried out, "
        f"{written.total()} rows; owner accounts made {made(panel)}, their rows {len(accounts)}"
    )
    assert written == carried_out
    assert len(accounts) == made(panel) > 0
    assert carried_out.total() > len(sent) / 2


def test_the_admin_site_and_the_login_leave_theirs(panel: Panel) -> None:
    panel.manage("createowner", "--username", "olga", "--password-stdin", text=PASSWORD)
    with httpx.Client(base_url=panel.url, timeout=30) as site:
        page = site.get("/admin/login/").text
        form = {"username": "olga", "password": PASSWORD, "csrfmiddlewaretoken": _token(page)}
        assert site.post("/admin/login/", data=form).status_code == 302
        token = _token(site.get("/admin/accounts/user/add/").text)
        cookies = "; ".join(f"{name}={value}" for name, value in site.cookies.items())
    numbers = count(1)
    sent = []
    for after_s in MOMENTS_S:
        user = {"username": f"u{next(_names):05}", "role": "owner", "password1": PASSWORD, "password2": PASSWORD}
        for path, fields in (
            ("/admin/accounts/user/add/", user), ("/admin/login/", form), ("/admin/logout/", {}),
            ("/api/auth/token", {"username": "olga", "password": "wrong"}),
        ):  # fmt: skip
            content = str(httpx.QueryParams(fields | {"csrfmiddlewaretoken": token})).encode()
            head = (
                f"POST {path}?cut={next(numbers)} HTTP/1.1\r\nHost: {panel.url[7:]}\r\n"
                f"Cookie: {cookies if 'user' in path else 'csrftoken=' + token}\r\n"
                f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(content)}\r\n\r\n"
            )
            sent.append((head.encode() + content, after_s))
    for one in sent:
        leave(panel, *one)

    carried_out, written = settled(panel)
    accounts = rows(panel, where="status_code = 302 AND path = '/admin/accounts/user/add/'")
    print(f"\n{len(sent)} cut off, {carried_out.total()} carried out; accounts {made(panel)}, rows {len(accounts)}")  # noqa: T201 - figures
    assert written == carried_out
    assert len(accounts) == made(panel) > 0


def _token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found, page[:500]
    return found[1]


def test_an_upload_whose_client_left_is_recorded_so_and_leaves_no_file(panel: Panel) -> None:
    head = (
        f"POST /api/servers/lobby/files/upload?cut=1&path=/ HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {MASTER}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        'Content-Length: 9000000\r\n\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="big"\r\n\r\n'
    )
    leave(panel, head.encode() + b"x" * 3_000_000, 0.3)

    wait_for(lambda: rows(panel, "result"), lambda found: found == ["client_left"], limit_s=20)
    assert rows(panel, "success") == [0]
    assert sorted(one.name for one in (panel.servers / "lobby/data").iterdir()) == ["server.properties"]


def test_a_request_that_never_came_whole_is_no_change_and_no_event(panel: Panel) -> None:
    for part in (b"", b'{"username": "u00000", "pass'):
        head = (
            f"POST /api/auth/register?cut=1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {MASTER}\r\n"
            "Content-Type: application/json\r\nContent-Length: 80\r\n\r\n"
        )
        with socket.create_connection(_address(panel), timeout=20) as connection:
            connection.sendall(head.encode() + part)
            time.sleep(0.2)

    assert settled(panel) == (Counter(), Counter())
    assert made(panel) == 0


def test_the_end_waits_for_a_change_and_not_for_a_body(panel: Panel) -> None:
    leave(panel, request(panel, *next(one for one in changing() if one[1] == "/api/auth/register"), cut=1), 0.02)
    with socket.create_connection(_address(panel), timeout=60) as half:
        head = "POST /api/auth/register?cut=2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 80\r\n"
        half.sendall(f"{head}Authorization: Bearer {MASTER}\r\n\r\n{{".encode())
        wait_for(lambda: reached(panel).total(), lambda found: found == 1, limit_s=20)
        started = time.monotonic()
        assert panel.stop() == 0
        took_s = time.monotonic() - started
        answer = half.recv(65536)

    print(f"\nended in {took_s:.1f} s")  # noqa: T201 - figures
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"x-frame-options: DENY" in answer
    assert cuts(panel) == Counter({"1": 1})
    assert made(panel) == 1
    assert "Traceback" not in (panel.folder / "stderr").read_text() + (panel.folder / "stdout").read_text()
