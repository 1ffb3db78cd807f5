"""Invitations: an owner says what somebody may do, and that person makes their own account by a link, once."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import throttles, users, wiring
from accounts.identity import Identity
from accounts.models import Access, Invitation, User, UserRole
from accounts.rights import grants as grants_of
from accounts.rights import roles
from accounts.rights.grants import MAX_GRANTS, WantedGrant
from accounts.sign_ins import hash_of
from core.errors import AppError, Conflict, Gone, InvalidRequest, NotFound

TOKEN_BYTES = 32
TOKEN = r"[A-Za-z0-9_-]{43}"  # noqa: S105 - what one looks like
MAX_DAYS = 7
MAX_OPEN = 100
KEEP_DAYS = 90  # those that are over are listed for so long


class InvitationNotFound(NotFound):
    """There is none, or never was."""

    code = "invitation_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such invitation. Look whether the link is whole, or ask for a new one.")


class InvitationOver(Gone):
    """It was used, revoked, or is too old: which, is told to owners only."""

    code = "invitation_over"

    def __init__(self) -> None:
        super().__init__("This invitation is over: it was used, taken back, or is too old. Ask for a new one.")


class AlreadySignedIn(Conflict):
    """An invitation makes a new account, and whoever asks has one."""

    code = "already_signed_in"

    def __init__(self) -> None:
        super().__init__("You have an account and are signed in. Sign out first if a new account shall be made.")


def make(  # noqa: PLR0913 - a row
    *, by: Identity, by_name: str | None = None, access: str | None = None, may_create: bool = False,
    grants: Sequence[WantedGrant] = (), days: int = MAX_DAYS,
) -> tuple[Invitation, str]:
    """Store an invitation; return it and its token, which is nowhere else.

    Without ``access`` somebody with grants has those alone, and somebody without what every new user has.

    A role that an owner made is kept by its id: another one of its name is not what was given.

    Raises:
        RoleNotFound; InvalidRequest: a pattern that no id can fit, too many grants or open invitations, or ``days``.
    """
    if not 1 <= days <= MAX_DAYS:
        message = f"An invitation is good for 1 to {MAX_DAYS} days."
        raise InvalidRequest(f"days: {message}", errors={"days": [message]})
    _check(grants)
    now = timezone.now()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        Invitation.objects.filter(expires_at__lt=now - timedelta(days=KEEP_DAYS)).delete()
        row = Invitation.objects.create(
            token_hash=hash_of(token), access=_access(access, grants), may_create=may_create,
            grants=[_stored(one) for one in grants],
            made_by=by if isinstance(by, User) else None, made_by_name=(by_name or by.username)[:50], made_at=now,
            expires_at=now + timedelta(days=days),
        )
        if _open(now).count() > MAX_OPEN:
            raise InvalidRequest(f"There are {MAX_OPEN} open invitations. Revoke some first.")
    return row, token


def listed() -> list[Invitation]:
    """Return all that are known, the newest first."""
    return list(Invitation.objects.select_related("used_by", "made_by"))


def state_of(row: Invitation) -> str:
    """Return open, used, revoked or expired; one of somebody who is no owner any more is revoked by that."""
    if row.used_at is not None:
        return "used"
    if row.revoked_at is not None or (row.made_by is not None and not row.made_by.is_owner):
        return "revoked"
    return "expired" if row.expires_at <= timezone.now() else "open"


def revoke(invitation_id: int) -> None:
    """Make an open one worthless; one that is over stays as it is.

    Raises:
        InvitationNotFound.
    """
    if not Invitation.objects.filter(pk=invitation_id).exists():
        raise InvitationNotFound
    _open(timezone.now()).filter(pk=invitation_id).update(revoked_at=timezone.now())


def check(token: str, *, address: str) -> None:
    """Check that ``token`` is one that lets somebody in.

    Raises:
        InvitationNotFound, InvitationOver.
        throttles.TooManyTries: too many guesses from this address.
    """
    place = throttles.count_try(throttles.WRONG_INVITATIONS, address)
    _find(token)
    throttles.give_back([place])


def use(token: str, *, username: str, password: str) -> tuple[User, list[str]]:
    """Make the account that ``token`` was made for; return it, and what it lacks because it is gone, in sentences.

    Raises:
        InvitationNotFound, InvitationOver.
        InvalidRequest: as ``users.create``; the invitation stays good.
    """
    _find(token)
    users.check_name(username)
    with transaction.atomic():
        now = timezone.now()
        # Of two who come at once, one changes the row; the other waits for the end of that transaction.
        if not _open(now).filter(token_hash=hash_of(token)).update(used_at=now):
            raise InvitationOver
        row = Invitation.objects.get(token_hash=hash_of(token))
        user = users.create(username=username, password=password, role=UserRole.ADMIN, access=row.access)
        present, gone = _still_there(row.grants)
        user = grants_of.set_rights(user.pk, may_create=row.may_create, grants=present)
        Invitation.objects.filter(pk=row.pk).update(used_by=user)
    return user, gone


def _find(token: str) -> Invitation:
    row = Invitation.objects.select_related("made_by").filter(token_hash=hash_of(token)).first()
    if row is None:
        raise InvitationNotFound
    if state_of(row) != "open":
        raise InvitationOver
    return row


def _open(now: datetime) -> QuerySet[Invitation]:
    by_owner = Q(made_by__isnull=True) | Q(made_by__in=User.objects.filter(role=UserRole.OWNER, is_active=True))
    return Invitation.objects.filter(by_owner, used_at=None, revoked_at=None, expires_at__gt=now)


def _access(access: str | None, grants: Sequence[WantedGrant]) -> str:
    if access is None and grants:
        return str(Access.GRANTED.value)
    return str(users.access_of_new(access).value)


def _check(grants: Sequence[WantedGrant]) -> None:
    if len(grants) > MAX_GRANTS:
        raise InvalidRequest(f"An invitation has at most {MAX_GRANTS} grants. Use patterns, such as `lobby-*`.")
    for one in grants:
        roles.find(one.role)
        grants_of.check_pattern(one.server)


def _stored(one: WantedGrant) -> dict[str, Any]:
    role = roles.find(one.role)
    return {
        "role": one.role, "role_id": role.pk if role is not None else None, "server": one.server,
        "incarnation": one.incarnation,
    }


def _still_there(wanted: Sequence[dict[str, Any]]) -> tuple[list[WantedGrant], list[str]]:
    """Return what can be given, and a sentence for each that cannot: the person gets in, what is gone is left out."""
    present, gone = [], []
    for one in wanted:
        name, server = one["role"], one["server"]
        role = roles.still_named(name, one.get("role_id"))
        if role is None:
            gone.append(f"{name} on {server} was left out: the role was deleted. Ask an owner for another one.")
            continue
        grant = WantedGrant(role, server, one["incarnation"])
        if grants_of.is_pattern(server) or _is_there(grant):
            present.append(grant)
        else:
            gone.append(f"{name} on {server} was left out: the server is not there any more.")
    return present, gone


def _is_there(grant: WantedGrant) -> bool:
    """Tell whether the server has its id still, and is the one that was meant."""
    try:
        return wiring.wanted_grant(grant.role, grant.server) == grant
    except AppError:
        return False
