"""Wake-ups from the kernel when a log grows: one observer a process.

Nothing depends on it alone: readers also look by the clock.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from core.errors import AppError
from core.paths import Root
from servers.live.console.log_reader import LOGS, Identity

Watches = list[tuple[Identity, "_Waker"]]

logger = logging.getLogger(__name__)

# Opening and closing are left out: our own reads would wake us.
_OF_DATA: list[type[FileSystemEvent]] = [DirCreatedEvent, DirMovedEvent]  # `logs` appears, or another in its place
_OF_LOGS: list[type[FileSystemEvent]] = [FileModifiedEvent, FileCreatedEvent, FileMovedEvent, FileDeletedEvent]


class LogWatch:
    """The observer, started with the first watch. Its methods block: call them in a thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._observer: BaseObserver | None = None
        self._watched: dict[Identity, _Watched] = {}
        self._ended = False

    def watch(
        self, open_data: Callable[[], Root], wake: Callable[[], None], *, loop: asyncio.AbstractEventLoop
    ) -> Watches:
        """Call ``wake`` on ``loop`` when ``logs`` appears among the game's files or anything in it changes.

        ``open_data`` is that of ``LogReader``. A directory that is missing, or for which the kernel has no watch
        left, is simply not watched. A watch stays with the directory it was set on: when another takes its name,
        ``unwatch`` and watch anew.
        """
        waker = _Waker(wake, loop)
        watches: Watches = []
        with self._lock, suppress(AppError):
            if self._ended:
                return watches
            with open_data() as data:
                for path, kinds in (("", _OF_DATA), (LOGS, _OF_LOGS)):
                    with suppress(AppError):
                        self._join(data.subdirectory(path), kinds, waker, watches)
        return watches

    def unwatch(self, watches: Watches) -> None:
        """End watches; those already gone are no matter, and others of the same directory stay."""
        with self._lock:
            for identity, waker in watches:
                watched = self._watched.get(identity)
                if watched is None or waker not in watched.wakers.all:
                    continue
                watched.wakers.all = tuple(one for one in watched.wakers.all if one is not waker)
                if not watched.wakers.all:
                    self._leave(identity)

    def _join(self, held: Root, kinds: list[type[FileSystemEvent]], waker: "_Waker", watches: Watches) -> None:
        """Wake ``waker``, too: the observer has one watch for a directory.

        The kernel gets the descriptor that we hold: by its name it could be a link by now. Held for as long as it is
        watched, no other directory is given its number.
        """
        own = held.stat("")
        identity = (own.st_dev, own.st_ino) if own is not None else (0, 0)
        watched = self._watched.get(identity)
        if watched is not None:
            held.close()
        else:
            wakers = _Wakers()
            try:
                watch = self._started().schedule(wakers, f"/proc/self/fd/{held.fd}/.", event_filter=kinds)
            except OSError as error:
                held.close()
                logger.info("a folder of logs is not watched but looked at every second: %s", error)
                return
            watched = self._watched[identity] = _Watched(watch, held, wakers)
        watched.wakers.all = (*watched.wakers.all, waker)
        watches.append((identity, waker))

    def _leave(self, identity: Identity) -> None:
        watched = self._watched.pop(identity)
        if self._observer is not None:
            with suppress(KeyError):
                self._observer.unschedule(watched.watch)
        watched.held.close()

    def close(self) -> None:
        """End the observer and its threads; later watches are empty."""
        with self._lock:
            self._ended = True
            if self._observer is not None:
                self._observer.stop()
                self._observer.join()
                self._observer = None
            for watched in self._watched.values():
                watched.held.close()
            self._watched.clear()

    def _started(self) -> BaseObserver:
        if self._observer is None:
            observer = Observer()
            observer.start()
            self._observer = observer
        return self._observer


class _Waker:
    """Carries a wake-up from the observer's thread to the loop, at most one at a time."""

    def __init__(self, wake: Callable[[], None], loop: asyncio.AbstractEventLoop) -> None:
        self._wake = wake
        self._loop = loop
        self._is_under_way = False

    def wake(self) -> None:
        if not self._is_under_way:
            self._is_under_way = True
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._is_under_way = False
        self._wake()


class _Wakers(FileSystemEventHandler):
    """Everybody who is woken by one watch."""

    def __init__(self) -> None:
        self.all: tuple[_Waker, ...] = ()  # swapped whole: the observer's thread goes through it

    def on_any_event(self, event: FileSystemEvent) -> None:
        del event  # whatever it is, the reader looks for itself
        for waker in self.all:
            waker.wake()


class _Watched(NamedTuple):
    watch: ObservedWatch
    held: Root
    wakers: _Wakers
