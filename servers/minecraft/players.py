"""Who is online, read from the game's answer to ``list``."""

import asyncio
import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import islice

from core.errors import AppError, CommandFailed
from servers.minecraft.data_root import DataRoot
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
_UUID = re.compile(r"\s*\([0-9a-f-]{32,36}\)$", re.IGNORECASE)  # of `list uuids`
_PLAIN = re.compile(r"\.?[A-Za-z0-9_]{1,16}")  # the dot is put before names of the Bedrock edition
_BRACKETS = re.compile(r"\[[^\[\]]*\]|\([^()]*\)|\{[^{}]*\}|<[^<>]*>")  # [AFK], (afk)
_SIGNS_AROUND = re.compile(r"^[^\w.]+|[^\w]+$")
_BEHIND_A_SIGN = re.compile(r"[^\w.\s-]\s+([A-Za-z0-9_.][A-Za-z0-9_]*)$")  # Admin » Alex

CACHE, MAX_CACHE_BYTES = "usercache.json", 4 * 1024 * 1024
MAX_KNOWN = 2000  # the game keeps a thousand
MAX_UNDECORATED = 1000  # names of one answer
MAX_SHOWN_CHARS = 100
_MOST_DIGITS = 10  # the game's own number has 32 bits


class PlayersUnknown(CommandFailed):
    """The answer to ``list`` is none that we know."""

    code = "players_unknown"


@dataclass(frozen=True, slots=True)
class PlayerList:
    """Names of those online, each once, in the game's order, and how many may be."""

    online: list[str]
    maximum: int | None


def parse_players(answer: str, *, known: Collection[str] = ()) -> PlayerList:
    """Read vanilla's, Paper's and grouped multi-line answers; what is put around a name is no part of it.

    Args:
        answer: the game's.
        known: names of players who have been on; a decorated name is one of them where it has one in it.

    Raises:
        PlayersUnknown: it is no list of players, such as an error of the game.
    """
    listed, maximum = _read(answer)
    first, rest = listed[:MAX_UNDECORATED], listed[MAX_UNDECORATED:]
    names = [*(_undecorated(name, known) for name in first), *rest]
    return PlayerList(list(dict.fromkeys(filter(None, names))), maximum)


async def read_players(answer: str, known_names: Callable[[], Collection[str]]) -> PlayerList:
    """Do as ``parse_players``; ``known_names`` may block, and is asked only where a name is decorated."""
    listed, _ = _read(answer)
    if all(_PLAIN.fullmatch(name) for name in listed):
        return parse_players(answer)
    return await asyncio.to_thread(lambda: parse_players(answer, known=known_names()))


def names_of_players(root: DataRoot) -> frozenset[str]:
    """Return the names of those who have been on, as the game remembers them; none where that cannot be read. Blocking.

    Source: the ``usercache.json`` that the game keeps, a list of objects with ``name``.
    """
    try:
        with root.hold() as held:
            entries = json.loads(held.read_bytes(CACHE, max_bytes=MAX_CACHE_BYTES))
    except (AppError, ValueError, RecursionError):  # a game, or who is in it, can write anything there
        return frozenset()
    found = (one.get("name") for one in entries if isinstance(one, dict)) if isinstance(entries, list) else ()
    return frozenset(islice((name for name in found if isinstance(name, str) and name.strip()), MAX_KNOWN))


def _read(answer: str) -> tuple[list[str], int]:
    """Return the names as the game shows them, and how many players there may be."""
    text = plain_text(answer)
    head = _HEAD.search(text)
    if head is None or len(head["max"] or head["old_max"]) > _MOST_DIGITS:
        raise PlayersUnknown(f"The game's list of players cannot be read: {text.strip()[:100]!r}.")
    first, *groups = text[head.end() :].split("\n")
    listed = [first, *(_GROUP.sub("", line.strip()) for line in groups)]
    shown = (_UUID.sub("", name.strip()) for line in listed for name in line.split(","))
    return [name for name in shown if name], int(head["max"] or head["old_max"])


def _undecorated(shown: str, known: Collection[str]) -> str:
    """Return the name in what the game shows of a player: a known one, else what is left without the ornaments."""
    if _PLAIN.fullmatch(shown) or shown in known or len(shown) > MAX_SHOWN_CHARS:
        return shown
    bare = _BRACKETS.sub(" ", shown).strip()
    for text in (bare, shown):
        words = [name for name in known if _holds(text, name)]
        if words:  # a rank may be called like a player: the name stands behind it
            return max(words, key=lambda name: (text.rfind(name) + len(name), len(name)))
    bare = _SIGNS_AROUND.sub("", bare)
    behind = _BEHIND_A_SIGN.search(bare)
    return (behind[1] if behind else bare) or shown


def _holds(text: str, name: str) -> bool:
    """Tell whether ``name`` stands in ``text`` as a word of its own."""
    if name not in text:
        return False
    return re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", text) is not None
