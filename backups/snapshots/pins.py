"""Pins: snapshots that nothing removes, and who may let them go. Blocking, uses the database."""

from django.db import transaction

from accounts.identity import Identity
from accounts.models import UserRole
from accounts.rights.loading import rights_of
from backups.models import Pin
from backups.restic.snapshot import ResticSnapshot
from core.errors import Forbidden


class PinnedByOwner(Forbidden):
    """An owner wants it to stay."""

    code = "pinned_by_owner"


def pin(snapshot: ResticSnapshot, *, by: Identity) -> None:
    """Pin a snapshot. An owner's pin replaces an admin's; no admin's replaces an owner's."""
    mine = {"pinned_by": by.username, "pinned_by_role": _role(by).value}
    with transaction.atomic():
        found, is_new = Pin.objects.select_for_update().get_or_create(pk=snapshot.first_id, defaults=mine)
        if not is_new and _role(by).rank > UserRole(found.pinned_by_role).rank:
            Pin.objects.filter(pk=found.pk).update(**mine)


def unpin(snapshot: ResticSnapshot, *, by: Identity) -> None:
    """Let a snapshot go; no error where it was not pinned.

    Raises:
        PinnedByOwner: an owner pinned it, and ``by`` is none.
    """
    with transaction.atomic():
        found = Pin.objects.select_for_update().filter(pk=snapshot.first_id).first()
        if found is None:
            return
        if _role(by).rank < UserRole(found.pinned_by_role).rank:
            raise PinnedByOwner(
                f"{found.pinned_by}, an owner, pinned snapshot {snapshot.short_id}. Only an owner may unpin it."
            )
        found.delete()


def _role(by: Identity) -> UserRole:
    """Return as what they act: an owner's key is no owner."""
    return UserRole.OWNER if rights_of(by).is_owner else UserRole.ADMIN


def pinned_ids() -> set[str]:
    """Return the first ids of the snapshots that stay."""
    return set(Pin.objects.values_list("snapshot_id", flat=True))
