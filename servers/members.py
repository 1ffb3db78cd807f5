"""Who may do what with which server, where that takes knowing the servers: plain functions on disk and database."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypedDict

from accounts.models import User
from accounts.rights import grants
from accounts.rights.grants import WantedGrant
from accounts.rights.loading import has_everything, rights_of
from accounts.rights.rights import Rights
from accounts.rights.verbs import in_order
from core.errors import InvalidRequest
from servers import wiring
from servers.operations.progress import Progress
from servers.operations.runner import Job
from servers.records import incarnations, operation_rows

CREATORS_ROLE = "manager"  # what somebody has on a server that they made


class MyRights(TypedDict):
    """What somebody may do now; ``servers``: verbs by id; ``commands``: first words by id where not all are allowed."""

    access: str
    create: bool
    servers: dict[str, list[str]]
    commands: dict[str, list[str]]


class Member(TypedDict):
    """Somebody who may do something with a server, and why: ``roles`` are empty for who has everything."""

    id: int
    username: str
    access: str
    roles: list[str]
    verbs: list[str]


def wanted(role: str, server: str) -> WantedGrant:
    """Return a grant for the server that has the id now, or for all that fit a pattern.

    Raises:
        InvalidRequest: no server has that id.
    """
    if grants.is_pattern(server):
        return WantedGrant(role, server)
    if server not in wiring.manager().list_names():
        raise InvalidRequest(
            f"There is no server {server[:80]!r}. Name one that is there, or a pattern such as `lobby-*`."
        )
    return WantedGrant(role, server, incarnations.current(server))


def set_rights(
    user_id: int, *, access: str | None = None, may_create: bool | None = None,
    pairs: Sequence[tuple[str, str]] | None = None,
) -> User:
    """Replace what is not None; ``pairs`` are roles and servers.

    Raises:
        InvalidRequest: as ``wanted``; and as ``accounts.rights.grants.set_rights``.
    """
    given = None if pairs is None else [wanted(role, server) for role, server in pairs]
    return grants.set_rights(user_id, access=access, may_create=may_create, grants=given)


def give_creator(user: Any, server_id: str, *, made_by: uuid.UUID) -> None:
    """Give who made a server all rights on it, where they would not see it otherwise.

    ``made_by``: the operation. The server that it made is meant, also when another one has the id meanwhile.
    """
    if isinstance(user, User) and not has_everything(user):
        made = operation_rows.read_operation(made_by)
        grants.add(user.pk, WantedGrant(CREATORS_ROLE, server_id, made.incarnation))


def giving_creator(user: Any, server_id: str, job: Job) -> Job:
    """Return the job that makes a server, and then gives it to who asked for it, as ``give_creator``."""

    async def work(progress: Progress) -> Any:
        done = await job.work(progress)
        await operation_rows.in_database(give_creator, user, server_id, made_by=progress.operation_id)
        return done

    return replace(job, work=work)


def rights_now(rights: Rights) -> MyRights:
    """Return rights on the servers that are there."""
    names = wiring.manager().list_names()
    words = {name: rights.words(name) for name in names if rights.sees(name)}
    return {
        "access": "everything" if rights.has_everything else "granted",
        "create": rights.may_create,
        "servers": {name: [str(verb) for verb in in_order(rights.verbs(name))] for name in words},
        "commands": {name: sorted(some) for name, some in words.items() if some},
    }


def members(server_id: str) -> list[Member]:
    """Return who may do anything with a server, by name; raises ServerNotFound."""
    wiring.live().catalog.info(server_id)
    users = User.objects.filter(is_active=True).prefetch_related("grants__role").order_by("username")
    return [found for user in users if (found := _member(user, server_id)) is not None]


def _member(user: User, server_id: str) -> Member | None:
    rights = rights_of(user)
    if not rights.sees(server_id):
        return None
    about = {grant.server for grant in rights.grants if grant.fits(server_id)}
    roles = {one.role_name for one in user.grants.all() if one.counts and one.server in about}
    return {
        "id": user.pk, "username": user.username, "access": "everything" if rights.has_everything else "granted",
        "roles": _sorted(roles), "verbs": [str(verb) for verb in in_order(rights.verbs(server_id))],
    }


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names)
