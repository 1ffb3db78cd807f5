"""Signing in by name and password."""

from django.contrib.auth.hashers import make_password

from accounts.models import User


def check_password(username: str, *, password: str) -> User | None:
    """Return the active user of that name and password, or None; both take the time of one hash."""
    user = None
    if "\0" not in username:  # PostgreSQL refuses to look for one
        user = User.objects.filter(username=User.normalize_username(username)).first()
    if user is None:
        make_password(password)  # the time tells nobody which names exist
        return None
    return user if user.check_password(password) and user.is_active else None
