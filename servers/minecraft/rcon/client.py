"""RCON, the game's remote console: one connection, one command at a time, and no answer given to the wrong command.

The game's own deviations from the protocol: a packet must arrive alone and in one read, so the marker is sent only when
the command's first piece has come back; answers come in pieces of 4,096 characters.
"""

import asyncio
import re
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from core.errors import InvalidRequest, TimedOut, Unavailable
from servers.minecraft.log_lines import plain_text
from servers.minecraft.rcon.protocol import REFUSED_ID, Kind, Packet, RconBroken, read_packet

COMMAND_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 3.0
MIN_CONNECT_S = 0.2  # each address gets at least this, whatever the ones before took
PROBE_TIMEOUT_S = 1.0
QUIET_S = 0.5  # a game that does not answer the marker is done when it was quiet for this long
MAX_COMMAND_BYTES = 1446  # the game reads 1,460 at once, 14 of which are the packet's frame
PIECE_BYTES = 4096
MAX_ANSWER_BYTES = 8 * 1024 * 1024
MAX_PACKETS = 10_000  # an answer of that many pieces is none

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class RconUnavailable(Unavailable):
    """Nothing that speaks RCON answers at the address, or no password is known. The command was not run."""

    code = "rcon_unavailable"


class RconRefused(RconUnavailable):
    """The password is wrong."""

    code = "rcon_refused"


class RconTimedOut(TimedOut):
    """The game took the command and did not answer in time; it may still carry it out."""

    code = "rcon_timed_out"


@dataclass(frozen=True, slots=True)
class RconAddress:
    """Where a game takes commands: a name or an address (IPv6 with or without brackets); the password is not shown."""

    host: str
    port: int
    password: str = field(repr=False)


