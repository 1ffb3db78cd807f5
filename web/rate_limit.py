"""How much one client may take."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager


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


class FairPlaces:
    """Places of which each key has ``limit``, shared fairly by whoever holds them; belongs to one loop.

    Where all are taken, the holder with most makes room, oldest first, if it then still has as many as who comes: of
    one who takes all, each other one gets a place.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._taken: dict[Hashable, dict[object, tuple[Hashable, Callable[[], None]]]] = {}

    def acquire(
        self, key: Hashable, *, holder: Hashable, make_room: Callable[[], None]
    ) -> Callable[[], None] | None:
        """Take a place of ``key``, and return what frees it in the end; None where there is none for ``holder``.

        ``make_room`` is called when the place has gone to somebody else; freeing it then does nothing.
        """
        places = self._taken.get(key, {})
        if len(places) >= self.limit and not self._is_room_made(key, holder):
            return None
        place = object()
        self._taken.setdefault(key, {})[place] = holder, make_room
        return lambda: self._free(key, place)

    @property
    def is_empty(self) -> bool:
        return not self._taken

    def _is_room_made(self, key: Hashable, holder: Hashable) -> bool:
        places = self._taken.get(key, {})
        of_each = Counter(whose for whose, _ in places.values())
        greedy, most = max(of_each.items(), key=lambda one: one[1], default=(None, 0))
        if most <= of_each[holder] + 1:
            return False
        oldest, make_room = next((place, leave) for place, (whose, leave) in places.items() if whose == greedy)
        self._free(key, oldest)
        make_room()
        return True

    def _free(self, key: Hashable, place: object) -> None:
        places = self._taken.get(key, {})
        places.pop(place, None)
        if not places:
            self._taken.pop(key, None)


class FairTurns:
    """Work of which ``at_once`` may run, and of one holder one less, so that others find a turn. For threads.

    A turn goes to who has had none for longest, however many are asked for by the same holder.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once, self._of_one = at_once, max(1, at_once - 1)
        self._changed = threading.Condition()
        self._running: Counter[Hashable] = Counter()
        self._waiting: list[tuple[Hashable, object]] = []
        self._served: dict[Hashable, int] = {}  # how many turns ago; of those who run or wait
        self._turns = 0

    @contextmanager
    def turn(self, holder: Hashable, *, wait_s: float) -> Iterator[bool]:
        """Wait for a turn, and hold it meanwhile; gives False where none came in time."""
        mine = holder, object()
        with self._changed:
            self._waiting.append(mine)
            has_turn = self._changed.wait_for(lambda: self._next() is mine, timeout=wait_s)
            self._waiting.remove(mine)
            if has_turn:
                self._turns += 1
                self._running[holder] += 1
                self._served[holder] = self._turns
            self._tell()
        try:
            yield has_turn
        finally:
            if has_turn:
                with self._changed:
                    self._running[holder] -= 1
                    self._tell()

    def _next(self) -> tuple[Hashable, object] | None:
        if self._running.total() >= self._at_once:
            return None
        fit = [one for one in self._waiting if self._running[one[0]] < self._of_one]
        return min(fit, key=lambda one: self._served.get(one[0], 0), default=None)

    def _tell(self) -> None:
        self._running = +self._running
        here = self._running.keys() | {holder for holder, _ in self._waiting}
        if not here:
            self._served.clear()
        self._changed.notify_all()
