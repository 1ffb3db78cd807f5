"""Packets of RCON: little-endian length, id, kind, a body and two NULs.

Source: developer.valvesoftware.com/wiki/Source_RCON_Protocol.
"""

import asyncio
import struct
from dataclasses import dataclass
from enum import IntEnum

from core.errors import CommandFailed

MIN_PACKET_BYTES = 10
MAX_PACKET_BYTES = 1024 * 1024
REFUSED_ID = -1

_LENGTH = struct.Struct("<i")
_HEAD = struct.Struct("<ii")


class RconBroken(CommandFailed):
    """What came back is not RCON, or the connection ended after a command was sent, which may have run."""

    code = "rcon_broken"


class Kind(IntEnum):
    """What a packet is for."""

    ANSWER = 0
    COMMAND = 2  # and the answer to a login
    LOGIN = 3
    MARKER = 100  # known to no game: answered with a text, and only after all that was asked before


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet; the body of an answer may end in the middle of a character."""

    id: int
    kind: int
    body: bytes

    def encode(self) -> bytes:
        content = _HEAD.pack(self.id, self.kind) + self.body + b"\0\0"
        return _LENGTH.pack(len(content)) + content


async def read_packet(reader: asyncio.StreamReader) -> Packet:
    """Read one packet.

    Raises:
        RconBroken: the connection ended, or an impossible length says that this is not RCON.
        OSError: the connection broke.
    """
    try:
        (size,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if not MIN_PACKET_BYTES <= size <= MAX_PACKET_BYTES:
            raise RconBroken("What answers at the game's command port does not speak RCON.")
        content = await reader.readexactly(size)
    except asyncio.IncompleteReadError:
        raise RconBroken("The game ended the connection while it was asked.") from None
    packet_id, kind = _HEAD.unpack_from(content)
    return Packet(packet_id, kind, content[_HEAD.size : -2])
