"""Wake-ups from the kernel when a log grows: one observer a process.

Nothing depends on it alone: readers also look by the clock.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
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

from mcadmin.core.errors import AppError
from servers.docker.folders import open_data

Watches = list[tuple[Path, "_Waker"]]
Identity = tuple[int, int]  # device and inode

logger = logging.getLogger(__name__)

# Opening and closing are left out: our own reads would wake us.
_OF_DATA: list[type[FileSystemEvent]] = [DirCreatedEvent, DirMovedEvent]  # `logs` appears, or another in its place
_OF_LOGS: list[type[FileSystemEvent]] = [FileModifiedEvent, FileCreatedEvent, FileMovedEvent, FileDeletedEvent]


class LogWatch:
    """The observer, started with the first watch. Its methods block: call them in a thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._observer: BaseObserver | None = None
        self._watched: dict[Path, _Watched] = {}
        self._ended = False

    def watch(self, data: Path, wake: Callable[[], None], *, loop: asyncio.AbstractEventLoop) -> Watches:
        """Call ``wake`` on ``loop`` when ``data/logs`` appears in ``data`` or anything in it changes.

        A directory that is missing, or for which the kernel has no watch left, is simply not watched. A watch stays
        with the directory it was set on: when another takes its name, ``unwatch`` and watch anew.
        """
        waker = _Waker(wake, loop)
        watches: Watches = []
        with self._lock:
            if self._ended:
                return watches
            for inside, kinds in (("", _OF_DATA), ("logs", _OF_LOGS)):
                directory = data / inside
                try:
                    self._join(directory, _identity(data, inside), kinds, waker)
                except (FileNotFoundError, AppError):
                    continue
                except OSError as error:
                    logger.info("%s is not watched but looked at every second: %s", directory.name, error)
                    continue
                watches.append((directory, waker))
        return watches

    def unwatch(self, watches: Watches) -> None:
        """End watches; those already gone are no matter, and others of the same directory stay."""
        with self._lock:
            for directory, waker in watches:
                watched = self._watched.get(directory)
                if watched is None or waker not in watched.wakers.all:
                    continue
                watched.wakers.all = tuple(one for one in watched.wakers.all if one is not waker)
                if not watched.wakers.all:
                    self._leave(directory)

    def _join(
        self, directory: Path, identity: Identity | None, kinds: list[type[FileSystemEvent]], waker: "_Waker"
    ) -> None:
        """Wake ``waker``, too: the observer has one watch a name, which may lead to another directory by now."""
        watched = self._watched.get(directory)
        wakers = watched.wakers if watched is not None else _Wakers()
        if watched is None or watched.identity != identity:
            if watched is not None:
                self._leave(directory)
            watch = self._started().schedule(wakers, str(directory), event_filter=kinds)
            self._watched[directory] = _Watched(watch, identity, wakers)
        wakers.all = (*wakers.all, waker)

    def _leave(self, directory: Path) -> None:
        watched = self._watched.pop(directory)
        if self._observer is not None:
            with suppress(KeyError):
                self._observer.unschedule(watched.watch)

    def close(self) -> None:
        """End the observer and its threads; later watches are empty."""
        with self._lock:
            self._ended = True
            if self._observer is not None:
                self._observer.stop()
                self._observer.join()
                self._observer = None
                self._watched.clear()

    def _started(self) -> BaseObserver:
        if self._observer is None:
            observer = Observer()
            observer.start()
            self._observer = observer
        return self._observer


def _identity(data: Path, inside: str) -> Identity | None:
    """Tell which directory it is; raises AppError where it is none, or is reached by a link that leads out."""
    with open_data(data) as root:
        own = root.stat(inside)
    return (own.st_dev, own.st_ino) if own is not None else None


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
    identity: Identity | None
    wakers: _Wakers
