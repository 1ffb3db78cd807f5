"""Somebody must be left who may do everything."""

from collections.abc import Iterable

from accounts.models import User, UserRole
from core.errors import Conflict


class LastOwner(Conflict):
    """The change would leave no active owner."""

    code = "last_owner"

    def __init__(self, username: str) -> None:
        super().__init__(f"{username} is the last active owner; make somebody else an owner first.")


def ensure_an_owner_remains(user: User, *, role: str, is_active: bool) -> None:
    """Check that ``user`` may get ``role`` and ``is_active``; call it in the transaction that changes them.

    ``user.pk`` alone is read, so an instance already changed by a form will do.

    Raises:
        LastOwner: nobody else is an active owner.
    """
    if role == UserRole.OWNER and is_active:
        return
    ensure_owners_remain_without([user])


def ensure_owners_remain_without(users: Iterable[User]) -> None:
    """Check that all of ``users`` may go; call it in the transaction that deletes them.

    Raises:
        LastOwner: naming one of them.
    """
    gone = {user.pk: user.username for user in users}
    # The rows are locked, so two owners cannot remove each other at the same time.
    owners = set(
        User.objects.select_for_update()
        .filter(role=UserRole.OWNER, is_active=True)
        .order_by("pk")  # always the same order: two cannot wait for each other
        .values_list("pk", flat=True)
    )
    if owners and owners <= gone.keys():
        raise LastOwner(gone[min(owners)])
