"""The cache that all processes share: Redis where ``redis_url`` is set, else the memory of the one process."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError

from mcadmin.core.errors import Unavailable


class CacheGone(Unavailable):
    """Redis does not answer."""

    code = "redis_unreachable"

    def __init__(self) -> None:
        super().__init__("Redis (redis_url of the settings) does not answer; start it, or try again later.")


@contextmanager
def reaching_it() -> Iterator[None]:
    """Turn what Redis raises into ``CacheGone``.

    Raises:
        CacheGone: from the body of the ``with``.
    """
    try:
        yield
    except RedisError:
        raise CacheGone from None
