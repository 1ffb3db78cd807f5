"""Schedules when something is wrong around them: the others, and the next due times, go on."""

import asyncio
import errno
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from cronsim import CronSim
from rest_framework.test import APIClient

from backups import wiring
from backups.models import Schedule, ScheduleRun
from backups.schedules import due_times
from backups.schedules.runs import Scheduler, claim_due
from backups.tests.edge.test_schedules import NOON, schedule, states
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)


def run_what_is_due() -> None:
    async def once() -> None:
        await asyncio.gather(*await Scheduler(now=lambda: NOON).run_once(), return_exceptions=True)

    async_to_sync(once)()


@pytest.mark.parametrize("broken", [{"zone": "Mars/Base"}, {"cron": "sometimes"}])
def test_a_schedule_that_cannot_be_read_stops_no_other(owner: APIClient, broken: dict[str, str]) -> None:
    bad = schedule("lobby", **broken)
    good = schedule("survival")
    assert len(claim_due(NOON)) == 1
    assert [run.schedule_id for run in ScheduleRun.objects.all()] == [good.pk]
    bad.refresh_from_db()
    assert bad.enabled  # it goes on when the machine knows its zone again
    assert bad.disabled_because.startswith(("The cron expression", "'Mars/Base'"))
    Schedule.objects.filter(pk=bad.pk).update(zone="UTC", cron="0 * * * *")
    assert len(claim_due(NOON)) == 1
    bad.refresh_from_db()
    assert bad.disabled_because == ""


def test_a_schedule_that_fails_for_a_reason_nobody_thought_of_stops_no_other(
    owner: APIClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_time(cron: str, start: datetime) -> CronSim:
        if cron == "13 * * * *":
            raise OverflowError("date value out of range")
        return CronSim(cron, start)

    monkeypatch.setattr(due_times, "CronSim", no_time)
    bad = schedule("lobby", cron="13 * * * *")
    good = schedule("survival")
    assert len(claim_due(NOON)) == 1
    assert [run.schedule_id for run in ScheduleRun.objects.all()] == [good.pk]
    for _ in range(3):
        claim_due(NOON)
    bad.refresh_from_db()
    assert bad.enabled
    assert "OverflowError" in bad.disabled_because
    assert [one.exc_info is not None for one in caplog.records if one.exc_info] == [True], "told once, not each round"


def test_schedules_go_on_after_a_clock_that_was_years_ahead(db: None) -> None:
    schedule(looked_until=NOON + timedelta(days=900))
    assert claim_due(NOON - timedelta(minutes=5)) == []
    assert len(claim_due(NOON)) == 1


def test_a_due_time_that_comes_again_with_a_clock_set_back_is_run_once(db: None) -> None:
    schedule()
    schedule("survival", cron="30 * * * *", looked_until=NOON)
    assert len(claim_due(NOON)) == 1
    assert claim_due(NOON - timedelta(minutes=30)) == []
    assert claim_due(NOON) == []
    assert len(claim_due(NOON + timedelta(minutes=30))) == 1
    assert states() == [("12:00", "waiting"), ("12:30", "waiting")]


def test_a_run_that_fails_for_a_reason_nobody_thought_of_says_so(
    fake: FakeDocker, server: str, restic: FakeRestic
) -> None:
    schedule(server)

    async def no_memory(*_: object, **__: object) -> str:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    wiring.run_override = no_memory
    run_what_is_due()
    [run] = ScheduleRun.objects.all()
    assert (run.state, run.finished_at is not None) == ("failed", True)


def test_a_disk_of_servers_that_is_away_switches_no_schedule_off(
    fake: FakeDocker, server_path: Path, restic: FakeRestic
) -> None:
    one = schedule("lobby")  # and nothing is in the folder: its disk is not mounted
    run_what_is_due()
    one.refresh_from_db()
    assert one.enabled
    assert states() == [("12:00", "failed")]


def test_a_compose_file_that_is_away_for_a_moment_switches_no_schedule_off(
    fake: FakeDocker, server: str, server_path: Path, restic: FakeRestic
) -> None:
    one = schedule(server)
    (server_path / server / "compose.yaml").rename(server_path / server / "compose.yaml.old")
    run_what_is_due()
    one.refresh_from_db()
    assert one.enabled
    assert Schedule.objects.filter(enabled=True).exists()


def test_one_schedule_that_cannot_be_read_leaves_the_list_readable(
    owner: APIClient, fake: FakeDocker, server: str, restic: FakeRestic
) -> None:
    schedule(server, zone="Mars/Base")
    [shown] = owner.get("/api/snapshots/schedules").json()["schedules"]
    assert (shown["zone"], shown["next_due_at"]) == ("Mars/Base", None)
