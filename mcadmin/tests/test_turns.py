"""How many requests are carried out at once, in whose order, and that who leaves costs no thread."""

import asyncio
import json
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from core.connections import Connections, state_of
from core.turns import Turn, Turns
from mcadmin import turn_taking
from mcadmin.shielded import ShieldChanges
from mcadmin.turn_taking import AT_ONCE, CHANGES_OF_ONE, READS_OF_ONE, TakeTurns
from testing.panel import FACTOR, MASTER, Panel, running_panel, wait_for

ADDRESSES, OF_EACH = 8, 100
AUTH = f"Host: localhost\r\nAuthorization: Bearer {MASTER}\r\n"
BODY = '{"path": "/"}'
ASKED = {
    "reads": f"GET /api/servers/ HTTP/1.1\r\n{AUTH}\r\n",
    "changes": f"POST /api/servers/none/files/create HTTP/1.1\r\n{AUTH}Content-Type: application/json\r\n"
    f"Content-Length: {len(BODY)}\r\n\r\n{BODY}",
}
OTHERS = 30  # threads of the panel's own


def arrived(turns: list[Turn]) -> list[int]:
    """Return the numbers of those that have come."""
    return [number for number, turn in enumerate(turns) if turn._has_come.done()]


async def test_addresses_take_turns_and_none_has_more_than_its_part() -> None:
    turns = Turns(at_once=3, of_one_address=2)
    asked = [turns.ask(address) for address in ("crowd", "crowd", "crowd", "crowd", "other", "third", "other")]
    assert arrived(asked) == [0, 1, 4]

    asked[0].end()
    assert arrived(asked) == [0, 1, 2, 4], "the crowd has asked first"
    asked[1].end()
    assert arrived(asked) == [0, 1, 2, 4, 5], "who was served least lately comes next"
    asked[4].end()
    assert arrived(asked) == [0, 1, 2, 4, 5, 6]


async def test_who_leaves_is_not_waited_for_and_frees_nothing() -> None:
    turns = Turns(at_once=1, of_one_address=1)
    first, second, third = (turns.ask("one") for _ in range(3))
    second.leave()
    assert not await second.comes()
    second.end()
    assert arrived([first, second, third]) == [0, 1], "the second was told to stop, the third waits on"

    first.leave()
    assert not arrived([third]), "what is carried out goes on without its client"
    first.end()
    first.end()
    assert await third.comes()
    third.end()
    assert await turns.ask("other").comes()


class Work:
    """An application whose requests last until ``release``, as many as are asked for by each address."""

    def __init__(self) -> None:
        self.begun: Counter[str] = Counter()
        self.release = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        self.begun[f"{scope['client'][0]} {scope['method']}"] += 1
        if scope["method"] != "HEAD":
            await self.release.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Client:
    """Sends one whole request on a connection of its own."""

    def __init__(self, app: Any, address: str, method: str) -> None:
        self.answer: list[dict[str, Any]] = []
        self._connections = Connections()
        self._connection = self._connections.admit(address, end=lambda: None)
        assert self._connection
        self._messages = [{"type": "http.request", "body": b"x", "more_body": False}]
        self._left = asyncio.Event()
        scope = {
            "type": "http", "method": method, "path": "/", "headers": [], "client": (address, 1),
            "state": state_of(self._connection),
        }
        self.asked = asyncio.create_task(app(scope, self._receive, self._send))

    def leave(self) -> None:
        assert self._connection
        self._left.set()
        self._connections.release(self._connection)

    async def _receive(self) -> Any:
        if self._messages and not self._left.is_set():
            return self._messages.pop(0)
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self.answer.append(message)


async def ask(app: Any, address: str, method: str, *, times: int = 1) -> list[Client]:
    """Ask so many times at once, and give the application time to begin."""
    clients = [Client(app, address, method) for _ in range(times)]
    await asyncio.sleep(0.1)
    return clients


ONE, SAME, OTHER = "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"


