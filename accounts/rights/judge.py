"""The one place that decides whether somebody may do something with a server, and the words of a refusal."""

import re
from collections.abc import Iterable

from accounts.identity import Identity
from accounts.rights.loading import rights_of
from accounts.rights.verbs import Verb
from core.errors import Forbidden, NotFound

_PREFIX = re.compile(r"[\s/]*(?:[a-z0-9_.-]+:)?", re.IGNORECASE)


class ServerHidden(NotFound):
    """The server does not exist for whoever asks: said in the words of one that does not exist for anybody."""

    code = "server_not_found"

    def __init__(self, server_id: str) -> None:
        super().__init__(f"The server {server_id[:80]!r} was not found.")


class RightMissing(Forbidden):
    """The server is theirs to see, and not to do this with."""

    code = "right_missing"


class CommandNotAllowed(Forbidden):
    """The role allows some commands only."""

    code = "command_not_allowed"


class OnlyEverything(Forbidden):
    """It concerns all servers, and not all are theirs."""

    code = "everything_needed"


def require(user: Identity, server_id: str, verb: Verb) -> None:
    """Refuse what ``user`` may not do with the server.

    Raises:
        ServerHidden: it does not exist for them.
        RightMissing: it does, and they lack the verb.
    """
    require_any(user, server_id, [verb])


def require_any(user: Identity, server_id: str, verbs: Iterable[Verb]) -> None:
    """Refuse who has none of the verbs on the server; raises as ``require``."""
    _refuse(server_id, held=rights_of(user).verbs(server_id), verbs=tuple(verbs), hidden=ServerHidden(server_id))


def _refuse(server_id: str, *, held: frozenset[Verb], verbs: tuple[Verb, ...], hidden: NotFound) -> None:
    if not held:
        raise hidden
    if held.isdisjoint(verbs):
        named = " or ".join(f"`{verb}`" for verb in verbs)
        raise RightMissing(f"This needs the right {named} on the server {server_id!r}. Ask an owner for it.")


def require_removed(user: Identity, server_id: str, verb: Verb, *, hidden: NotFound) -> None:
    """Refuse what ``user`` may not do with a removed server that had the id.

    Raises:
        NotFound: ``hidden``; it does not exist for them.
        RightMissing: it does, and they lack the verb.
    """
    _refuse(server_id, held=rights_of(user).of_removed(server_id), verbs=(verb,), hidden=hidden)


def require_everything(user: Identity, what: str) -> None:
    """Refuse who may not use all servers; ``what`` begins the sentence. Raises OnlyEverything."""
    if not rights_of(user).has_everything:
        raise OnlyEverything(f"{what} concerns all servers, and not all of them are yours. Name one server.")


def require_some_command(user: Identity, server_id: str) -> None:
    """Refuse who may give no command at all; raises as ``require``."""
    if rights_of(user).words(server_id) == frozenset():
        require(user, server_id, Verb.COMMAND)


def require_command(user: Identity, server_id: str, command: str) -> None:
    """Refuse a command that ``user`` may not give.

    Raises:
        ServerHidden, RightMissing: as ``require``.
        CommandNotAllowed: others are allowed; the text names them.
    """
    require_some_command(user, server_id)
    words = rights_of(user).words(server_id)
    if words is not None and first_word(command) not in words:
        allowed = ", ".join(f"`{word}`" for word in sorted(words))
        raise CommandNotAllowed(f"You may give these commands only: {allowed}. This one was not run.")


def first_word(command: str) -> str:
    """Return what decides about a command: its first word, without ``/`` and ``minecraft:``, in small letters.

    What runs other commands (``execute``, ``function``, ``return`` …) is a word of its own, so it counts only when it
    is named itself.
    """
    rest = _PREFIX.sub("", command, count=1)
    return rest.split(maxsplit=1)[0].lower() if rest.strip() else ""


def visible(user: Identity, server_ids: Iterable[str], verb: Verb = Verb.VIEW) -> list[str]:
    """Return those of the servers that ``user`` may do this with, in their order."""
    rights = rights_of(user)
    return [server_id for server_id in server_ids if verb in rights.verbs(server_id)]


def hides_secrets(user: Identity, server_id: str) -> bool:
    """Tell whether files that hold the RCON password are kept from them: it is worth every command."""
    return Verb.COMMAND not in rights_of(user).verbs(server_id)
