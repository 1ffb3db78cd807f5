"""Due times over both clock changes, in three zones: one of them moves by half an hour, one on the southern half."""

from datetime import UTC, datetime, timedelta

import pytest

from backups.schedules import due_times
from backups.schedules.due_times import BadSchedule, between, following, jitter

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
EXPRESSIONS = ("15 2 * * *", "45 1 * * *", "*/30 * * * *", "15 */2 * * *")


def texts(zone: str, cron: str, day: str) -> list[str]:
    from zoneinfo import ZoneInfo

    start = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=ZoneInfo(zone)) - timedelta(seconds=1)
    found = between(cron, zone, after=start, until=start + timedelta(hours=4, seconds=1))
    return [at.astimezone(ZoneInfo(zone)).strftime("%H:%M%z") for at in found]


@pytest.mark.parametrize(
    ("zone", "day", "cron", "due"),
    [
        ("Europe/Berlin", "2026-03-29", "30 2 * * *", ["03:00+0200"]),
        ("Europe/Berlin", "2026-03-29", "0 * * * *", ["00:00+0100", "01:00+0100", "03:00+0200", "04:00+0200"]),
        ("Europe/Berlin", "2026-03-29", "15 * * * *", ["00:15+0100", "01:15+0100", "03:15+0200"]),
        ("Europe/Berlin", "2026-10-25", "30 2 * * *", ["02:30+0200"]),
        ("Europe/Berlin", "2026-10-25", "40 1-3 * * *", ["01:40+0200", "02:40+0200", "03:40+0100"]),
        ("Europe/Berlin", "2026-10-25", "30 * * * *",
         ["00:30+0200", "01:30+0200", "02:30+0200", "02:30+0100", "03:30+0100"]),
        ("America/New_York", "2026-03-08", "30 2 * * *", ["03:00-0400"]),
        ("America/New_York", "2026-11-01", "30 1 * * *", ["01:30-0400"]),
        ("Australia/Lord_Howe", "2026-10-04", "15 2 * * *", ["02:30+1100"]),
        ("Australia/Lord_Howe", "2026-04-05", "45 1 * * *", ["01:45+1100"]),
        ("Australia/Lord_Howe", "2026-04-05", "15 */2 * * *", ["00:15+1100", "02:15+1030"]),
    ],
)
def test_a_clock_change_neither_loses_nor_doubles_a_due_time(zone: str, day: str, cron: str, due: list[str]) -> None:
    assert texts(zone, cron, day) == due


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("cron", EXPRESSIONS)
@pytest.mark.parametrize("step_minutes", [37, 24 * 60])
def test_however_often_one_looks_the_due_times_are_the_same(zone: str, cron: str, step_minutes: int) -> None:
    for day in (datetime(2026, 3, 7, tzinfo=UTC), datetime(2026, 10, 3, tzinfo=UTC)):
        end = day + timedelta(days=2)
        whole = between(cron, zone, after=day, until=end)
        steps, at = [], day
        while at < end:
            later = min(at + timedelta(minutes=step_minutes), end)
            steps += between(cron, zone, after=at, until=later)
            at = later
        assert steps[-due_times.MOST :] == whole
        followed, at = [], day
        while (due := following(cron, zone, after=at)) is not None and due <= end:
            followed.append(due)
            at = due
        assert followed[-due_times.MOST :] == whole


@pytest.mark.parametrize(
    ("cron", "zone"),
    [("every day", "UTC"), ("61 * * * *", "UTC"), ("0 0 31 2 *", "UTC"), ("0 0 * *", "UTC"), ("0 0 * * * *", "UTC"),
     ("0 4 * * *", "Mars/Base"), ("0 4 * * *", "../etc/passwd"), ("", "UTC")],
)
def test_what_is_never_due_is_refused(cron: str, zone: str) -> None:
    with pytest.raises(BadSchedule):
        due_times.check(cron, zone)


def test_a_leap_day_is_found() -> None:
    assert following("0 0 29 2 *", "UTC", after=datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2028, 2, 29, tzinfo=UTC)


def test_jitter_is_the_same_for_everybody_and_bounded() -> None:
    due = datetime(2026, 1, 1, tzinfo=UTC)
    spread = {jitter(number, due, at_most_s=60) for number in range(500)}
    assert jitter(7, due, at_most_s=60) == jitter(7, due, at_most_s=60)
    assert (min(spread), max(spread)) == (timedelta(0), timedelta(seconds=60))
