"""How often somebody may try: so many in any minute, in all processes together.

A limit has that many places. Whoever tries takes a free one, which stays taken for a minute or until it is given
back. Taking is one atomic step of the cache, so 50 tries at once get no more places than 50 one after the other.
"""

import hashlib
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.cache import cache
from rest_framework.exceptions import APIException

from accounts import known_addresses
from accounts.shared_cache import reaching_it

PERIOD_S = 60


class TooManyTries(APIException):
    """Refused without a look at the password or code; ``wait`` tells in how many seconds a place is free."""

    status_code = 429
    default_code = "throttled"

    def __init__(self, *, wait_s: int) -> None:
        self.wait = wait_s  # DRF makes Retry-After of it
        super().__init__(f"Too many tries. Wait {wait_s} s, then try again.")


@dataclass(frozen=True)
class Limit:
    """At most ``places`` tries of one kind, and of one somebody, in any PERIOD_S."""

    name: str
    places: int


LOGINS_OF_ADDRESS = Limit("logins", 10)
FAILURES_OF_PAIR = Limit("failures", 5)  # of one username from one address
FAILURES_OF_USERNAME = Limit("username", 40)
FIRST_FAILURES_OF_USERNAME = Limit("username-first", 10)  # kept back for addresses that have not failed in this minute
WRONG_KEYS = LOGINS_OF_ADDRESS  # a wrong key counts as a sign-in of its address
WRONG_CODES = Limit("codes", 5)
WRONG_SETUP_CODES = Limit("setup-codes", 20)
WRONG_INVITATIONS = Limit("invitations", 10)  # of one address


def count_try(limit: Limit, *who: str) -> str:
    """Take a place of ``limit`` for ``who``; return it for ``give_back``.

    Raises:
        TooManyTries: all are taken.
        CacheGone: Redis does not answer.
    """
    places = _places(limit, *who)
    now = time.time()
    with reaching_it():
        taken = cache.get_many(places)
        for place in places:
            if place not in taken and cache.add(place, now + PERIOD_S, PERIOD_S):
                return place
        free_at = min(cache.get_many(places).values(), default=now)
    raise TooManyTries(wait_s=max(1, math.ceil(free_at - now)))


def take_failure(username: str, address: str) -> list[str]:
    """Take the places of one failure of ``username`` from ``address``.

    The places of a username are 50 in all. The last 10 are for addresses without a failure in the last minute, and an
    address that the user signed in from lately needs none: so nobody is locked out by a few strangers elsewhere.

    Raises:
        TooManyTries, CacheGone: as ``make_snapshot``.
    """
    pair = count_try(FAILURES_OF_PAIR, username, address)
    if known_addresses.is_known_of(username, address):
        return [pair]
    try:
        return [pair, count_try(FAILURES_OF_USERNAME, username)]
    except TooManyTries:
        with reaching_it():
            has_failed = any(place != pair for place in cache.get_many(_places(FAILURES_OF_PAIR, username, address)))
        try:
            if has_failed:
                raise
            return [pair, count_try(FIRST_FAILURES_OF_USERNAME, username)]
        except TooManyTries:
            give_back([pair])
            raise


def give_back(places: Iterable[str]) -> None:
    """Free ``places``: the try was none that counts."""
    with reaching_it():
        cache.delete_many(list(places))


def _places(limit: Limit, *who: str) -> list[str]:
    return [f"accounts.throttle.{limit.name}.{_digest(*who)}.{number}" for number in range(limit.places)]


def _digest(*who: str) -> str:
    """Return a name for the cache: what people type may be long and may hold anything."""
    return hashlib.sha256("\0".join(who).encode("utf-8", "surrogatepass")).hexdigest()
