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
FAILURES_OF_USERNAME = Limit("username", 50)
WRONG_CODES = Limit("codes", 5)


def take(limit: Limit, *who: str) -> str:
    """Take a place of ``limit`` for ``who``; return it for ``give_back``.

    Raises:
        TooManyTries: all are taken.
        CacheGone: Redis does not answer.
    """
    # Hashed: what people type may be long and may hold anything.
    digest = hashlib.sha256("\0".join(who).encode("utf-8", "surrogatepass")).hexdigest()
    places = [f"accounts.throttle.{limit.name}.{digest}.{number}" for number in range(limit.places)]
    now = time.time()
    with reaching_it():
        taken = cache.get_many(places)
        for place in places:
            if place not in taken and cache.add(place, now + PERIOD_S, PERIOD_S):
                return place
        free_at = min(cache.get_many(places).values(), default=now)
    raise TooManyTries(wait_s=max(1, math.ceil(free_at - now)))


def take_all(wanted: Iterable[tuple[Limit, tuple[str, ...]]]) -> list[str]:
    """Take one place of each limit, or none.

    Raises:
        TooManyTries, CacheGone: as ``take``.
    """
    places: list[str] = []
    try:
        for limit, who in wanted:
            places.append(take(limit, *who))
    except TooManyTries:
        give_back(places)
        raise
    return places


def give_back(places: Iterable[str]) -> None:
    """Free ``places``: the try was none that counts."""
    with reaching_it():
        cache.delete_many(list(places))
