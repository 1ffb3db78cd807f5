"""RCON, the game's remote console: one connection, one command at a time, and no answer given to the wrong command.

Source: developer.valvesoftware.com/wiki/Source_RCON_Protocol, and the game's own deviations: a packet must
arrive in one read and alone, answers come in pieces of 4,096 characters, an unknown type is answered with a text.
"""

import asyncio
import re
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from mcadmin.core.errors import CommandFailed, InvalidRequest, TimedOut, Unavailable

COMMAND_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 3.0
QUIET_S = 0.5  # a game that does not answer the marker is done when it was quiet for this long
MAX_COMMAND_BYTES = 1446  # the game reads 1,460 at once, 14 of which are the packet's frame
MAX_PACKET_BYTES = 1024 * 1024
MAX_ANSWER_BYTES = 8 * 1024 * 1024
LOGIN, COMMAND, ANSWER, MARKER = 3, 2, 0, 100

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_COLOUR = re.compile(r"§[0-9a-fk-orxA-FK-ORX]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class RconUnavailable(Unavailable):
    """Nothing that speaks RCON answers at the address, or no password is known. The command was not run."""

    code = "rcon_unavailable"


class RconRefused(RconUnavailable):
    """The password is wrong."""

    code = "rcon_refused"


class RconTimedOut(TimedOut):
    """The game took the command and did not answer in time; it may still carry it out."""

    code = "rcon_timed_out"


class RconBroken(CommandFailed):
    """What came back is not RCON, or the connection ended in the middle of an answer."""

    code = "rcon_broken"


@dataclass(frozen=True, slots=True)
class RconAddress:
    """Where a game takes commands; the password is not shown."""

    host: str
    port: int
    password: str = field(repr=False)


class RconConnection:
    """One logged-in connection. After any failure it is closed, so that no late answer can reach a later command."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._next_id = 0
        self._answers_marker = True
        self._known = False  # whether this game has answered a marker yet
        self.closed = False

    @classmethod
    async def connect(cls, address: RconAddress, *, timeout_s: float = CONNECT_TIMEOUT_S) -> Self:
        """Connect and log in.

        Raises:
            RconRefused: wrong password.
            RconUnavailable: nobody there, or it does not speak RCON in time.
        """
        connection = None
        try:
            async with asyncio.timeout(timeout_s):
                reader, writer = await asyncio.open_connection(address.host, address.port)
                connection = cls(reader, writer)
                await connection._login(address.password)
        except (OSError, TimeoutError, RconBroken) as error:
            if connection is not None:
                await connection.close()
            raise RconUnavailable(f"The game does not take commands at port {address.port} yet.") from error
        except RconRefused:
            if connection is not None:
                await connection.close()
            raise
        return connection

    async def command(self, text: str, *, timeout_s: float = COMMAND_TIMEOUT_S) -> str:
        """Run one command and return the whole answer as the game sent it.

        Raises:
            RconUnavailable: the connection was dead before the command was taken.
            RconTimedOut: no answer in time.
            RconBroken: the answer is none.
        """
        if self.closed or self._reader.at_eof():
            await self.close()
            raise RconUnavailable("The connection to the game has ended.")
        try:
            async with asyncio.timeout(timeout_s):
                return await self._ask(validate_command(text))
        except TimeoutError:
            await self.close()
            raise RconTimedOut(f"The game did not answer within {timeout_s:g} s; it may still run it.") from None
        except OSError as error:
            await self.close()
            raise RconBroken("The connection to the game broke while it ran the command.") from error
        except BaseException:  # broken protocol or cancelled: what comes later belongs to nobody
            await self.close()
            raise

    async def close(self) -> None:
        """End the connection; again is harmless."""
        self.closed = True
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await self._writer.wait_closed()

    async def _login(self, password: str) -> None:
        sent = await self._send(LOGIN, password.encode())
        while True:
            packet_id, kind, _ = await self._receive()
            if packet_id == -1:
                raise RconRefused("The game refused the RCON password. Does RCON_PASSWORD match its settings?")
            if packet_id == sent and kind == COMMAND:
                return
            if packet_id != sent:
                raise RconBroken("The other side does not speak RCON.")

    async def _ask(self, text: str) -> str:
        """Send the command, and once its first piece is here a marker: whatever precedes its answer belongs to us."""
        sent = await self._send(COMMAND, text.encode())
        pieces = [await self._piece(sent)]
        if not self._answers_marker:
            return await self._until_quiet(sent, pieces)
        marker = await self._send(MARKER, b"")
        try:
            while True:
                async with asyncio.timeout(QUIET_S if not self._known else None):
                    packet_id, _, body = await self._receive()
                if packet_id == marker:
                    self._known = True
                    return _text(pieces)
                if packet_id != sent:
                    raise RconBroken("The game answered something that was not asked.")
                pieces.append(body)
                _check_size(pieces)
        except TimeoutError:
            self._answers_marker = False
            return _text(pieces)

    async def _until_quiet(self, sent: int, pieces: list[bytes]) -> str:
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout(QUIET_S):
                    pieces.append(await self._piece(sent))
                _check_size(pieces)
        return _text(pieces)

    async def _piece(self, sent: int) -> bytes:
        packet_id, kind, body = await self._receive()
        if packet_id != sent or kind != ANSWER:
            raise RconBroken("The game answered something that was not asked.")
        return body

    async def _send(self, kind: int, body: bytes) -> int:
        self._next_id = self._next_id % 0x7FFFFFF0 + 1
        packet = struct.pack("<ii", self._next_id, kind) + body + b"\0\0"
        self._writer.write(struct.pack("<i", len(packet)) + packet)
        await self._writer.drain()
        return self._next_id

    async def _receive(self) -> tuple[int, int, bytes]:
        try:
            (size,) = struct.unpack("<i", await self._reader.readexactly(4))
            if not 10 <= size <= MAX_PACKET_BYTES:
                raise RconBroken("The other side does not speak RCON.")
            packet = await self._reader.readexactly(size)
        except asyncio.IncompleteReadError:
            raise RconBroken("The game ended the connection.") from None
        packet_id, kind = struct.unpack("<ii", packet[:8])
        return packet_id, kind, packet[8:-2]


def validate_command(text: str) -> str:
    """Return ``text`` trimmed, or raise InvalidRequest: 1 to 1,446 bytes, no control characters."""
    text = text.strip(" ")
    if _CONTROL.search(text):
        raise InvalidRequest("A command must not contain line breaks or other control characters.")
    if not 1 <= len(text.encode(errors="replace")) <= MAX_COMMAND_BYTES:
        raise InvalidRequest(f"A command must have 1 to {MAX_COMMAND_BYTES} bytes.")
    return text


def clean_answer(text: str) -> str:
    """Return an answer without colours, trimmed."""
    return _COLOUR.sub("", _ANSI.sub("", text)).strip()


def _text(pieces: list[bytes]) -> str:
    return b"".join(pieces).decode(errors="replace")


def _check_size(pieces: list[bytes]) -> None:
    if sum(map(len, pieces)) > MAX_ANSWER_BYTES:
        raise RconBroken(f"The game's answer exceeds {MAX_ANSWER_BYTES} bytes.")
