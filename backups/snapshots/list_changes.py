"""Tell whether a server's list of what to leave out is another one than at its last snapshot. Uses the database."""

from collections.abc import Mapping, Sequence

from backups.models import MadeSnapshot
from backups.snapshots.excludes import named


def find_changes(lists: Mapping[str, Sequence[str]]) -> list[str]:
    """Say of which servers the list has changed; a sentence each.

    Args:
        lists: the lines of each list as a snapshot was just made with them, by server.
    """
    open_ones = dict(lists)
    told: list[str] = []
    for earlier in MadeSnapshot.objects.exclude(lists={}).order_by("-ended_at").values_list("lists", flat=True):
        told += [_sentence(one, earlier[one], open_ones.pop(one)) for one in open_ones.keys() & earlier.keys()]
        if not open_ones:
            break
    return sorted(filter(None, told))


def _sentence(server: str, before: Sequence[str], now: Sequence[str]) -> str:
    if list(before) == list(now):
        return ""
    more, less = (named(sorted({*one} - {*other})) for one, other in ((now, before), (before, now)))
    what = " and ".join([f"has {more}"] * bool(more) + [f"no longer has {less}"] * bool(less))
    what = what or "has its lines in another order"
    return f"{server}: the list of what to leave out was changed since the last snapshot: it {what}."
