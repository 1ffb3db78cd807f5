"""When a cron expression is due in a zone, over clock changes too. Pure.

A time that the clock skips is due right after the gap, one that comes twice is due the first time. Expressions of
every hour (``*/30 * * * *``) go on through both: nothing in the gap, twice in the hour that comes twice.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from core.errors import InvalidRequest

MOST = 100  # due times that one look returns, the newest
_FAR = timedelta(days=60)  # nobody looked for longer: only the newest time before now matters
_LARGEST_CHANGE = timedelta(hours=26)  # of a clock: some islands left out a day


class BadSchedule(InvalidRequest):
    """The cron expression or the zone is none."""

    code = "bad_schedule"


def check(cron: str, zone: str) -> None:
    """Raise BadSchedule unless both can be used and there is a due time at all."""
    if len(cron.split()) != 5 or following(cron, zone, after=datetime.now(UTC)) is None:
        raise _bad_cron()


def between(cron: str, zone: str, *, after: datetime, until: datetime) -> list[datetime]:
    """Return the due times later than ``after`` and not later than ``until``, oldest first, in UTC; at most MOST.

    Raises:
        BadSchedule: it was a good one when it was made, perhaps: zones come and go with a machine's tables.
    """
    place = _place(zone)
    after = max(after, until - _FAR)
    first, last = (at.astimezone(place).replace(tzinfo=None) for at in (after, until))
    clock = takewhile(
        lambda at: at <= last + _LARGEST_CHANGE, _clock(cron, first - _LARGEST_CHANGE - timedelta(minutes=1))
    )
    found = {due for at in clock for due in _instants(at, place, is_hourly=_is_hourly(cron))}
    return sorted(due for due in found if after < due <= until)[-MOST:]


def following(cron: str, zone: str, *, after: datetime) -> datetime | None:
    """Return the first due time later than ``after``, in UTC; None when there is none for years. Raises BadSchedule."""
    place = _place(zone)
    start = after.astimezone(place).replace(tzinfo=None) - _LARGEST_CHANGE
    first: datetime | None = None
    for at in _clock(cron, start):
        if first is not None and at > first.astimezone(place).replace(tzinfo=None) + _LARGEST_CHANGE:
            break
        later = [due for due in _instants(at, place, is_hourly=_is_hourly(cron)) if due > after]
        first = min([*later, *([first] if first else [])], default=None)
    return first


def jitter(schedule_id: int, due_at: datetime, *, at_most_s: int) -> timedelta:
    """Return by how much a run begins later: the same in every process, another one each time."""
    seed = hashlib.sha256(f"{schedule_id} {due_at.timestamp():.0f}".encode()).digest()
    return timedelta(seconds=int.from_bytes(seed[:4], "big") % (at_most_s + 1))


def _place(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadSchedule(
            f"{zone!r:.80} is no time zone that this machine knows. Name one as Europe/Berlin or UTC.",
            errors={"zone": ["Unknown time zone."]},
        ) from None


def _clock(cron: str, start: datetime) -> Iterator[datetime]:
    """Yield what a clock shows at the due times from ``start`` on."""
    try:
        return CronSim(cron, start)
    except CronSimError:
        raise _bad_cron() from None


def _bad_cron() -> BadSchedule:
    return BadSchedule(
        "The cron expression is not understood, or never due. It has five fields: minute, hour, day, month, "
        "day of week.",
        errors={"cron": ["Five fields: minute, hour, day, month, day of week."]},
    )


def _instants(at: datetime, zone: ZoneInfo, *, is_hourly: bool) -> Iterator[datetime]:
    """Yield when a clock in ``zone`` shows ``at``: once, twice, or not at all, which is right after the gap then."""
    first, second = (at.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    exists = first.astimezone(zone).replace(tzinfo=None) == at
    if not exists:
        if not is_hourly:
            yield _end_of_gap(second, first, zone)
        return
    yield first
    if second != first and is_hourly:
        yield second


def _end_of_gap(before: datetime, behind: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which the clock is put forward, to the second: it lies between the two."""
    offset = before.astimezone(zone).utcoffset()
    while behind - before > timedelta(seconds=1):
        middle = before + (behind - before) / 2
        before, behind = (middle, behind) if middle.astimezone(zone).utcoffset() == offset else (before, middle)
    return behind.replace(microsecond=0)


def _is_hourly(cron: str) -> bool:
    return cron.split()[1] in {"*", "*/1"}
