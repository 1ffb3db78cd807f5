"""A game that takes commands over RCON: as vanilla does, or as badly as the test wants."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from servers.minecraft.rcon.client import RconAddress

PASSWORD = "open sesame"
LOGIN, COMMAND, ANSWER = 3, 2, 0


def packet(packet_id: int, kind: int, body: bytes = b"") -> bytes:
    content = struct.pack("<ii", packet_id, kind) + body + b"\0\0"
    return struct.pack("<i", len(content)) + content


@dataclass
class FakeGame:
    """Answers ``<command>`` with "ran <command>", or what ``answers`` says.

    Knobs may be turned while it runs. As vanilla, it reads at most 1,460 bytes at once and hangs up
    unless they are exactly one packet.
    """

    answers: dict[str, bytes] = field(default_factory=dict)
    raw: dict[str, Callable[[int], bytes]] = field(default_factory=dict)  # command's id -> bytes sent as they are
    piece_bytes: int = 4096
    answers_markers: bool = True
    marker_delay_s: float = 0.0
    answer_delay_s: float = 0.0
    silent: set[str] = field(default_factory=set)  # commands that are never answered
    hangs_up_on: set[str] = field(default_factory=set)
    ends_after: set[str] = field(default_factory=set)  # commands that are answered and then end it
    greeting: bytes | None = None  # sent in place of the answer to a login; b"" is silence
    host: str = "127.0.0.1"
    password: str = PASSWORD

    port: int = 0
    commands: list[str] = field(default_factory=list)  # all it was told to do, in order
    logins: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def address(self) -> RconAddress:
        return RconAddress(self.host, self.port, self.password)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FakeGame"]:
        server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.hang_up()
            await server.wait_closed()
            while self._writers:
                await asyncio.sleep(0)

    def hang_up(self) -> None:
        """End every connection, as a game does that stops."""
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with suppress(OSError):
                while (block := await reader.read(1460)) and self._is_one_packet(block):
                    packet_id, kind = struct.unpack_from("<ii", block, 4)
                    if not await self._answer(writer, packet_id, kind, block[12:-2]):
                        break
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    @staticmethod
    def _is_one_packet(block: bytes) -> bool:
        return len(block) >= 14 and struct.unpack_from("<i", block)[0] == len(block) - 4

    async def _answer(self, writer: asyncio.StreamWriter, packet_id: int, kind: int, body: bytes) -> bool:
        if kind == LOGIN:
            self.logins += 1
            known = packet_id if body.decode() == self.password else -1
            writer.write(packet(known, COMMAND) if self.greeting is None else self.greeting)
        elif kind == COMMAND:
            return await self._run(writer, packet_id, body.decode())
        elif self.answers_markers:
            await asyncio.sleep(self.marker_delay_s)
            writer.write(packet(packet_id, ANSWER, f"Unknown request {kind:x}".encode()))
        await writer.drain()
        return True

    async def _run(self, writer: asyncio.StreamWriter, packet_id: int, command: str) -> bool:
        self.commands.append(command)
        if command in self.hangs_up_on:
            return False
        if command in self.silent:
            return True
        await asyncio.sleep(self.answer_delay_s)
        if command in self.raw:
            writer.write(self.raw[command](packet_id))
        else:
            answer = self.answers.get(command, f"ran {command}".encode())
            size = self.piece_bytes
            for start in range(0, len(answer) or 1, size):
                writer.write(packet(packet_id, ANSWER, answer[start : start + size]))
        await writer.drain()
        return command not in self.ends_after
