"""Clients that close the connection while a change is carried out: every change leaves its audit event."""

import re
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from testing.changing_routes import ROUTES
from testing.contract import document
from testing.leaving import (
    MOMENTS_S,
    Ask,
    Route,
    address,
    cuts,
    leave,
    made_owners,
    panel_on_fakes,
    reached,
    request,
    rows,
    settled,
    wait_until,
)
from testing.leaving_ground import PASSWORD, World
from testing.panel import MASTER, Panel, wait_for

pytestmark = [pytest.mark.process, pytest.mark.slow, pytest.mark.timeout(400)]

LANES = 3
_names = count(1)


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    with panel_on_fakes(tmp_path) as started:
        yield started


@pytest.fixture
def world(panel: Panel) -> Iterator[World]:
    ground = World(panel)
    with ground.open:
        yield ground


@dataclass(frozen=True)
class Cut:
    """The request number ``n``, of a client that leaves ``after_s``; ``thing`` was made for it."""

    n: int
    route: Route
    after_s: float | None
    thing: Any

    def __str__(self) -> str:
        return f"{' '.join(self.route)} left after {self.after_s} s ({self.n})"


def cut_off(world: World, n: int, route: Route, after_s: float | None) -> Cut:
    """Make what the request needs, send it, leave, and wait until it has been carried out if it ever is."""
    change = ROUTES[route]
    cut = Cut(n, route, after_s, change.ready(world, n))
    ask = change.ask(n, cut.thing)
    leave(world.panel, request(route, ask, cut=n), after_s, source=ask.source)
    if after_s is not None or wait_until(world.panel, f"begun {n}", at_most_s=0.5):
        wait_until(world.panel, f"ended {n}", at_most_s=30)
    return cut


def cut_all_off(world: World) -> list[Cut]:
    """Cut every route off at every moment, those of the one repository after each other."""
    document()  # made once: its library is for one thread
    numbers = count(1)
    orders = [(next(numbers), route, after_s) for after_s in MOMENTS_S for route in sorted(ROUTES)]
    lanes: list[list[tuple[int, Route, float | None]]] = [[] for _ in range(LANES)]
    for n, route, after_s in orders:
        lanes[0 if "snapshots" in route[1] else 1 + n % (LANES - 1)].append((n, route, after_s))
    with ThreadPoolExecutor(LANES) as pool:
        done = list(pool.map(lambda lane: [cut_off(world, *one) for one in lane], lanes))
    return [cut for lane in done for cut in lane]


def test_every_changing_route_leaves_its_event_whenever_the_client_leaves(world: World) -> None:
    sent = cut_all_off(world)

    carried_out, written = settled(world.panel)
    successes = cuts(world.panel, where="success")
    made = {cut.n for cut in sent if ROUTES[cut.route].made(world, cut.n, cut.thing)}
    for route in sorted(ROUTES):
        of_route = {cut.n for cut in sent if cut.route == route}
        told = sum(successes[str(n)] for n in of_route)
        print(f"\n{len(of_route & made)} changes, {told} rows of success: {' '.join(route)}", end="")  # noqa: T201 - figures
    print(  # noqa: T201 - figures
        f"\n{len(ROUTES)} routes, {len(sent)} requests cut off: {carried_out.total()} carried out, "
        f"{written.total()} rows; {len(made)} changes made, {successes.total()} rows of success"
    )
    assert written == carried_out
    assert [str(cut) for cut in sent if (cut.n in made) != bool(successes[str(cut.n)])] == []
    assert [str(cut) for cut in sent if cut.after_s is not None and cut.n not in made] == []


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
        ):
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
    made = made_owners(panel)
    print(f"\n{len(sent)} cut off, {carried_out.total()} carried out; accounts {made}, rows {len(accounts)}")  # noqa: T201 - figures
    assert written == carried_out
    assert len(accounts) == made > 0


def test_the_first_owner_leaves_an_event(panel: Panel) -> None:
    link = wait_for(
        lambda: re.search(r"/setup\?code=(\S+)", (panel.folder / "stdout").read_text()), bool, limit_s=10
    )
    assert link
    body = {"code": link[1], "username": "u00001", "password": PASSWORD}
    sent = request(("POST", "/api/auth/setup"), Ask(body=body, token=""), cut=1)
    for after_s in MOMENTS_S[1:]:
        leave(panel, sent, after_s)

    carried_out, written = settled(panel)
    assert written == carried_out
    assert carried_out["1"] == len(MOMENTS_S) - 1
    assert rows(panel, "status_code", where="success") == [200]
    assert made_owners(panel) == 1


def _token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found, page[:500]
    return found[1]


def test_an_upload_whose_client_left_is_recorded_so_and_leaves_no_file(panel: Panel, world: World) -> None:
    head = (
        f"POST /api/servers/lobby/files/upload?cut=1&path=/ HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {MASTER}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        'Content-Length: 9000000\r\n\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="big"\r\n\r\n'
    )
    leave(panel, head.encode() + b"x" * 3_000_000, 0.3)

    wait_for(lambda: rows(panel, "result"), lambda found: found == ["client_left"], limit_s=20)
    assert rows(panel, "success") == [0]
    assert list(world.lobby.iterdir()) == []


def test_a_request_that_never_came_whole_is_no_change_and_no_event(panel: Panel) -> None:
    for part in (b"", b'{"username": "u00000", "pass'):
        head = (
            f"POST /api/auth/register?cut=1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {MASTER}\r\n"
            "Content-Type: application/json\r\nContent-Length: 80\r\n\r\n"
        )
        with socket.create_connection(address(panel), timeout=20) as connection:
            connection.sendall(head.encode() + part)
            time.sleep(0.2)

    assert settled(panel) == (Counter(), Counter())
    assert made_owners(panel) == 0


def test_the_end_waits_for_a_change_and_not_for_a_body(panel: Panel) -> None:
    route = ("POST", "/api/auth/register")
    leave(panel, request(route, ROUTES[route].ask(1, None), cut=1), 0.02)
    with socket.create_connection(address(panel), timeout=60) as half:
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
    assert made_owners(panel) == 1
    assert "Traceback" not in (panel.folder / "stderr").read_text() + (panel.folder / "stdout").read_text()
