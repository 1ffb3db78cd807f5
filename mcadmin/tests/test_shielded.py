"""Changes that go on without their clients: how many of them there may be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mcadmin.shielded import MAX_LEFT, MAX_LEFT_OF_ONE, ShieldChanges


class Work:
    """An application whose requests last until ``release``."""

    def __init__(self) -> None:
        self.begun = 0
        self.release = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        self.begun += 1
        await self.release.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(app: Any, address: str, *, stays: bool = False) -> list[dict[str, Any]]:
    """Send one whole request and, unless the client ``stays``, leave; return what was answered."""
    messages = [{"type": "http.request", "body": b"x", "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        if messages:
            return messages.pop(0)
        return {"type": "http.disconnect"} if not stays else await asyncio.Event().wait()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app({"type": "http", "method": "POST", "path": "/", "headers": [], "client": (address, 1)}, receive, send)
    return sent


@asynccontextmanager
async def left(app: Any, work: Work, address: str, count: int) -> AsyncIterator[None]:
    """Let so many clients of an address leave while their requests are carried out; all are done at the end."""
    wanted = work.begun + count
    asked = [asyncio.create_task(ask(app, address)) for _ in range(count)]
    async with asyncio.timeout(10):
        while work.begun < wanted:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
    yield
    work.release.set()
    await asyncio.wait_for(asyncio.gather(*asked), 10)


async def test_who_leaves_too_many_changes_behind_waits_for_them() -> None:
    work = Work()
    app = ShieldChanges(work)
    async with left(app, work, "192.0.2.1", MAX_LEFT_OF_ONE):
        refused = await ask(app, "192.0.2.1")
        assert (refused[0]["status"], work.begun) == (503, MAX_LEFT_OF_ONE)
        assert dict(refused[0]["headers"])[b"retry-after"] == b"10"
        async with left(app, work, "192.0.2.2", MAX_LEFT - MAX_LEFT_OF_ONE):
            assert (await ask(app, "192.0.2.3"))[0]["status"] == 503

    assert (await ask(app, "192.0.2.1", stays=True))[0]["status"] == 200
