"""Events on their way to the database and to the file: in order, in batches, kept while a place refuses them."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any

from django.db import Error, InterfaceError, OperationalError, connections

Values = dict[str, Any]

GATHER_S = 0.2  # so long an event may wait for others to be written with it
MAX_BATCH = 500
MAX_WAITING = 50_000
RETRY_S = 2.0
IDLE_S = 3600.0
TELL_EVERY_S = 60.0

# What a database, a disk or a strange value can do to us: RuntimeError has RecursionError.
FAILURES = (Error, OSError, ValueError, TypeError, ArithmeticError, RuntimeError)
_PASSING = (OperationalError, InterfaceError, OSError)  # may be over soon; any other is the event's own

logger = logging.getLogger(__name__)


class Place:
    """The way to one of the two places. ``push`` is called by one thread at a time."""

    def __init__(self, name: str, write: Callable[[list[Values]], None]) -> None:
        self.name = name
        self.late = 0  # events that could not be written at the first try
        self.lost = 0
        self.problem = ""
        self.waiting: deque[Values] = deque()
        self._write = write
        self._refused: Values | None = None  # the newest event already counted as late
        self._told_at = -TELL_EVERY_S

    def push(self) -> bool:
        """Write what waits, oldest first; tell whether nothing is left."""
        while self.waiting:
            batch = list(islice(self.waiting, MAX_BATCH))
            try:
                self._write(batch)
            except FAILURES as error:
                if not isinstance(error, _PASSING) and len(batch) > 1:
                    self._one_by_one(batch)
                    continue
                self._count_late(batch, error)
                if isinstance(error, _PASSING):
                    return False
                self._lose(1)
                continue
            self._written(len(batch))
        return True

    def bound(self) -> None:
        """Give up the oldest events when too many wait."""
        if (excess := len(self.waiting) - MAX_WAITING) > 0:
            self._lose(excess)

    def give_up(self) -> None:
        """Count whatever still waits as lost."""
        if self.waiting:
            self._lose(len(self.waiting))
        self._refused, self._told_at = None, -TELL_EVERY_S

    def _one_by_one(self, batch: list[Values]) -> None:
        """Find the event that the place cannot take; the others need not share its fate."""
        for values in batch:
            try:
                self._write([values])
            except _PASSING as error:
                self._count_late([values], error)
                return
            except FAILURES as error:
                self._count_late([values], error)
                self._lose(1)
            else:
                self._written(1)

    def _written(self, count: int) -> None:
        for _ in range(count):
            self.waiting.popleft()
        if self._refused is not None and not self.waiting:
            self._refused = None
            logger.warning("The audit is written to the %s again.", self.name)

    def _count_late(self, batch: list[Values], error: Exception) -> None:
        known = next((place for place, one in enumerate(batch) if one is self._refused), -1)
        self.late += len(batch) - known - 1
        self._refused = batch[-1]
        self.problem = f"{type(error).__name__}: {error}"[:300]
        if time.monotonic() - self._told_at >= TELL_EVERY_S:
            self._told_at = time.monotonic()
            logger.error("The audit cannot be written to the %s: %s. It will be tried again.", self.name, self.problem)

    def _lose(self, count: int) -> None:
        self.lost += count
        for _ in range(count):
            self.waiting.popleft()
        logger.error("%d audit events were not written to the %s: %s", count, self.name, self.problem)


class Writer:
    """Takes events from any thread. Until ``start`` and after ``stop`` it writes in the caller's thread."""

    def __init__(self, places: list[Place], *, after_batch: Callable[[], None], daily: Callable[[], None]) -> None:
        self._places = places
        self._after_batch = after_batch
        self._daily = daily
        self._adding = threading.Lock()
        self._pushing = threading.Lock()
        self._wake = threading.Event()
        self._ending = False
        self._thread: threading.Thread | None = None
        self._day = 0

    def add(self, values: Values) -> None:
        """Take one event; never raises."""
        with self._adding:
            for place in self._places:
                place.waiting.append(values)
        if self._thread is None:
            self.push()
        else:
            self._wake.set()

    def push(self) -> bool:
        """Write what waits, now; tell whether all of it was written."""
        with self._pushing:
            done = [place.push() for place in self._places]
            for place in self._places:
                with self._adding:
                    place.bound()
            self._after_batch()
        return all(done)

    def start(self) -> None:
        """Write in a thread of our own from now on."""
        if self._thread is None:
            self._ending = False
            self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Write what waits and end the thread; what a place still refuses is lost, and counted."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._ending = True
            self._wake.set()
            thread.join()
        self.push()
        with self._pushing:
            for place in self._places:
                place.give_up()

    def _run(self) -> None:
        while not self._ending:
            self._wake.wait(RETRY_S if any(place.waiting for place in self._places) else IDLE_S)
            if not self._ending:
                time.sleep(GATHER_S)
            self._wake.clear()
            try:
                if not self.push():
                    connections.close_all()  # the connection may be what is broken
                self._once_a_day()
            except Exception:  # the main loop of this thread: without it nothing more would be written
                logger.exception("The audit writer failed and goes on.")
        connections.close_all()

    def _once_a_day(self) -> None:
        today = int(time.time()) // 86400
        if self._day != today:
            self._day = today
            self._daily()
