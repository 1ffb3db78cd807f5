"""Who may do what. Each view and consumer declares one of these; ``checks`` refuses those that do not."""

from typing import Any, ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.identity import Identity, SystemUser
from accounts.models import UserRole


class AccessPermission(BasePermission):
    """A rule about the identity alone, so that HTTP views and sockets can share it."""

    message = "This is not allowed."

    @classmethod
    def admits(cls, user: Identity | None) -> bool:
        """Tell whether ``user`` (None: nobody is signed in) may pass."""
        raise NotImplementedError

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002 - DRF's signature
        """Ask ``admits`` about the request's user; DRF answers 401 to strangers and 403 to others."""
        user: Any = request.user
        return self.admits(user)


class DenyAll(AccessPermission):
    """The default: whoever forgets to declare a permission lets nobody in."""

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
        return user is not None and user.is_authenticated and UserRole(user.role).rank >= cls.lowest.rank


def RequireRole(*roles: UserRole) -> type[AccessPermission]:  # noqa: N802 - a public name given by the specification
    """Return a permission for users of one of ``roles`` or of a higher one."""
    lowest = min(roles, key=lambda role: role.rank)
    message = f"Only an {lowest} may do this; ask one."
    return type(f"Require{lowest.capitalize()}", (_Role,), {"lowest": lowest, "message": message})
