import asyncio
import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from servers.minecraft.server_ping import PingFailed, ping

NOBODY = "00000000-0000-0000-0000-000000000000"
SOMEBODY = "8f7d0c2e-7f0a-4c3e-9f52-0123456789ab"


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def told(**status: Any) -> bytes:
    """The packet with which a game answers."""
    text = json.dumps({"version": {"name": "1.21", "protocol": 767}, "description": "hi", **status}).encode()
    body = b"\0" + varint(len(text)) + text
    return varint(len(body)) + body


def players(*sample: tuple[str, str], online: int = 1, maximum: int = 20) -> dict[str, Any]:
    return {"online": online, "max": maximum, "sample": [{"name": name, "id": id_} for name, id_ in sample]}


@asynccontextmanager
async def listening(answer: bytes) -> AsyncIterator[tuple[str, int]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(answer)
        if answer:
            writer.close()
        else:
            await reader.read()
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield "127.0.0.1", server.sockets[0].getsockname()[1]


async def test_a_ping_tells_players_message_and_latency() -> None:
    answer = told(players=players(("Alex", SOMEBODY), (".Stone Age", SOMEBODY)), description="§aA §lserver")
    async with listening(answer) as endpoint:
        found = await ping([endpoint])
    assert (found.names, found.online, found.maximum, found.motd) == (("Alex", ".Stone Age"), 1, 20, "A server")
    assert found.latency_ms >= 0


async def test_advertisements_and_hidden_players_are_no_names() -> None:
    answer = told(players=players(("§cBuy ranks!", NOBODY), ("Anonymous Player", SOMEBODY), ("Bo", SOMEBODY)))
    async with listening(answer) as endpoint:
        assert (await ping([endpoint])).names == ("Bo",)


async def test_the_next_endpoint_is_asked_where_nobody_answers() -> None:
    async with listening(b"") as gone:
        pass
    async with listening(told(players=players())) as endpoint:
        assert (await ping([gone, endpoint])).online == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"",
        b"\xff\xff\xff\xff\xff\xff",
        b"\x03\0\x01{",
        told(players="many"),
        told(players={"online": "x", "max": None}),
        told(players=players(), description=[[[5]]]),
        varint(7) + b"\0" + varint(5) + b"[1,2]",
        struct.pack(">q", -1),
    ],
)
@pytest.mark.slow
async def test_what_is_no_answer_of_a_game_is_said_to_be_none(answer: bytes) -> None:
    async with listening(answer) as endpoint, asyncio.timeout(5):
        with pytest.raises(PingFailed):
            await ping([endpoint], timeout_s=0.3)


async def test_without_an_endpoint_nobody_is_asked() -> None:
    with pytest.raises(PingFailed):
        await ping([])
