"""The roles that are there from the start; they never change."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from accounts.rights.verbs import ALL, Verb, with_view


@dataclass(frozen=True)
class BuiltIn:
    """A role that is there from the start and never changes: verbs, and first words of commands."""

    verbs: frozenset[Verb]
    words: frozenset[str] = frozenset()


_VIEWER = with_view([Verb.VIEW, Verb.CONSOLE])
BUILT_IN: Mapping[str, BuiltIn] = MappingProxyType({
    "viewer": BuiltIn(_VIEWER),
    "helper": BuiltIn(_VIEWER | {Verb.PLAYERS}, frozenset({"say", "tell", "kick", "whitelist", "list"})),
    "operator": BuiltIn(
        _VIEWER | {Verb.PLAYERS, Verb.COMMAND, Verb.POWER, Verb.FILES_READ, Verb.BACKUP, Verb.TASKS}
    ),
    "manager": BuiltIn(ALL),
})
