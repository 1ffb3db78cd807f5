"""Signing in by name and password."""

from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts import known_addresses, throttles
from accounts.models import User
from core.connections import address_group
from web.client_address import of_request

_ATTEMPT = "mcadmin.attempt"  # in META: no header can have this name there


def take_attempt(request: HttpRequest) -> None:
    """Take a place among the sign-ins of the client's address, before anything that it sent is parsed.

    ``mcadmin.request_bodies.ThrottledStrangers`` does it for every route that needs no account.

    Raises:
        throttles.TooManyTries, CacheGone.
    """
    request.META[_ATTEMPT] = None
    address = address_group(of_request(request) or "")
    request.META[_ATTEMPT] = throttles.count_try(throttles.LOGINS_OF_ADDRESS, address)


def is_refused(request: HttpRequest) -> bool:
    """Tell whether ``take_attempt`` found no place: nobody has parsed what the request carries, and nobody shall."""
    return request.META.get(_ATTEMPT, "") is None


def sign_in(username: str, *, password: str, request: HttpRequest) -> User | None:
    """Return the active user of that name and password, or None.

    Raises:
        throttles.TooManyTries: before the password was looked at.
    """
    try:
        return prove(username, password=password, address=of_request(request))
    except throttles.TooManyTries:
        throttles.give_back([request.META[_ATTEMPT]])
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
        known_addresses.remember(user, counted_as)
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
