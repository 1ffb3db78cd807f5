"""From rows to rights: one query for a user with all that they were given."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import F, FilteredRelation, Q

from accounts.identity import Identity, SystemUser
from accounts.models import Access, User, UserRole
from accounts.rights import rights
from accounts.rights.built_in import BUILT_IN
from accounts.rights.rights import Grant, Rights
from accounts.rights.verbs import with_view

# What a query of users with ``counting`` takes along: each row is a user with one of their grants, or with none.
GRANT_FIELDS = {
    "grant_server": F("counting__server"),
    "grant_incarnation": F("counting__incarnation"),
    "grant_built_in": F("counting__built_in"),
    "grant_verbs": F("counting__role__verbs"),
    "grant_words": F("counting__role__commands"),
}


def counting() -> FilteredRelation:
    """Return the join to the grants that count; a new one each time, for Django changes what it is given."""
    return FilteredRelation("grants", condition=Q(grants__counts=True))


def rights_of(user: Identity) -> Rights:
    """Return what they may do now; from the database where the user did not come with it."""
    if isinstance(user, SystemUser):
        return rights.OWNER
    if user.rights is None:
        rows = User.objects.annotate(counting=counting()).filter(pk=user.pk).values(**GRANT_FIELDS)
        user.rights = made_of(user, rows)
    return user.rights


def made_of(user: User, rows: Iterable[Mapping[str, Any]]) -> Rights:
    """Return the rights of a user with ``rows`` of GRANT_FIELDS."""
    if user.role == UserRole.OWNER:
        return rights.OWNER
    if user.access == Access.EVERYTHING:
        return rights.EVERYTHING
    grants = tuple(_grant(row) for row in rows if row["grant_server"] is not None)
    return Rights(may_create=user.may_create, grants=grants)


def has_everything(user: User) -> bool:
    """Tell whether the person, whatever key they use now, has every verb on every server."""
    return user.role == UserRole.OWNER or user.access == Access.EVERYTHING


def _grant(row: Mapping[str, Any]) -> Grant:
    if (given := BUILT_IN.get(row["grant_built_in"])) is not None:
        verbs, words = given.verbs, given.words
    else:
        verbs, words = with_view(row["grant_verbs"] or ()), frozenset(row["grant_words"] or ())
    return Grant(row["grant_server"], verbs, words, row["grant_incarnation"])
