"""Commands to one running game, over a connection of our own: a flush would hold up everybody else's."""

import asyncio
import re
from typing import Self

from core.paths import Root
from servers.live.console.log_reader import LogReader
from servers.minecraft.data_root import DataRoot, usual
from servers.minecraft.instance import MCInstance, RconCliFailed
from servers.minecraft.rcon.client import RconConnection, RconUnavailable, clean_answer

_SAVED = re.compile(r"Saved the (game|world)|Save complete\.")
# The game's own thread and logger, and nothing before its words: whatever a chat looks like, it has a name in front.
_OWN = (
    r"\[[^\[\]]{1,40}\] \[Server thread/INFO\](?: \[(?:minecraft/|net\.minecraft\.|ne\.mi\.)[^\[\]\s]*\])?: "
)
_SAVED_LINE = re.compile(
    rf"{_OWN}(?:Saved the (?:game|world)|(?:Forcing save\.\.)?Save complete\.)"
)
_SAVING_ON_LINE = re.compile(
    rf"{_OWN}(?:\[[^\[\]<>:]{{1,40}}: )?"  # whom the game names, when it tells other operators
    r"(?:Automatic saving is now enabled|Turned on world auto-saving|Enabled level saving\.\.)\]?"
)
_OFF_ANSWER = re.compile(
    r"saving is now disabled|already turned off|turned off world auto-saving|disabled level saving", re.IGNORECASE
)
_ON_ANSWER = re.compile(
    r"saving is now enabled|already turned on|turned on world auto-saving|enabled level saving", re.IGNORECASE
)
_UNKNOWN = re.compile(r"unknown (or incomplete )?command|no such command|command not found", re.IGNORECASE)


def says_off(answer: str) -> bool:
    """Tell whether the game says that saving is off now."""
    return bool(_OFF_ANSWER.search(answer))


def says_on(answer: str) -> bool:
    """Tell whether the game says that saving is on now."""
    return bool(_ON_ANSWER.search(answer))


def says_saved(answer: str) -> bool:
    """Tell whether the game says that everything is written."""
    return bool(_SAVED.search(answer))


def is_unknown(answer: str) -> bool:
    """Tell whether the game does not know the command that it was sent."""
    return bool(_UNKNOWN.search(answer))


def is_confirmation(line: str) -> bool:
    """Tell whether a line of the log is the game's own word that its world is written; no player can write one."""
    return bool(_SAVED_LINE.fullmatch(line))


def tells_saving_on(line: str) -> bool:
    """Tell whether a line of the log is the game's own word that somebody turned saving on; no chat is."""
    return bool(_SAVING_ON_LINE.fullmatch(line))


class GameConnection:
    """A running server's command line; RCON, or the image's ``rcon-cli`` where there is none. Close it."""

    def __init__(self, instance: MCInstance) -> None:
        self._instance = instance
        self._connection: RconConnection | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def command(self, text: str, *, timeout_s: float, by_cli: bool = True) -> str:
        """Run one command.

        Args:
            text: the command.
            timeout_s: of the answer.
            by_cli: whether ``rcon-cli`` is tried where there is no connection. In a game whose process is stopped it
                hangs, and nobody knows whether what it was given is carried out some day.

        Raises:
            RconUnavailable, ServerNotRunning: it was not sent.
            AppError: it was, and nobody knows what became of it.
        """
        if self._connection is None or self._connection.has_ended:
            try:
                self._connection = await RconConnection.connect_any(await self._instance.rcon_addresses())
            except RconUnavailable:
                if not by_cli:
                    raise
                return await self._by_rcon_cli(text, timeout_s)
        return clean_answer(await self._connection.command(text, timeout_s=timeout_s))

    async def _by_rcon_cli(self, text: str, timeout_s: float) -> str:
        try:
            return await self._instance.send_by_rcon_cli(text, timeout_s=timeout_s)
        except RconCliFailed as error:
            raise RconUnavailable(str(error)) from error


class GameLog:
    """What the game writes into its log from the moment this is begun. Its methods block no loop."""

    def __init__(self, instance: MCInstance) -> None:
        self._instance = instance
        self._root: DataRoot | None = None
        self._reader = LogReader(self._hold)

    async def begin(self) -> None:
        """Pass over what is there."""
        self._root = await self._instance.data_root()
        await self._read()

    async def says_saved(self) -> bool:
        """Tell whether a line since the last look says that the world is saved."""
        return any(is_confirmation(line) for line in await self._read())

    async def says_saving_is_on(self) -> bool:
        """Tell whether somebody turned saving on since the last look."""
        return any(tells_saving_on(line) for line in await self._read())

    async def close(self) -> None:
        """Let the file go."""
        await asyncio.to_thread(self._reader.close)

    def _hold(self) -> Root:
        return (self._root or usual(self._instance.server_path, self._instance.name)).hold()

    async def _read(self) -> list[str]:
        lines: list[str] = []
        while True:
            batch = await asyncio.to_thread(self._reader.read)
            lines += batch.lines
            if not batch.more:
                return lines
