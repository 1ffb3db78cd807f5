"""What may be done with a server, in words that are stored and shown: a verb never changes its meaning."""

from collections.abc import Iterable
from enum import StrEnum


class Verb(StrEnum):
    """One kind of thing that may be done with a server."""

    VIEW = "view"
    CONSOLE = "console"  # read it
    COMMAND = "command"  # any command; the RCON password, too
    PLAYERS = "players"
    POWER = "power"
    FILES_READ = "files.read"
    FILES_WRITE = "files.write"  # worth every other verb inside the game: a plugin is a file
    BACKUP = "backup"
    RESTORE = "restore"
    TASKS = "tasks"
    COMPOSE = "compose"
    REMOVE = "remove"


ALL = frozenset(Verb)


def in_order(verbs: Iterable[Verb]) -> list[Verb]:
    """Return the verbs as every list shows them."""
    wanted = set(verbs)
    return [verb for verb in Verb if verb in wanted]


def with_view(verbs: Iterable[str]) -> frozenset[Verb]:
    """Return the verbs, and ``view`` where there is any: nobody acts on a server that does not exist for them."""
    found = frozenset(Verb(verb) for verb in verbs)
    return found | {Verb.VIEW} if found else found