class RconConnection:
    """One logged-in connection. After any failure it is closed, so that no late answer can reach a later command."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._last_id = secrets.randbelow(2**30)  # an answer sent before its question was asked has no id to hit
        self._marker: bool | None = None  # whether this game answers markers; None until it is seen
        self._unanswered: int | None = None  # a marker that was given up: its answer, however late, tells that it does
        self.closed = False

    @property
    def has_ended(self) -> bool:
        """Whether it was closed by us, or the other side has said so."""
        return self.closed or self._reader.at_eof() or self._reader.exception() is not None

    @classmethod
    async def connect(cls, address: RconAddress, *, timeout_s: float = CONNECT_TIMEOUT_S) -> Self:
        """Connect and log in.

        Raises:
            RconRefused: wrong password.
            RconUnavailable: nobody there, or it does not speak RCON in time.
        """
        connection: Self | None = None
        try:
            async with asyncio.timeout(timeout_s):
                streams = await asyncio.open_connection(address.host.strip("[]"), address.port)
                connection = cls(*streams)
                await connection._login(address.password)
        except BaseException as error:
            if connection is not None:
                await connection.close()
            if isinstance(error, OSError | TimeoutError | RconBroken):
                raise RconUnavailable(f"The game does not take commands at port {address.port} yet.") from error
            raise
        return connection

    @classmethod
    async def connect_any(cls, addresses: Sequence[RconAddress], *, timeout_s: float = CONNECT_TIMEOUT_S) -> Self:
        """Connect to the first of ``addresses`` that lets us in, ``timeout_s`` for all together.

        Raises:
            RconRefused: one of them refused the password, and none let us in.
            RconUnavailable: none answers.
        """
        problem: RconUnavailable | None = None
        end = time.monotonic() + timeout_s
        for address in addresses:
            try:
                return await cls.connect(address, timeout_s=max(end - time.monotonic(), MIN_CONNECT_S))
            except RconUnavailable as error:
                if not isinstance(problem, RconRefused):
                    problem = error
        raise problem or RconUnavailable("There is no address at which the game would take commands.")

    async def command(self, text: str, *, timeout_s: float = COMMAND_TIMEOUT_S) -> str:
        """Run one command and return the whole answer as the game sent it.

        Raises:
            InvalidRequest: see ``validate_command``.
            RconUnavailable: the connection had ended before; nothing was sent.
            RconTimedOut: no whole answer in time.
            RconBroken: the answer is none, is too long, or the connection broke; the command may have run.
        """
        text = validate_command(text)
        if self.has_ended:
            await self.close()
            raise RconUnavailable("The connection to the game has ended.")
        try:
            async with asyncio.timeout(timeout_s):
                return await self._ask(text)
        except BaseException as error:  # whatever it was, cancelled too: what comes later belongs to nobody
            await self.close()
            if isinstance(error, TimeoutError):
                message = f"The game did not answer within {timeout_s:g} s; it may still run the command."
                raise RconTimedOut(message) from None
            if isinstance(error, OSError):
                raise RconBroken("The connection to the game broke; the command may have run.") from error
            raise

    async def is_alive(self) -> bool:
        """Tell whether the other side is still there; ask it where it is known to answer markers.

        A peer that went without a word (its network is gone) shows only so. A connection found dead is closed.
        """
        if self.has_ended:
            await self.close()
            return False
        if not self._marker:
            return True
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                probe = await self._send(Kind.MARKER)
                while (await read_packet(self._reader)).id != probe:
                    pass
        except (OSError, TimeoutError, RconBroken):
            await self.close()
            return False
        except BaseException:
            await self.close()
            raise
        return True

    async def close(self) -> None:
        """End the connection, whatever the other side does; again is harmless."""
        self.closed = True
        self._writer.transport.abort()  # a deaf peer would hold up a polite end for ever
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _login(self, password: str) -> None:
        sent = await self._send(Kind.LOGIN, password.encode(errors="replace"))
        for _ in range(MAX_PACKETS):
            packet = await read_packet(self._reader)
            if packet.id == REFUSED_ID:
                raise RconRefused("The game refused the RCON password. Does RCON_PASSWORD match its settings?")
            if packet.id == sent and packet.kind == Kind.COMMAND:
                return
        raise RconBroken("What answers at the game's command port does not speak RCON.")

    async def _ask(self, text: str) -> str:
        """Send the command, and once its first piece is here a marker: what precedes the marker's answer is ours."""
        answer = _Answer(await self._send(Kind.COMMAND, text.encode()))
        for _ in range(MAX_PACKETS):
            try:
                async with asyncio.timeout(QUIET_S if answer.pieces and not self._marker else None):
                    packet = await read_packet(self._reader)
            except TimeoutError:
                self._marker, self._unanswered = False, answer.marker
                return answer.text
            except (RconBroken, OSError):
                if not answer.may_be_whole:
                    raise
                await self.close()  # the game answers `stop`, then hangs up on the marker
                return answer.text
            if packet.id == REFUSED_ID:
                raise RconBroken("The game does not count us as logged in any more.")
            if packet.id == answer.marker:
                self._marker = True
                return answer.text
            if packet.id == self._unanswered:  # it was only slow
                self._marker = self._unanswered = None
            elif packet.id == answer.id:
                answer.add(packet.body)
                if answer.marker is None and self._marker is not False:
                    answer.marker = await self._send(Kind.MARKER)
        raise RconBroken(f"The game's answer exceeds {MAX_PACKETS} packets.")

    async def _send(self, kind: Kind, body: bytes = b"") -> int:
        self._last_id = self._last_id % 0x7FFFFFF0 + 1
        self._writer.write(Packet(self._last_id, kind, body).encode())
        await self._writer.drain()
        return self._last_id


def validate_command(text: str) -> str:
    """Return ``text`` without spaces around it.

    Raises:
        InvalidRequest: not 1 to 1,446 bytes of UTF-8, or a line break or another control character in it.
    """
    text = text.strip(" ")
    if _CONTROL.search(text):
        raise InvalidRequest("A command must not contain line breaks or other control characters.")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:  # half a surrogate pair, as JSON can spell it
        raise InvalidRequest("A command must be valid Unicode text.") from None
    if not 1 <= size <= MAX_COMMAND_BYTES:
        raise InvalidRequest(f"A command must have 1 to {MAX_COMMAND_BYTES} bytes.")
    return text


def clean_answer(text: str) -> str:
    """Return an answer without colours of terminal or game, trimmed."""
    return plain_text(text).strip()


@dataclass(slots=True)
class _Answer:
    """What has come of one command's answer."""

    id: int
    marker: int | None = None  # id of the packet whose answer ends it
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self.size += len(piece)
        if self.size > MAX_ANSWER_BYTES:
            raise RconBroken(f"The game's answer exceeds {MAX_ANSWER_BYTES} bytes.")

    @property
    def may_be_whole(self) -> bool:
        """Whether it can be all there is: a full piece is followed by another."""
        return bool(self.pieces) and len(self.pieces[-1]) < PIECE_BYTES

    @property
    def text(self) -> str:
        return b"".join(self.pieces).decode(errors="replace")
