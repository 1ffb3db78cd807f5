"""Strangers who begin requests and never end them: ``python -m bench.half_sent_strangers PORT TLS ADDRESSES SECONDS``.

TIMES connections at once, so many addresses 127.0.0.x, half of them in the middle of the headers, half in the middle
of a body. A connection that is closed is opened again; PER_S a second of all are opened, since handshakes as fast as
they go are another kind of attack. Prints one JSON object: what became of them.
"""

import asyncio
import json
import resource
import ssl
import sys
import time
from collections import Counter

from bench.bystanders import TRUST
from bench.pace import Pace

TIMES, PER_S, TRIES_S, TRICKLE_S = 1500, 200, 15.0, 3.0
HEADERS = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: "
BODY = b"POST /api/auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nusername="

counted: Counter[str] = Counter()
most_open = 0


async def begin(port: int, context: ssl.SSLContext | None, source: str, begun: bytes) -> None:
    """Send a beginning, then a byte now and then, until the other side closes."""
    async with asyncio.timeout(TRIES_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0), ssl=context)
    counted["opened"] += 1
    counted["open"] += 1
    global most_open  # noqa: PLW0603 - a program's own counter
    most_open = max(most_open, counted["open"])
    opened = time.monotonic()
    try:
        writer.write(begun)
        while True:
            try:
                async with asyncio.timeout(TRICKLE_S):
                    answer = await reader.read(4096)
            except TimeoutError:
                writer.write(b"a")
                continue
            is_answer = answer.startswith(b"HTTP/1.1 ")
            counted[f"answered {answer[9:12].decode()}" if is_answer else "closed without a word"] += 1
            break
        counted["seconds held"] += round(time.monotonic() - opened)
    finally:
        counted["open"] -= 1
        writer.transport.abort()


async def again(pace: Pace, port: int, context: ssl.SSLContext | None, source: str, begun: bytes) -> None:
    """Begin over and over."""
    while True:
        await pace.wait()
        try:
            await begin(port, context, source, begun)
        except TimeoutError:
            counted["not accepted in time"] += 1
        except OSError:
            counted["reset or refused"] += 1


async def main(port: int, tls: str, addresses: int, seconds: float) -> None:
    """Attack for so long."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    context = TRUST if tls == "tls" else None
    pace, tasks = Pace(PER_S), []
    for number in range(TIMES):
        source, begun = f"127.0.0.{2 + number % addresses}", (HEADERS, BODY)[number // addresses % 2]
        tasks.append(asyncio.create_task(again(pace, port, context, source, begun)))
    await asyncio.sleep(seconds)
    print(json.dumps({"most open": most_open, **{name: counted[name] for name in sorted(counted) if name != "open"}}))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
