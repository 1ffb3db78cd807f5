"""Rubbish for the panel's WebSockets, as fast as they take it: ``python -m bench.rubbish_sockets PORT SECONDS``.

The good token comes in TOKEN. Prints one JSON object: what was sent, and how the connections ended.
"""

import asyncio
import json
import os
import random
import sys
from collections import Counter
from contextlib import suppress

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

SENDERS, RAW, HALF = 8, 4, 20
PLACES = ("servers/honest/console", "servers/live", f"operations/{'0' * 8}-0000-0000-0000-{'0' * 12}", "auth/code")
GONE = (OSError, WebSocketException, TimeoutError)
TEXTS: tuple[str | bytes, ...] = (
    "{", "[]", "null", '"\\ud800"', "[" * 10_000, '{"type":', '{"type":[]}', '{"type":"command"}',
    '{"type":"command","command":7}', '{"type":"command","command":"a\\u0000b"}',
    '{"type":"source","source":[],"after":-1,"epoch":{}}', '{"type":"source","source":"container","after":1e99}',
    '{"type":"set_filter","filter_rcon":"x"}', '{"type":"refresh_logs"}', "x" * 40_000, "", "ping",
)
HANDSHAKE = (
    "GET /api/servers/live?token={token} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
NO_FRAMES = (b"\x81\x05hello", b"\xff\xff\xff\xff", b"\x81\xff" + b"\xff" * 8, b"")

chance = random.Random(7)  # noqa: S311 - a test's own chance
sent: Counter[str] = Counter()
ended: Counter[str] = Counter()


def frame() -> str | bytes:
    """Return one frame that no page sends."""
    return chance.choice([*TEXTS, chance.randbytes(300), chance.randbytes(40_000)])


async def talk(port: int) -> None:
    """Connect with a good or a bad token, send rubbish, leave at some point."""
    token = chance.choice([os.environ["TOKEN"], os.environ["TOKEN"], "x", "%00%ff", "a" * 5000, ""])
    query = chance.choice(["", "&after=-1&epoch=%00", "&after=99999999999999999999&epoch=x", "&source=%ff&source=log"])
    url = f"ws://127.0.0.1:{port}/api/{chance.choice(PLACES)}?token={token}{query}"
    socket = None
    try:
        async with asyncio.timeout(3), connect(url, max_size=None, compression=None, ping_interval=None) as socket:
            for _ in range(chance.randrange(40)):
                await socket.send(frame())
                sent["frames"] += 1
    except GONE as error:
        ended[type(error).__name__ if socket is None else f"close {socket.close_code}"] += 1
    else:
        ended["left"] += 1


async def break_frames(port: int) -> None:
    """Shake hands properly, then send bytes that are no frames; or leave in the middle."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(HANDSHAKE.format(token=os.environ["TOKEN"]).encode())
        async with asyncio.timeout(3):
            if chance.random() < 0.7:
                await reader.readuntil(b"\r\n\r\n")
            writer.write(chance.choice(NO_FRAMES))
            writer.write(chance.randbytes(chance.randrange(500)))
            await writer.drain()
        sent["broken streams"] += 1
    finally:
        writer.transport.abort() if chance.random() < 0.5 else writer.close()


async def stay_half(port: int) -> None:
    """Send half a request's head and wait."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /api/servers HTTP/1.1\r\nHost: localhost\r\nX-Half: ")
            sent["half requests"] += 1
            await reader.read()
            writer.close()
        await asyncio.sleep(1)


async def again(port: int, *, raw: bool) -> None:
    """Do one of the two, over and over."""
    while True:
        if raw:
            with suppress(*GONE, asyncio.IncompleteReadError):
                await break_frames(port)
        else:
            await talk(port)
        await asyncio.sleep(0.01)


async def main(port: int, seconds: float) -> None:
    """Send for so long."""
    works = [again(port, raw=False) for _ in range(SENDERS)] + [again(port, raw=True) for _ in range(RAW)]
    tasks = [asyncio.create_task(work) for work in (*works, *(stay_half(port) for _ in range(HALF)))]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    print(json.dumps({"sent": sent, "ended": ended}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
