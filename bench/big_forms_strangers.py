"""Strangers who send large forms: ``python -m bench.big_forms_strangers PORT plain FORM SECONDS``.

STRANGERS of them at once, each from an address of its own. A form ends when it is answered or refused; then the same
stranger sends the next one on a new connection, PER_S a second of all. Prints one JSON object: what they got.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress

from bench.pace import Pace

STRANGERS, PER_S, TIMEOUT_S = 20, 40, 30.0
LARGE, SMALL = 45 * 1024 * 1024, 16 * 1024
PLACES = ("/api/auth/token", "/admin/login/")
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
MULTIPART = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="k"\r\n\r\nv\r\n'
PIECE = 64 * 1024

FORMS = {
    "45 MiB, its length said": (FORM, b"k=v&", LARGE, True),
    "45 MiB in chunks": (FORM, b"k=v&", LARGE, False),
    "16 KiB of one letter's fields": (FORM, b"k=v&", SMALL, True),
    "16 KiB of one password": (FORM, b"password=", SMALL, True),
    "16 KiB of parts": (MULTIPART, PART, SMALL, True),
    "16 KiB of nested JSON": (JSON, b"[", SMALL, True),
}
counted: Counter[str] = Counter()


async def send(port: int, source: str, path: str, name: str) -> None:
    """Send one form on a connection of its own; count what it gets."""
    kind, seed, size, said = FORMS[name]
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nConnection: close\r\n"
    head += f"Content-Length: {size}\r\n\r\n" if said else "Transfer-Encoding: chunked\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    sending = asyncio.create_task(_pour(writer, head.encode(), seed, size, said=said))
    try:
        status = (await reader.readline())[9:12].decode()
        counted[f"answered {status}" if status else "closed without a word"] += 1
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.transport.abort()


async def _pour(writer: asyncio.StreamWriter, head: bytes, seed: bytes, size: int, *, said: bool) -> None:
    writer.write(head)
    with suppress(ConnectionError):
        async for piece in _pieces(seed, size):
            writer.write(piece if said else f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            await writer.drain()
            counted["MiB sent"] += len(piece)
        if not said:
            writer.write(b"0\r\n\r\n")


async def _pieces(seed: bytes, size: int) -> AsyncIterator[bytes]:
    piece = (seed * (PIECE // len(seed) + 1))[:PIECE]
    for at in range(0, size, PIECE):
        yield piece[: size - at]


async def again(pace: Pace, port: int, number: int, name: str) -> None:
    """Send over and over."""
    for turn in range(1_000_000):
        await pace.wait()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await send(port, f"127.0.1.{number + 1}", PLACES[turn % len(PLACES)], name)
        except TimeoutError:
            counted["no answer in time"] += 1
        except OSError:
            counted["reset or refused"] += 1


async def main(port: int, name: str, seconds: float) -> None:
    """Attack for so long."""
    pace = Pace(PER_S)
    tasks = [asyncio.create_task(again(pace, port, number, name)) for number in range(STRANGERS)]
    await asyncio.sleep(seconds)
    counted["MiB sent"] //= 1024 * 1024
    print(json.dumps({name: counted[name] for name in sorted(counted)}))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[3], float(sys.argv[4])))
