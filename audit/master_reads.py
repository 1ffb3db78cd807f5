"""Reads with the master token: one entry per address, path pattern and minute, with a count."""

import threading
from dataclasses import replace

from audit.events import Event

Key = tuple[str | None, str]


class MasterReads:
    """Counts in memory; safe from any thread. What a kill loses is a count of the last minute, never the entry."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0  # since 1970
        self._seen: dict[Key, Event] = {}

    def add(self, event: Event, *, pattern: str) -> tuple[bool, list[Event]]:
        """Count one read.

        Returns:
            Whether it is the first of its kind in its minute, and what ``take`` would have given for minutes past.
        """
        minute = int(event.timestamp.timestamp()) // 60
        with self._lock:
            ended = self._take() if self._minute != minute else []
            self._minute = minute
            key = (event.client_ip, pattern)
            known = self._seen.get(key)
            self._seen[key] = event if known is None else replace(known, count=known.count + 1)
            return known is None, ended

    def take(self) -> list[Event]:
        """Return the entries that stand for more than the one read already written, and begin anew."""
        with self._lock:
            return self._take()

    def _take(self) -> list[Event]:
        ended = [event for event in self._seen.values() if event.count > 1]
        self._seen = {}
        return ended
