"""How much one client may take."""

import time
from collections import Counter
from collections.abc import Callable, Hashable


class TokenBucket:
    """Allows ``burst`` at once and ``per_s`` a second in the long run."""

    def __init__(self, *, per_s: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._left = burst
        self._at = clock()

    def take(self) -> bool:
        """Take one if there is one."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class ConnectionLimit:
    """Places of which each key has ``limit``; belongs to one loop."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._taken: Counter[Hashable] = Counter()

    def acquire(self, key: Hashable) -> bool:
        """Take a place of ``key`` if one is free; ``free`` it in the end."""
        if self._taken[key] >= self.limit:
            return False
        self._taken[key] += 1
        return True

    def release(self, key: Hashable) -> None:
        self._taken[key] -= 1
        if not self._taken[key]:
            del self._taken[key]

    @property
    def is_empty(self) -> bool:
        return not self._taken
