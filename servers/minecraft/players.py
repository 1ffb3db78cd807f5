"""Who is online, read from the game's answer to ``list``."""

import re
from dataclasses import dataclass

from mcadmin.core.errors import CommandFailed
from servers.minecraft.log_lines import plain_text

# "There are 2 of a max of 20 players online: a, b" (vanilla, Paper; "a max 20" before 1.16), "There are 2/20 players
# online:" (before 1.13), "There are 2/1 out of maximum 20 players online." (groups, with one hidden player).
_HEAD = re.compile(
    r"\bthere (?:are|is) (?:\d+/(?P<old_max>\d+)"
    r"|\d+(?:/\d+)? (?:out )?of (?:an? )?max(?:imum)?(?: of)? (?P<max>\d+))"
    r" players? (?:currently )?online[:.]?",
    re.IGNORECASE,
)
_GROUP = re.compile(r"^[^:,]{1,64}:(?:\s|$)")  # no name holds a colon
_MARKS = re.compile(r"^(?:\[[^\]]{0,32}\]\s*)+|\s*\([0-9a-f-]{32,36}\)$", re.IGNORECASE)  # [AFK]; `list uuids`


_MOST_DIGITS = 10  # the game's own number has 32 bits


class PlayersUnknown(CommandFailed):
    """The answer to ``list`` is none that we know."""

    code = "players_unknown"


@dataclass(frozen=True, slots=True)
class PlayerList:
    """Names of those online, each once, in the game's order, and how many may be."""

    online: list[str]
    maximum: int | None


def parse_players(answer: str) -> PlayerList:
    """Read vanilla's, Paper's and grouped multi-line answers; marks such as ``[AFK]`` are no part of a name.

    Raises:
        PlayersUnknown: it is no list of players, such as an error of the game.
    """
    text = plain_text(answer)
    head = _HEAD.search(text)
    if head is None or len(head["max"] or head["old_max"]) > _MOST_DIGITS:
        raise PlayersUnknown(f"The game's list of players cannot be read: {text.strip()[:100]!r}.")
    first, *groups = text[head.end() :].split("\n")
    listed = [first, *(_GROUP.sub("", line.strip()) for line in groups)]
    names = (_MARKS.sub("", name.strip()) for line in listed for name in line.split(","))
    return PlayerList(list(dict.fromkeys(filter(None, names))), int(head["max"] or head["old_max"]))
