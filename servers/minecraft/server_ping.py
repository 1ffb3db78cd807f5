"""What a game tells anybody who asks, as players' server lists do: no password is needed."""

import asyncio
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from mcstatus import BedrockServer, JavaServer
from mcstatus.responses import BedrockStatusResponse, JavaStatusResponse

from core.errors import Unavailable
from servers.minecraft.access import Endpoint
from servers.minecraft.log_lines import plain_text

PING_TIMEOUT_S = 3.0
MAX_NAMES, MAX_MOTD = 1000, 500
# What the library raises at answers that are none; it checks few of their shapes.
_OF_STRANGERS = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, struct.error)
_HIDDEN = {"Anonymous Player", ""}
_NOBODY = "00000000-0000-0000-0000-000000000000"  # plugins write advertisements into the list, as nobody


class PingFailed(Unavailable):
    """The game does not answer a server-list ping."""

    code = "ping_failed"


@dataclass(frozen=True, slots=True)
class ServerPing:
    """What one ping told.

    Attributes:
        names: of those online, as many as the game tells (vanilla: 12), none where it hides them.
        online: how many there are.
        motd: the message of the day, without colours.
        latency_ms: between question and answer.
    """

    names: tuple[str, ...]
    online: int
    maximum: int
    motd: str
    latency_ms: float


async def ping(
    endpoints: Sequence[Endpoint], *, bedrock: bool = False, timeout_s: float = PING_TIMEOUT_S
) -> ServerPing:
    """Ask the first of ``endpoints`` that answers.

    Args:
        endpoints: the likeliest first; of the Bedrock edition, UDP ports.
        bedrock: whether it is of that edition, which tells how many are on, and no names.
        timeout_s: for all of them.

    Raises:
        PingFailed: none does in time, or what answers is no game.
    """
    try:
        async with asyncio.timeout(timeout_s):
            for host, port in endpoints:
                try:
                    if bedrock:  # nobody hears that a UDP port is closed: each gets its share of the time
                        server = BedrockServer(host, port, timeout=timeout_s / len(endpoints))
                        return _read_bedrock(await server.async_status(tries=1))
                    return _read(await JavaServer(host, port, timeout=timeout_s).async_status(tries=1))
                except _OF_STRANGERS:
                    continue
    except TimeoutError:
        pass
    raise PingFailed("The game does not answer a server-list ping.")


def _read_bedrock(status: BedrockStatusResponse) -> ServerPing:
    return ServerPing(
        names=(), online=status.players.online, maximum=status.players.max,
        motd=plain_text(status.motd.to_plain()).strip()[:MAX_MOTD], latency_ms=round(status.latency, 2),
    )


def _read(status: JavaStatusResponse) -> ServerPing:
    if not isinstance(status.players.online, int) or not isinstance(status.players.max, int):
        raise TypeError
    names = [plain_text(one.name).strip() for one in status.players.sample or () if one.id != _NOBODY]
    return ServerPing(
        names=tuple(dict.fromkeys(name for name in names if name not in _HIDDEN))[:MAX_NAMES],
        online=status.players.online,
        maximum=status.players.max,
        motd=plain_text(status.motd.to_plain()).strip()[:MAX_MOTD],
        latency_ms=round(status.latency, 2),
    )
