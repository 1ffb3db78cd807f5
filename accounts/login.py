"""Signing in by name and password."""

from django.contrib.auth.hashers import make_password

from accounts import throttles
from accounts.models import User
from mcadmin.core.connections import address_group


def take_attempt(address: str | None) -> str:
    """Take a place among the sign-ins of an address, before anything that it sent is parsed.

    Returns:
        What ``sign_in`` wants.

    Raises:
        throttles.TooManyTries, CacheGone.
    """
    return throttles.take(throttles.LOGINS_OF_ADDRESS, address_group(address or ""))


def sign_in(username: str, *, password: str, address: str | None, attempt: str) -> User | None:
    """Return the active user of that name and password, or None; ``attempt`` is of ``take_attempt``.

    Raises:
        throttles.TooManyTries: before the password was looked at.
    """
    try:
        return prove(username, password=password, address=address)
    except throttles.TooManyTries:
        throttles.give_back([attempt])
        raise


def prove(username: str, *, password: str, address: str | None) -> User | None:
    """Do the same for somebody who is signed in already: only failures are counted.

    Raises:
        throttles.TooManyTries: before the password was looked at.
    """
    name = User.normalize_username(username)
    counted_as = address_group(address or "")
    places = throttles.take_failure(name, counted_as)
    user = check_password(name, password=password)
    if user is not None:
        throttles.give_back(places)
        throttles.remember(name, counted_as)
    return user


def check_password(username: str, *, password: str) -> User | None:
    """Return the active user of that name and password, or None; both take the time of one hash."""
    user = None
    if "\0" not in username:  # PostgreSQL refuses to look for one
        user = User.objects.filter(username=User.normalize_username(username)).first()
    if user is None:
        make_password(password)  # the time tells nobody which names exist
        return None
    return user if user.check_password(password) and user.is_active else None
