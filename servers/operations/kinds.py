"""Kinds of operations. One row says all that anybody asks of a kind; other apps register theirs."""

from dataclasses import dataclass

_known: dict[str, "OperationKind"] = {}


@dataclass(frozen=True, kw_only=True)
class OperationKind:
    """What an operation of this kind is and may do.

    Attributes:
        name: the word for it in records, messages and the API: ``up``, ``backup``. It is stored, so it never changes.
        done: what the server is afterwards, as in "survival is started"; empty: "start of survival is done".
        overtakes: names of the kinds that it does not wait for: a running one is cancelled, cleans up, and only then
            it begins.
        can_cancel: whether users may cancel it.
        starts_game: what it leaves running writes the world: a snapshot from before does not hold the present.
        needs_safe_file: it lets a compose file run, or fetches what that names.
        needs_no_file: possible even where the server's folder is a link that nothing follows.
    """

    name: str
    done: str = ""
    overtakes: frozenset[str] = frozenset()
    can_cancel: bool = False
    starts_game: bool = False
    needs_safe_file: bool = False
    needs_no_file: bool = False


def register(kind: OperationKind) -> OperationKind:
    """Make ``kind`` known and return it; its home calls this once.

    Raises:
        ValueError: another kind has its name.
    """
    if _known.setdefault(kind.name, kind) != kind:
        raise ValueError(f"There are two kinds of operations named {kind.name!r}.")
    return kind


def find(name: str) -> OperationKind:
    """Return the kind of that name; one without any permission where none is registered, as for an old record."""
    return _known.get(name) or OperationKind(name=name)
