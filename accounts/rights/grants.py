"""What users were given: roles on servers, stored; and what becomes of them when a server comes or goes."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from accounts import revocation
from accounts.models import Access, Grant, User
from accounts.rights import roles
from accounts.rights.rights import ANY
from accounts.users import read
from core.errors import InvalidRequest

MAX_GRANTS = 500  # of one user
_PATTERN = re.compile(r"[A-Za-z0-9*][A-Za-z0-9_.*-]{0,62}")
_hold: list[Callable[[Iterable[str]], Mapping[str, int]]] = []


@dataclass(frozen=True)
class WantedGrant:
    """A role on a server (with the incarnation that it has now) or on a pattern (None)."""

    role: str
    server: str
    incarnation: int | None = None


def hold_incarnations_by(hold: Callable[[Iterable[str]], Mapping[str, int]]) -> None:
    """Take what says which server has an id, true until the end of the transaction: called once, by the servers' room.

    Between the look at a server and the storing of a grant, the id may get another server.
    """
    _hold[:] = [hold]


def is_pattern(server: str) -> bool:
    """Tell whether it names servers by a pattern."""
    return ANY in server


def check_pattern(server: str) -> None:
    """Check that a server's id, if it is a pattern, can fit one.

    Raises:
        InvalidRequest.
    """
    if is_pattern(server) and not _PATTERN.fullmatch(server):
        raise InvalidRequest(
            f"{server[:80]!r} fits no server. A pattern has the characters of an id, and `*` for any others."
        )


def of(user_id: int) -> list[Grant]:
    """Return what the user was given, also what does not count at present."""
    return list(Grant.objects.select_related("role").filter(user_id=user_id))


def set_rights(
    user_id: int, *, access: str | None = None, may_create: bool | None = None,
    grants: Sequence[WantedGrant] | None = None,
) -> User:
    """Replace what is not None, at once for every request and socket of the user; their tokens go on.

    What was given on servers that are removed at present stays, and comes back with them; no grants take it, too.

    Raises:
        UserNotFound; RoleNotFound; InvalidRequest: a pattern that no id can fit, or too many grants.
    """
    with transaction.atomic():
        user = read(user_id)
        if access is not None:
            user.access = Access(access)
        if may_create is not None:
            user.may_create = may_create
        user.save(update_fields=["access", "may_create"])  # announces the change
        if grants is not None:
            rows = _rows(user, grants)
            (user.grants.filter(counts=True) if grants else user.grants.all()).delete()
            Grant.objects.bulk_create(rows)
    return user


def add(user_id: int, wanted: WantedGrant, *, narrows: bool = False) -> Grant:
    """Give one thing more; instead of what the user was given on that server or pattern before.

    With ``narrows`` somebody who had access to everything has what was given alone from now on.

    Raises:
        UserNotFound; RoleNotFound; InvalidRequest: as ``set_rights``.
    """
    with transaction.atomic():
        user = read(user_id)
        rows = _rows(user, [wanted])
        user.grants.filter(server=wanted.server, counts=True).delete()
        (row,) = Grant.objects.bulk_create(rows)
        if narrows and user.access == Access.EVERYTHING:
            set_rights(user_id, access=Access.GRANTED)
        revocation.announce(user.pk)
    return row


def take_one(grant_id: int) -> None:
    """Take one grant; one that is gone already is no error."""
    with transaction.atomic():
        row = Grant.objects.filter(pk=grant_id).first()
        if row is not None:
            row.delete()
            revocation.announce(row.user_id)


def take(user_id: int, server: str) -> int:
    """Take what the user was given on that server or pattern; return how many grants there were."""
    with transaction.atomic():
        removed, _ = Grant.objects.filter(user_id=user_id, server=server).delete()
        revocation.announce(user_id)
    return removed


def server_is(server_id: str, incarnation: int | None) -> None:
    """Let grants on this id count when they were given for that incarnation; None: the server is removed.

    Called wherever an id gets another server, in the transaction that says so.
    """
    with transaction.atomic():
        rows = Grant.objects.filter(server=server_id)
        concerned = set(rows.values_list("user_id", flat=True))
        rows.update(counts=False)
        if incarnation is not None:
            rows.filter(incarnation=incarnation).update(counts=True)
        for user_id in concerned:
            revocation.announce(user_id)


def highest_incarnation(server_id: str) -> int:
    """Return the highest incarnation of the id that anything was given on; 0 for none."""
    highest: int | None = Grant.objects.filter(server=server_id).aggregate(highest=Max("incarnation"))["highest"]
    return highest or 0


def _rows(user: User, wanted: Iterable[WantedGrant]) -> list[Grant]:
    """Return rows to be stored in this transaction; before any other grant is locked, as ``server_is`` does it."""
    once = list(dict.fromkeys(wanted))
    if len(once) > MAX_GRANTS:
        raise InvalidRequest(f"A user has at most {MAX_GRANTS} grants. Use patterns, such as `lobby-*`.")
    present = _hold[0](one.server for one in once if one.incarnation is not None)
    return [_row(user, one, counts=one.incarnation in {None, present.get(one.server)}) for one in once]


def _row(user: User, wanted: WantedGrant, *, counts: bool) -> Grant:
    check_pattern(wanted.server)
    role = roles.find(wanted.role)
    return Grant(
        user=user, built_in="" if role is not None else wanted.role, role=role, server=wanted.server,
        incarnation=wanted.incarnation, counts=counts,
    )
