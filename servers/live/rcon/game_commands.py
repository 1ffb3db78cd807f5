"""Commands to running games: over the kept RCON connection, by the image's own ``rcon-cli`` where there is none."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from core.errors import AppError, Conflict
from servers.live.rcon.rcon_pool import RconPool
from servers.minecraft.instance import MCInstance, RconCliFailed, ServerNotRunning
from servers.minecraft.rcon.client import CONNECT_TIMEOUT_S, RconAddress, RconUnavailable, clean_answer
from servers.minecraft.status import MCServerStatus, Status

STARTING_PATIENCE_S = 3.0  # a game that is still starting may already answer
AGAIN_S = 0.3

Addresses = Callable[[], Awaitable[list[RconAddress]]]


class GameAsleep(Conflict):
    """The game's process is stopped, and nothing woke it."""

    code = "game_asleep"


async def run_command(
    pool: RconPool, instance: MCInstance, text: str, *, status: Status, addresses: Addresses
) -> str:
    """Run one valid command in a game whose container runs and return its answer without colours.

    A game that is not healthy yet is tried for three seconds; a command that it took is waited for in any case.
    ``addresses`` tells where it may take commands, as ``RconPool.command`` wants it.

    Raises:
        ServerNotRunning: it is not healthy, and does not take commands.
        RconUnavailable, RconCliFailed: it is healthy, and takes none all the same.
        RconTimedOut, RconBroken: it took the command, which may have run.
    """
    if status.status is MCServerStatus.HEALTHY:
        return clean_answer(await _try(pool, instance, text, addresses, patience_s=CONNECT_TIMEOUT_S))
    end = time.monotonic() + STARTING_PATIENCE_S
    while True:
        try:
            return clean_answer(await _try(pool, instance, text, addresses, patience_s=end - time.monotonic()))
        except (RconUnavailable, RconCliFailed) as error:
            if time.monotonic() + AGAIN_S < end:
                await asyncio.sleep(AGAIN_S)
                continue
            raise _not_yet(instance.name, status, error) from error


async def wake_with_command(pool: RconPool, server_id: str, text: str, *, addresses: Addresses) -> str:
    """Run one valid command in a game that is asleep: a new connection wakes it, a kept one does not.

    Raises:
        GameAsleep: it did not wake; the command was not run.
        RconTimedOut, RconBroken: it took the command, which may have run.
    """
    await pool.drop(server_id)
    try:
        return clean_answer(await pool.command(server_id, text, addresses=addresses))
    except RconUnavailable as error:
        raise GameAsleep(
            f"The game of {server_id} sleeps (autopause) and did not wake when it was called. Join it, or restart it."
        ) from error


async def _try(
    pool: RconPool, instance: MCInstance, text: str, addresses: Addresses, *, patience_s: float
) -> str:
    """Run it over the kept connection, or by ``rcon-cli`` if there is none and none can be made."""
    try:
        patience_s = max(patience_s, AGAIN_S)
        return await pool.command(instance.game_name, text, addresses=addresses, connect_timeout_s=patience_s)
    except RconUnavailable:
        return await instance.send_by_rcon_cli(text)


def _not_yet(server_id: str, status: Status, error: AppError) -> ServerNotRunning:
    starting = status.status is MCServerStatus.STARTING
    reason = status.reason or ("It is still starting." if starting else str(error))
    return ServerNotRunning(f"{server_id} does not take commands yet. {reason}")
