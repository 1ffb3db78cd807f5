"""What somebody may do now: plain data without a database row, so that it can be cached and sent elsewhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.rights.verbs import ALL, Verb, with_view

ANY = "*"  # in a pattern: any characters, or none


@dataclass(frozen=True)
class Grant:
    """Verbs on one server, or on all whose id fits a pattern.

    Attributes:
        server: an id, or a pattern with ``*``.
        verbs: what may be done.
        words: first words of the commands that may be given where ``command`` is not among the verbs.
        incarnation: which of the servers that had the id; None for a pattern.
    """

    server: str
    verbs: frozenset[Verb]
    words: frozenset[str] = frozenset()
    incarnation: int | None = None

    def fits(self, server_id: str) -> bool:
        """Tell whether it is about this server."""
        return fits(self.server, server_id)


@dataclass(frozen=True)
class Limit:
    """What a key may at most: these verbs on these servers (ids and patterns), and new servers."""

    verbs: frozenset[Verb]
    servers: tuple[str, ...]
    may_create: bool = False


@dataclass(frozen=True)
class Rights:
    """What somebody may do now.

    Attributes:
        is_owner: the owner's acts, too; never by a key.
        has_everything: every verb on every server, the removed ones too, and what concerns no single one, as global
            snapshots do; never by a key.
        may_create: new servers.
        grants: what else, where not everything.
        limit: of the key that is used; None for a person.
    """

    is_owner: bool = False
    has_everything: bool = False
    may_create: bool = False
    grants: tuple[Grant, ...] = ()
    limit: Limit | None = None

    def verbs(self, server_id: str) -> frozenset[Verb]:
        """Return what may be done with the server; nothing where it does not exist for them."""
        found = ALL if self.has_everything else _union(grant.verbs for grant in self._about(server_id))
        return found & self._limit_on(server_id)

    def sees(self, server_id: str) -> bool:
        """Tell whether the server exists for them."""
        return bool(self.verbs(server_id))

    def of_removed(self, server_id: str) -> frozenset[Verb]:
        """Return what may be done with a server that had the id and was removed, with which all grants on it ended."""
        return self.verbs(server_id) if self.has_everything else frozenset()

    def sees_incarnation(self, server_id: str, number: int, *, current: int) -> bool:
        """Tell whether that one of the servers that had the id exists for them, ``current`` being the present one."""
        if number != current and not self.has_everything:
            return False
        return self.sees(server_id)

    def words(self, server_id: str) -> frozenset[str] | None:
        """Return which commands may be given on the server, by their first words; None: any."""
        verbs = self.verbs(server_id)
        if Verb.COMMAND in verbs:
            return None
        if not verbs or (self.limit is not None and Verb.COMMAND not in self.limit.verbs):
            return frozenset()
        return frozenset().union(*(grant.words for grant in self._about(server_id)))

    def limited(self, limit: Limit) -> "Rights":
        """Return what a key of theirs may: of everything, each verb on each server is left, within the limit."""
        grants = (Grant(ANY, ALL),) if self.has_everything else self.grants
        may_create = self.may_create and limit.may_create
        return Rights(may_create=may_create, grants=grants, limit=limit)

    def _about(self, server_id: str) -> Iterable[Grant]:
        return (grant for grant in self.grants if grant.fits(server_id))

    def _limit_on(self, server_id: str) -> frozenset[Verb]:
        if self.limit is None:
            return ALL
        return self.limit.verbs if any(fits(one, server_id) for one in self.limit.servers) else frozenset()


OWNER = Rights(is_owner=True, has_everything=True, may_create=True)
EVERYTHING = Rights(has_everything=True, may_create=True)
NOTHING = Rights()


def fits(pattern: str, server_id: str) -> bool:
    """Tell whether an id or pattern is about the server.

    In time that grows with the two lengths and not beyond: whoever makes a key chooses the pattern, and whoever asks
    chooses the id. A regular expression with many ``.*`` can take years.
    """
    first, *others = pattern.split(ANY)
    if not others:
        return pattern == server_id
    *middle, last = others
    if len(server_id) < len(first) + len(last) or not (server_id.startswith(first) and server_id.endswith(last)):
        return False
    place, end = len(first), len(server_id) - len(last)
    for part in middle:  # the first place that fits leaves the most for what follows
        found = server_id.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True


def as_json(rights: Rights) -> dict[str, Any]:
    """Return the rights of a person as JSON has them; a key's limit is not stored with them."""
    return {
        "is_owner": rights.is_owner, "has_everything": rights.has_everything, "may_create": rights.may_create,
        "grants": [
            [one.server, sorted(one.verbs), sorted(one.words), one.incarnation] for one in rights.grants
        ],
    }


def from_json(value: Mapping[str, Any]) -> Rights:
    """Return what ``as_json`` was made of."""
    grants = tuple(
        Grant(server, with_view(verbs), frozenset(words), incarnation)
        for server, verbs, words, incarnation in value["grants"]
    )
    return Rights(**{**value, "grants": grants})


def _union(sets: Iterable[frozenset[Verb]]) -> frozenset[Verb]:
    return frozenset().union(*sets)
