"""The cache that all processes share: Redis where ``redis_url`` is set, else the memory of the one process."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import OutOfMemoryError, ReadOnlyError, RedisError

from core.errors import Unavailable


class CacheGone(Unavailable):
    """Redis does not answer, or keeps nothing."""

    code = "redis_unreachable"

    def __init__(self, what: str = "does not answer; start it, or try again later") -> None:
        super().__init__(f"Redis (redis_url of the settings) {what}.")


@contextmanager
def reaching_it() -> Iterator[None]:
    """Turn what Redis raises into ``CacheGone``.

    Raises:
        CacheGone: from the body of the ``with``.
    """
    try:
        yield
    except (OutOfMemoryError, ReadOnlyError):
        raise CacheGone("refuses to store anything: it is full (maxmemory) or a read-only replica") from None
    except RedisError:
        raise CacheGone from None
