"""Who a request is made by: a stored user, or the holder of the master token."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, TypeAlias

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.request import Request

from accounts.models import User, UserRole


@dataclass(frozen=True)
class SystemUser:
    """The holder of the master token: an owner without a row in the database."""

    id: int = 0
    username: str = "SYSTEM"
    role: UserRole = UserRole.OWNER
    created_at: datetime = field(default_factory=timezone.now)

    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    is_active: ClassVar[bool] = True

    key_prefix: ClassVar[str] = ""

    @property
    def pk(self) -> int:
        """The same as ``id``: DRF's throttles ask for it."""
        return self.id


Identity: TypeAlias = User | SystemUser


def role_told(user: Identity) -> str:
    """Return the role as the audit has it; of a request by a key, which key it is."""
    return f"key {user.key_prefix}" if user.key_prefix else str(user.role)


def who(request: HttpRequest | Request) -> Identity:
    """Return who a request is made by that a permission, or the admin site, has let pass."""
    user: Any = request.user
    found: Identity = user
    return found
