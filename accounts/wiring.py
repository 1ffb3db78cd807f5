"""Joins the settings to what knows none."""

from django.conf import settings
from django.core.cache import cache

from accounts.login_codes import LoginCodes


def login_codes() -> LoginCodes:
    """Return the codes that all processes share."""
    return LoginCodes(cache, key=settings.MC_ADMIN.jwt.secret_key.encode())
