"""Two processes look at the same schedules over both clock changes in three zones: each due time is one's alone."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backups.schedules.due_times import between
from testbed.postgres import postgres

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
EXPRESSIONS = ("30 2 * * *", "15 1 * * *", "45 * * * *")
CHANGES = ("2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01")

STEP, STEPS = timedelta(minutes=10), 20 * 6  # 20 hours around each change

SETUP = """
import django; django.setup()
from django.core.management import call_command
from datetime import datetime
from backups.models import Schedule
import sys, json
call_command("migrate", verbosity=0)
for zone, cron, since in json.loads(sys.argv[1]):
    values = {"server_id": "lobby", "created_by": "t", "looked_until": datetime.fromisoformat(since)}
    Schedule.objects.create(cron=cron, zone=zone, **values)
"""
LOOKER = """
import django; django.setup()
from datetime import datetime, timedelta
from backups.models import ScheduleRun
from backups.schedules.runs import claim
from django.db import OperationalError
import json, sys
print("ready", flush=True); sys.stdin.readline()
for start, schedules in json.loads(sys.argv[1]):
    now = datetime.fromisoformat(start)
    for _ in range(int(sys.argv[2])):
        now += timedelta(minutes=10)
        for schedule in schedules:
            try:
                claimed = claim(schedule, now)
            except OperationalError:  # locked for too long; the panel looks again, too
                claimed = claim(schedule, now)
            for run_id in claimed:
                run = ScheduleRun.objects.get(pk=run_id)
                print(run.schedule_id, run.due_at.isoformat(), flush=True)
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/db.sqlite3"
        return
    with postgres() as address:
        yield address


def test_each_due_time_belongs_to_one_process(tmp_path: Path, database: str) -> None:
    starts = [datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=UTC) - timedelta(hours=10) for day in CHANGES]
    plans = [(zone, cron, start) for start in starts for zone in ZONES for cron in EXPRESSIONS]
    environment = _environment(tmp_path, database)
    written = json.dumps([(zone, cron, start.isoformat()) for zone, cron, start in plans])
    subprocess.run([sys.executable, "-c", SETUP, written], env=environment, cwd=ROOT, check=True)
    rounds = [(start.isoformat(), [n for n, plan in enumerate(plans, 1) if plan[2] == start]) for start in starts]
    claimed = _look(json.dumps(rounds), environment)
    wanted = Counter(
        f"{number} {due.isoformat()}"
        for number, (zone, cron, start) in enumerate(plans, 1)
        for due in between(cron, zone, after=start, until=start + STEP * STEPS)
    )
    assert Counter(claimed[0] + claimed[1]) == wanted
    assert all(claimed), "one process claimed nothing: they did not run at the same time"


def _look(rounds: str, environment: dict[str, str]) -> list[list[str]]:
    lookers = [
        subprocess.Popen(
            [sys.executable, "-c", LOOKER, rounds, str(STEPS)], env=environment, cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for looker in lookers:
        assert looker.stdout is not None
        assert looker.stdout.readline() == "ready\n"
    for looker in lookers:
        assert looker.stdin is not None
        looker.stdin.write("go\n")
        looker.stdin.flush()
    claimed = [looker.communicate()[0].splitlines() for looker in lookers]
    assert [looker.returncode for looker in lookers] == [0, 0]
    return claimed


def _environment(folder: Path, database: str) -> dict[str, str]:
    (folder / "servers").mkdir()
    (folder / "config.toml").touch(mode=0o600)
    return {
        **os.environ, "DJANGO_SETTINGS_MODULE": "mcadmin.settings", "DATABASE_URL": database,
        "MC_ADMIN_CONFIG": str(folder / "config.toml"), "MC_ADMIN_ENV": str(folder / "absent"),
        "SERVER_PATH": str(folder / "servers"), "LOGS_DIR": str(folder / "logs"),
        "MASTER_TOKEN": "m4st3r-t0ken-of-two-processes", "JWT__SECRET_KEY": "s1gning-key-of-two-processes-0123456789",
    }
