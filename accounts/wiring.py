"""Joins the settings to what knows none, and the servers' room to what may not import it."""

from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache

from accounts.login_codes import LoginCodes
from accounts.rights.grants import WantedGrant

_wanted: list[Callable[[str, str], WantedGrant]] = []


def login_codes() -> LoginCodes:
    """Return the codes that all processes share."""
    return LoginCodes(cache, key=settings.MC_ADMIN.jwt.secret_key.encode())


def look_up_servers_by(wanted: Callable[[str, str], WantedGrant]) -> None:
    """Take what knows which servers there are: called once, by the room that has them."""
    _wanted[:] = [wanted]


def wanted_grant(role: str, server: str) -> WantedGrant:
    """Return the grant of a role on a server as it is now, or on a pattern.

    Raises:
        AppError: there is no such server.
    """
    return _wanted[0](role, server)
