"""Roles that owners make, beside the built-in ones: verbs under a name."""

import re
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction

from accounts import revocation
from accounts.models import Role
from accounts.rights.built_in import BUILT_IN
from accounts.rights.verbs import Verb, in_order, with_view
from core.errors import Conflict, InvalidRequest, NotFound

NAME_MAX_LENGTH = 50
MAX_WORDS = 200
_WORD = re.compile(r"[a-z0-9_.+-]{1,64}")


class RoleNotFound(NotFound):
    """No role has that id or name."""

    code = "role_not_found"


class RoleInUse(Conflict):
    """Somebody has the role."""

    code = "role_in_use"


def create(*, name: str, verbs: Iterable[str], commands: Iterable[str] = ()) -> Role:
    """Store a role.

    Raises:
        InvalidRequest: the name is taken or not allowed, there is no verb, or a command is no single word; by field.
    """
    return _store(Role(), name, verbs, commands)


def change(role_id: int, *, name: str, verbs: Iterable[str], commands: Iterable[str] = ()) -> Role:
    """Replace a role, for everybody who has it at once.

    Raises:
        RoleNotFound; InvalidRequest: as ``create``.
    """
    with transaction.atomic():
        role = _store(_lock(role_id), name, verbs, commands)
        for user_id in role.grants.values_list("user_id", flat=True).distinct():
            revocation.announce(user_id)
    return role


def remove(role_id: int) -> str:
    """Delete a role that nobody has; return its name.

    Raises:
        RoleNotFound; RoleInUse: the text names who has it.
    """
    with transaction.atomic():
        role = _lock(role_id)
        if names := holders(role):
            raise RoleInUse(f"{', '.join(names)} have the role {role.name!r}. Give them another one first.")
        role.delete()
    return role.name


def check(*, name: str, verbs: Iterable[str], commands: Iterable[str] = ()) -> None:
    """Check that a role may be so, whether or not its name is taken; raises InvalidRequest as ``create``."""
    _name(name)
    _verbs(verbs)
    _words(commands)


def holders(role: Role) -> list[str]:
    """Return the names of those who have a stored role, in order."""
    return sorted(set(role.grants.values_list("user__username", flat=True)))


def read(role_id: int) -> Role:
    """Return a stored role; raises RoleNotFound."""
    return _found(Role.objects.filter(pk=role_id).first())


def find(name: str) -> Role | None:
    """Return the stored role of that name; None for a built-in one.

    Raises:
        RoleNotFound: there is none; the text names those that there are.
    """
    if name in BUILT_IN:
        return None
    role = Role.objects.filter(name=name).first()
    if role is None:
        names = [*BUILT_IN, *Role.objects.values_list("name", flat=True)]
        raise RoleNotFound(f"There is no role {name[:NAME_MAX_LENGTH]!r}. There are: {', '.join(names)}.")
    return role


def still_named(name: str, role_id: int | None) -> str | None:
    """Return what the role is called now that was chosen as ``name``; None: it was deleted.

    ``role_id`` is None for a built-in one. Another role that has the name since is not meant.
    """
    if role_id is None:
        return name if name in BUILT_IN else None
    return Role.objects.filter(pk=role_id).values_list("name", flat=True).first()


def listed() -> list[dict[str, Any]]:
    """Return all roles, the built-in ones (id null) first."""
    given: list[dict[str, Any]] = [
        {
            "id": None, "name": name, "built_in": True, "verbs": in_order(role.verbs), "commands": sorted(role.words),
            "users": None,
        }
        for name, role in BUILT_IN.items()
    ]
    return given + [described(role) for role in Role.objects.prefetch_related("grants__user")]


def described(role: Role) -> dict[str, Any]:
    """Return a stored role with the names of those who have it."""
    return {
        "id": role.pk, "name": role.name, "built_in": False, "verbs": in_order(with_view(role.verbs)),
        "commands": role.commands, "users": sorted({grant.user.username for grant in role.grants.all()}),
    }


def _store(role: Role, name: str, verbs: Iterable[str], commands: Iterable[str]) -> Role:
    role.name, role.verbs, role.commands = _name(name), _verbs(verbs), _words(commands)
    try:
        with transaction.atomic():
            role.save()
    except IntegrityError:
        raise _wrong("name", "Another role has this name; choose another.") from None
    return role


def _name(name: str) -> str:
    if not 1 <= len(name) <= NAME_MAX_LENGTH or not name.isprintable() or name != name.strip():
        raise _wrong("name", f"A role has a name of 1 to {NAME_MAX_LENGTH} characters, without line breaks.")
    if name.lower() in BUILT_IN:
        raise _wrong("name", f"{name!r} is a role that is given; choose another name.")
    return name


def _verbs(verbs: Iterable[str]) -> list[str]:
    wanted = list(verbs)
    if unknown := [verb for verb in wanted if verb not in set(Verb)]:
        raise _wrong("verbs", f"There is no verb {unknown[0]!r:.50}. There are: {', '.join(Verb)}.")
    if not wanted:
        raise _wrong("verbs", f"A role needs at least one verb of: {', '.join(Verb)}.")
    return [str(verb) for verb in in_order(with_view(wanted))]


def _words(commands: Iterable[str]) -> list[str]:
    words = sorted({word.lower().removeprefix("/") for word in commands})
    if len(words) > MAX_WORDS or not all(_WORD.fullmatch(word) for word in words):
        raise _wrong("commands", f"Commands are at most {MAX_WORDS} first words, such as `say`, without a space.")
    return words


def _wrong(field: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{field}: {message}", errors={field: [message]})


def _lock(role_id: int) -> Role:
    return _found(Role.objects.select_for_update().filter(pk=role_id).first())


def _found(role: Role | None) -> Role:
    if role is None:
        raise RoleNotFound("The role was not found; it may have been deleted.")
    return role