@pytest.mark.parametrize(("method", "limit"), [("POST", CHANGES_OF_ONE), ("GET", READS_OF_ONE)])
async def test_who_asks_too_much_at_once_waits_whether_or_not_they_stay(method: str, limit: int) -> None:
    work = Work()
    app = TakeTurns(ShieldChanges(work))
    first = await ask(app, ONE, method, times=limit)
    for client in first[: limit // 2]:
        client.leave()
    waiting = await ask(app, SAME, method, times=3)
    others = await ask(app, OTHER, method) + await ask(app, "192.0.2.1", method) + await ask(app, ONE, "HEAD")
    assert work.begun == {
        f"{ONE} {method}": limit, f"{OTHER} {method}": 1, f"192.0.2.1 {method}": 1,
        **({f"{ONE} HEAD": 1} if method == "POST" else {}),
    }

    waiting[0].leave()
    work.release.set()
    await asyncio.wait_for(asyncio.gather(*(client.asked for client in first + waiting + others)), 10)
    assert work.begun[f"{SAME} {method}"] == 2, "who left before has changed nothing"
    assert not waiting[0].answer
    assert waiting[1].answer[0]["status"] == 200


async def test_who_waits_too_long_is_refused_and_frees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_taking, "WAIT_S", 0.05)
    work = Work()
    app = TakeTurns(ShieldChanges(work))
    first = await ask(app, ONE, "POST", times=CHANGES_OF_ONE)
    for _ in range(2):
        (late,) = await ask(app, ONE, "POST")
        await asyncio.wait_for(late.asked, 10)
        assert late.answer[0]["status"] == 503
        assert dict(late.answer[0]["headers"])[b"retry-after"] == b"10"
        assert json.loads(late.answer[1]["body"])["code"] == "too_many_under_way"
    assert work.begun.total() == CHANGES_OF_ONE
    work.release.set()
    await asyncio.wait_for(asyncio.gather(*(client.asked for client in first)), 10)


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    with running_panel(tmp_path) as one:
        yield one


def threads_of(panel: Panel) -> int:
    assert panel.process is not None
    text = Path(f"/proc/{panel.process.pid}/status").read_text()
    return int(text.partition("Threads:")[2].split()[0])


@pytest.mark.process
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("asked", "leave"),
    [("reads", True), ("changes", False), pytest.param("reads", False, marks=pytest.mark.long)],
    ids=["reads", "changes of clients who stay", "reads of clients who stay"],
)
def test_a_crowd_holds_a_bounded_number_of_threads(panel: Panel, asked: str, leave: bool) -> None:
    url = urlsplit(panel.url)
    address = (str(url.hostname), int(url.port or 0))
    with panel.client() as client:
        assert client.get("/servers/").status_code == 200
    assert panel.process is not None
    most, over = [threads_of(panel)], Event()
    lines: list[socket.socket] = []

    def count() -> None:
        while not over.wait(0.005):
            most.append(threads_of(panel))

    counting = Thread(target=count)
    with ExitStack() as closing:
        # While the panel is stopped the kernel takes connections: so all have asked, and left, at the same moment.
        panel.process.send_signal(signal.SIGSTOP)
        for number in range(ADDRESSES * OF_EACH):
            source = (f"127.0.0.{2 + number % ADDRESSES}", 0)
            line = closing.enter_context(socket.create_connection(address, timeout=10, source_address=source))
            lines.append(line)
            line.sendall(ASKED[asked].encode())
        if leave:
            closing.close()
        counting.start()
        panel.process.send_signal(signal.SIGCONT)
        with panel.client() as client:
            assert client.get("/servers/").status_code == 200
        for line in [] if leave else lines:
            line.settimeout(60 * FACTOR)
            assert line.recv(1) == b"H"
    wait_for(lambda: threads_of(panel), lambda found: found <= most[0] + 20, limit_s=60)
    over.set()
    counting.join()
    assert max(most) <= 2 * AT_ONCE + OTHERS, "each has its thread, and one that waits for its end"
