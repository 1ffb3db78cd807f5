"""Figures over time: every sample of the last hour in memory, a mean for every minute in the database."""

import logging
import math
import time
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Protocol

from core.periodic import Periodic
from servers.live.metrics.sampler import Samples

logger = logging.getLogger(__name__)

MEMORY_S = 3600
KEEP_DAYS = 14
FLUSH_S = 5.0
PRUNE_S = 3600.0
MAX_UNSAVED = 20_000  # rows, while the database does not take them: hours of a large panel
HOST = ""

# The figures of one row, in this order; the columns of the table have these names.
FIELDS = (
    "cpu_percent", "memory_bytes", "disk_bytes", "players", "disk_read", "disk_write", "network_receive",
    "network_send", "load",
)
MAXIMUM = {"players"}  # two and a half players tell nothing
Values = tuple[float | None, ...]
Point = tuple[float, float | None]


@dataclass(frozen=True, slots=True)
class MinuteRow:
    """One minute of one server (HOST: of the host); ``minute`` in seconds since 1970."""

    server_id: str
    minute: int
    values: Values


class HistoryStore(Protocol):
    """Where minutes are kept."""

    async def save(self, rows: Sequence[MinuteRow]) -> None: ...
    async def prune(self, before: datetime) -> None: ...


class Ring:
    """The samples of the last hour of one server: numbers in arrays, because objects would cost ten times as much."""

    def __init__(self) -> None:
        self._times = array("d")
        self._columns = [array("d") for _ in FIELDS]

    def add(self, at: float, values: Values) -> None:
        while self._times and self._times[-1] >= at:  # the clock was set back: the later past never was
            for column in (self._times, *self._columns):
                column.pop()
        self._times.append(at)
        for column, value in zip(self._columns, values, strict=True):
            column.append(math.nan if value is None else value)
        if self._times[0] < at - MEMORY_S * 1.1:  # a tenth at a time
            old = sum(1 for one in self._times if one < at - MEMORY_S)
            for column in (self._times, *self._columns):
                del column[:old]

    def points(self, field: str, *, start: float, end: float) -> list[Point]:
        column = self._columns[FIELDS.index(field)]
        return [
            (at, None if math.isnan(value) else value)
            for at, value in zip(self._times, column, strict=True)
            if start <= at < end
        ]

    @property
    def last(self) -> float:
        return self._times[-1] if self._times else -math.inf


class History:
    """Belongs to one loop; its reads are safe from any thread."""

    def __init__(
        self,
        *,
        players: Callable[[str], int | None],
        disk: Callable[[str], int | None],
        store: HistoryStore | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``players`` and ``disk`` tell what the samples do not; without ``store`` there is only the last hour."""
        self._players, self._disk = players, disk
        self._store = store
        self._clock = clock
        self._rings: dict[str, Ring] = {}
        self._minute: int | None = None
        self._unsaved: list[MinuteRow] = []
        self._lock = Lock()
        self._pruned_at = -math.inf
        self._flushes = Periodic("history", self._turn, FLUSH_S, first_s=FLUSH_S)

    def start(self) -> None:
        self._flushes.start()

    async def stop(self) -> None:
        """Stop; the minute under way is stored as far as it goes."""
        await self._flushes.stop()
        with self._lock:
            if self._minute is not None:
                self._close_minute(self._minute)
                self._minute = None
        try:
            await self._save()
        except Exception:  # an end in order does not depend on it
            logger.exception("the last minutes of history could not be stored")

    def add(self, samples: Samples) -> None:
        """Take the samples of one round; cheap enough for the loop."""
        now = self._clock()
        minute = int(now // 60) * 60
        rows = {name: self._server_values(name, samples) for name in samples.servers}
        if samples.host is not None:
            rows[HOST] = _host_values(samples)
        with self._lock:
            if self._minute is not None and minute != self._minute:
                self._close_minute(self._minute)
            self._minute = minute
            for name, values in rows.items():
                self._rings.setdefault(name, Ring()).add(now, values)
            for silent in self._rings.keys() - rows.keys():
                if self._rings[silent].last < now - MEMORY_S:
                    del self._rings[silent]

    def recent(self, server_id: str, field: str, *, start: float, end: float) -> list[Point]:
        """Return the samples in memory, oldest first."""
        with self._lock:
            ring = self._rings.get(server_id)
            return ring.points(field, start=start, end=end) if ring else []

    def forget(self, server_id: str) -> None:
        """Drop the samples of a server that was removed: the next one of that name is another."""
        with self._lock:
            self._rings.pop(server_id, None)

    def _server_values(self, name: str, samples: Samples) -> Values:
        sample = samples.servers[name]
        memory, rates = sample.usage.memory, sample.rates
        return (
            sample.cpu_percent,
            memory.working_set_bytes if memory else None,
            self._disk(name),
            self._players(name),
            rates.disk_read if rates else None,
            rates.disk_write if rates else None,
            rates.network_receive if rates else None,
            rates.network_send if rates else None,
            None,
        )

    def _close_minute(self, minute: int) -> None:
        for name, ring in self._rings.items():
            columns = [ring.points(field, start=minute, end=minute + 60) for field in FIELDS]
            if columns[0]:
                values = tuple(combine(field, column) for field, column in zip(FIELDS, columns, strict=True))
                self._unsaved.append(MinuteRow(name, minute, values))
        del self._unsaved[:-MAX_UNSAVED]

    async def _turn(self) -> None:
        """Store the minutes that are over; where that fails, they wait for a database that is back."""
        await self._save()
        if self._store is not None and time.monotonic() - self._pruned_at > PRUNE_S:
            self._pruned_at = time.monotonic()
            await self._store.prune(datetime.now(UTC) - timedelta(days=KEEP_DAYS))

    async def _save(self) -> None:
        with self._lock:
            rows = list(self._unsaved)
        if self._store is None or not rows:
            return
        await self._store.save(rows)
        with self._lock:
            saved = set(map(id, rows))
            self._unsaved = [row for row in self._unsaved if id(row) not in saved]


def combine(field: str, points: Iterable[Point]) -> float | None:
    """Return the mean of what is known, for players the maximum; None when nothing is."""
    known = [value for _, value in points if value is not None]
    if not known:
        return None
    return max(known) if field in MAXIMUM else round(sum(known) / len(known), 3)


def in_steps(field: str, points: Sequence[Point], *, times: range, carry_s: float) -> list[Point]:
    """Return one value for every step of ``times``, which begins at a multiple of it; None where nothing is known.

    A value is carried on for ``carry_s``, so that steps as short as the sampling have no holes.
    """
    step = times.step
    buckets: dict[int, list[Point]] = {}
    for point in points:
        buckets.setdefault(int(point[0] // step), []).append(point)
    found: list[Point] = []
    last: Point | None = None
    for at in times:
        inside = buckets.get(at // step)
        if inside:
            last = inside[-1]
            found.append((at, combine(field, inside)))
        elif last is not None and at - last[0] <= carry_s:
            found.append((at, last[1]))
        else:
            found.append((at, None))
    return found


def _host_values(samples: Samples) -> Values:
    assert samples.host is not None  # noqa: S101 - the caller has looked
    host = samples.host.figures
    values: Mapping[str, float] = {
        "cpu_percent": samples.host.cpu_percent,
        "memory_bytes": host.ram_used_bytes,
        "disk_bytes": host.disk_used_bytes,
        "load": host.load[0],
    }
    return tuple(values.get(field) for field in FIELDS)
