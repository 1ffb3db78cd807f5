"""Who is online, read from the game's answer to ``list``."""

import re
from dataclasses import dataclass

from mcadmin.core.errors import CommandFailed
from servers.minecraft.rcon import clean_answer

_HEADS = (
    re.compile(r"There are (?P<count>\d+) (?:of|out of) (?:a )?max(?:imum)?(?: of)? (?P<max>\d+) players? online[:.]?"),
    re.compile(r"There are (?P<count>\d+)/(?P<max>\d+) players? online[:.]?"),
)
_GROUP = re.compile(r"^[\w -]{1,40}: ")
_MARK = re.compile(r"^(?:\[[A-Za-z]{1,10}\]\s*)+")


class PlayersUnknown(CommandFailed):
    """The answer to ``list`` is none that we know."""

    code = "players_unknown"


@dataclass(frozen=True, slots=True)
class PlayerList:
    """Names of those online, in the game's order, and how many may be."""

    online: list[str]
    maximum: int | None


def parse_players(answer: str) -> PlayerList:
    """Read vanilla's, Paper's and grouped multi-line answers; raises PlayersUnknown."""
    text = clean_answer(answer)
    head = next((match for pattern in _HEADS if (match := pattern.search(text))), None)
    if head is None:
        raise PlayersUnknown(f"The game's list of players cannot be read: {text[:100]!r}.")
    names: list[str] = []
    for line in text[head.end() :].splitlines():
        names += [_MARK.sub("", name.strip()) for name in _GROUP.sub("", line.strip()).split(",")]
    return PlayerList([name for name in names if name], int(head["max"]))
