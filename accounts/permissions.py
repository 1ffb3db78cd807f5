"""What is asked of a caller before a view or a socket begins: what ``accounts.rights.table`` says of its address."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.identity import Identity, SystemUser
from accounts.models import UserRole
from accounts.rights import judge
from accounts.rights.loading import rights_of
from accounts.rights.table import ROUTES, SOCKETS, Need, Where, Who
from core.errors import AppError, Forbidden

_PARAMETER = re.compile(r"<(?:[^:>]+:)?([^>]+)>")


class AccessPermission(BasePermission):
    """A rule about the identity alone, so that HTTP views and sockets can share it."""

    message = "This is not allowed."
    code = "permission_denied"

    @classmethod
    def admits(cls, user: Identity | None) -> bool:
        """Tell whether ``user`` (None: nobody is signed in) may pass."""
        raise NotImplementedError

    @classmethod
    def refusal(cls, user: Identity | None, server_id: str) -> AppError | None:  # noqa: ARG003 - a subclass asks for it
        """Return why ``user`` may not pass where ``server_id`` ("" for none) is named; None for who may."""
        return None if cls.admits(user) else Forbidden(cls.message)

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002 - DRF's signature
        """Ask ``admits`` about the request's user; DRF answers 401 to strangers and 403 to others."""
        user: Any = request.user
        return self.admits(user)


class DenyAll(AccessPermission):
    """A socket's default: whoever forgets to declare a permission lets nobody in."""

    message = "Nobody may do this: the address declares no permission."

    @classmethod
    def admits(cls, user: Identity | None) -> bool:  # noqa: ARG003 - the answer is the same for all
        """Refuse."""
        return False


class AllowAnyone(AccessPermission):
    """No login needed."""

    @classmethod
    def admits(cls, user: Identity | None) -> bool:  # noqa: ARG003 - the answer is the same for all
        """Let pass."""
        return True


class IsSignedIn(AccessPermission):
    """Any signed-in user, whatever their role."""

    @classmethod
    def admits(cls, user: Identity | None) -> bool:
        """Let every identity pass."""
        return user is not None and user.is_authenticated


class RequireMaster(IsSignedIn):
    """The master token and nobody else: for what an outside program does on behalf of people."""

    message = "Only the master token may do this."

    @classmethod
    def admits(cls, user: Identity | None) -> bool:
        """Let SYSTEM pass."""
        return isinstance(user, SystemUser)


class _Role(IsSignedIn):
    lowest: ClassVar[UserRole]

    @classmethod
    def admits(cls, user: Identity | None) -> bool:
        if user is None or not user.is_authenticated:
            return False
        return rights_of(user).is_owner or cls.lowest is UserRole.ADMIN


def RequireRole(*roles: UserRole) -> type[AccessPermission]:  # noqa: N802 - a public name given by the specification
    """Return a permission for users of one of ``roles`` or of a higher one."""
    lowest = min(roles, key=lambda role: role.rank)
    message = f"Only an {lowest} may do this; ask one."
    return type(f"Require{lowest.capitalize()}", (_Role,), {"lowest": lowest, "message": message})


class RequirePerson(IsSignedIn):
    """Whoever signed in, and no key: a key makes no keys, sessions and passwords."""

    message = "A key may not do this. Sign in with your name and password."
    code = "person_needed"

    @classmethod
    def admits(cls, user: Identity | None) -> bool:
        """Let pass who came by no key."""
        return super().admits(user) and user is not None and rights_of(user).limit is None


class RequireCreator(IsSignedIn):
    """Who may make new servers."""

    message = "You may not make servers. Ask an owner for the right."
    code = "right_missing"

    @classmethod
    def admits(cls, user: Identity | None) -> bool:
        """Let pass who has the right."""
        return super().admits(user) and user is not None and rights_of(user).may_create


_OF_WHO: Mapping[Who, type[AccessPermission]] = {
    Who.ANYONE: AllowAnyone, Who.SIGNED_IN: IsSignedIn, Who.PERSON: RequirePerson, Who.CREATOR: RequireCreator,
    Who.OWNER: RequireRole(UserRole.OWNER), Who.MASTER: RequireMaster,
}


class ByTable(BasePermission):
    """The default of every view: what the table says of its address and method; nothing for one that is not there."""

    message = DenyAll.message
    code = DenyAll.code

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002 - DRF's signature
        """Tell whether the caller may begin.

        Raises:
            ServerHidden, RightMissing: of the server in the address.
        """
        user: Any = request.user
        match: Any = request.resolver_match
        need = need_of(match.route if match else "", str(request.method))
        asked = _OF_WHO[need] if isinstance(need, Who) else IsSignedIn if need is not None else DenyAll
        if not asked.admits(user):
            self.message, self.code = asked.message, asked.code
            return False
        if isinstance(need, Need) and need.where is Where.ADDRESS:
            _judge(need, user, str(match.kwargs["id"]))
        return True


def address_of(route: str) -> str:
    """Return a route of the routing as the table writes it: ``api/servers/<server_id:id>`` is ``/servers/{id}``."""
    address = _PARAMETER.sub(r"{\1}", route)
    return "/" + address.removeprefix("api").lstrip("/")


def need_of(route: str, method: str) -> Who | Need | None:
    """Return what the method of a route needs; None where the table does not know the route.

    HEAD needs what GET does. What the view does not answer (405) needs a sign-in, or what all of the route need.
    """
    methods = ROUTES.get(address_of(route))
    if methods is None:
        return None
    found = methods.get("GET" if method == "HEAD" else method)
    if found is not None:
        return found
    return Who.ANYONE if set(methods.values()) == {Who.ANYONE} else Who.SIGNED_IN


def is_public(route: str) -> bool:
    """Tell whether all methods of a route are for strangers."""
    return set(ROUTES.get(address_of(route), {}).values()) == {Who.ANYONE}


def takes_strangers(route: str, method: str) -> bool:
    """Tell whether a route has this method, and it is for strangers."""
    return ROUTES.get(address_of(route), {}).get(method) is Who.ANYONE


def of_socket(address: str) -> type[AccessPermission]:
    """Return the permission of the socket at an address of the table."""
    need = SOCKETS[address]
    if isinstance(need, Who):
        return _OF_WHO[need]
    return type("SocketPermission", (_OfSocket,), {"need": need, "address": address})


class _OfSocket(IsSignedIn):
    need: ClassVar[Need]
    address: ClassVar[str]

    @classmethod
    def refusal(cls, user: Identity | None, server_id: str) -> AppError | None:
        if user is None or not cls.admits(user):
            return Forbidden(cls.message)
        if cls.need.where is not Where.ADDRESS:
            return None
        try:
            _judge(cls.need, user, server_id)
        except AppError as error:
            return error
        return None


def _judge(need: Need, user: Identity, server_id: str) -> None:
    if need.words:
        judge.require_some_command(user, server_id)
    else:
        judge.require_any(user, server_id, need.verbs)
