"""Schedules: each due time has one run, whatever the processes, the clock and the panel's pauses."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from accounts.models import User, UserRole
from backups.models import Schedule, ScheduleRun
from backups.schedules import planning
from backups.schedules import runs as schedules
from backups.schedules.runs import Scheduler, claim_due
from core.errors import Forbidden
from servers.operations import kinds, runner
from servers.operations.caller import Caller
from servers.records import operation_rows
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def schedule(server_id: str = "lobby", **changes: Any) -> Schedule:
    values = {"cron": "0 * * * *", "zone": "UTC", "server_id": server_id, "created_by": "olivia"}
    return Schedule.objects.create(**(values | {"looked_until": NOON - timedelta(minutes=30)} | changes))


def states() -> list[tuple[str, str]]:
    return [(f"{run.due_at:%H:%M}", run.state) for run in ScheduleRun.objects.order_by("due_at")]


def test_a_due_time_is_claimed_once(db: None) -> None:
    schedule()
    assert claim_due(NOON - timedelta(seconds=1)) == []
    assert len(claim_due(NOON + timedelta(seconds=1))) == 1
    assert claim_due(NOON + timedelta(seconds=1)) == []
    assert states() == [("12:00", "waiting")]


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("run_once", [("09:00", "missed"), ("10:00", "missed"), ("11:00", "waiting")]),
        ("skip", [("09:00", "missed"), ("10:00", "missed"), ("11:00", "missed")]),
    ],
)
def test_what_the_panel_slept_through_follows_the_rule(rule: str, wanted: list[tuple[str, str]]) -> None:
    schedule(missed=rule, looked_until=NOON - timedelta(hours=3, minutes=30))
    assert len(claim_due(NOON - timedelta(minutes=30))) == (rule == "run_once")
    assert states() == wanted


def test_a_due_time_now_stands_for_the_missed_ones(db: None) -> None:
    schedule(looked_until=NOON - timedelta(hours=2, minutes=30))
    assert len(claim_due(NOON + timedelta(seconds=5))) == 1
    assert states() == [("10:00", "missed"), ("11:00", "missed"), ("12:00", "waiting")]


def test_jitter_puts_a_run_off(db: None) -> None:
    one = schedule(jitter_s=600)
    delay = schedules._delay(one, NOON)
    assert claim_due(NOON + delay - timedelta(seconds=1)) == []
    assert len(claim_due(NOON + delay)) == 1


def test_a_disabled_schedule_rests(db: None) -> None:
    schedule(enabled=False)
    assert claim_due(NOON) == []


def test_a_run_makes_a_snapshot_and_says_so(
    owner: APIClient, fake: FakeDocker, server: str, restic: FakeRestic
) -> None:
    schedule(server)

    async def once() -> None:
        await asyncio.gather(*await Scheduler(now=lambda: NOON).run_once())

    async_to_sync(once)()
    [run] = ScheduleRun.objects.all()
    assert (run.state, run.snapshot_id) == ("succeeded", restic.snapshots[0]["id"])
    assert run.message.startswith("Snapshot ")
    assert "trigger:schedule" in restic.snapshots[0]["tags"]


@pytest.mark.parametrize(("rule", "state"), [("skip", "skipped"), ("wait", "succeeded")])
async def test_a_busy_server_is_skipped_or_waited_for(
    fake: FakeDocker, server: str, restic: FakeRestic, monkeypatch: pytest.MonkeyPatch, rule: str, state: str
) -> None:
    monkeypatch.setattr(schedules, "BUSY_LOOK_S", 0.05)
    await operation_rows.in_database(schedule, server, overlap=rule)
    entered, gate = asyncio.Event(), asyncio.Event()

    async def hold(_: Any) -> None:
        entered.set()
        await gate.wait()

    job = runner.Job(kind=kinds.find("up"), server_id=server, work=hold, by=Caller("olivia"))
    held = asyncio.create_task(runner.run(job))
    await entered.wait()
    runs = await Scheduler(now=lambda: NOON).run_once()
    await asyncio.sleep(0.3)
    gate.set()
    await asyncio.gather(held, *runs)
    assert await operation_rows.in_database(states) == [("12:00", state)]


def test_a_server_that_is_gone_switches_its_schedule_off(
    fake: FakeDocker, server: str, restic: FakeRestic
) -> None:
    one = schedule("gone")

    async def once() -> None:
        await asyncio.gather(*await Scheduler(now=lambda: NOON).run_once())

    async_to_sync(once)()
    one.refresh_from_db()
    assert (one.enabled, one.disabled_because) == (False, "The server 'gone' was not found.")


def test_runs_of_a_dead_process_are_interrupted(db: None) -> None:
    one = schedule()
    ScheduleRun.objects.create(schedule=one, due_at=NOON, state="running", owner="elsewhere:1:1.0")
    import socket

    ScheduleRun.objects.create(
        schedule=one, due_at=NOON + timedelta(hours=1), state="running", owner=f"{socket.gethostname()}:999999:1.0"
    )
    schedules.interrupt_dead()
    assert states() == [("12:00", "running"), ("13:00", "interrupted")]


def test_schedules_over_http(owner: APIClient, fake: FakeDocker, server: str, restic: FakeRestic) -> None:
    body = {"cron": "30 4 * * *", "zone": "Europe/Berlin", "server_id": server, "policy": {"keep_daily": 7}}
    made = owner.post("/api/snapshots/schedules/", body, format="json")
    assert made.status_code == 201, made.json()
    number = made.json()["id"]
    address = f"/api/snapshots/schedules/{number}"
    assert made.json()["next_due_at"][11:16] in {"02:30", "03:30"}
    assert [one["id"] for one in owner.get("/api/snapshots/schedules").json()["schedules"]] == [number]
    run = owner.post(f"{address}/run")
    assert (run.status_code, run.json()["state"], run.json()["by_hand"]) == (200, "succeeded", True)
    assert owner.get(address).json()["runs"][0]["snapshot_id"] == restic.snapshots[0]["id"]
    changed = owner.put(address, body | {"enabled": False, "policy": None}, format="json").json()
    assert (changed["enabled"], changed["next_due_at"], changed["policy"]) == (False, None, None)
    assert owner.delete(address).status_code == 204
    assert owner.get(address).json()["code"] == "schedule_not_found"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cron": "sometimes"}, "bad_schedule"),
        ({"zone": "Mars/Base"}, "bad_schedule"),
        ({"scope": "global"}, "invalid"),
        ({"scope": "path"}, "invalid"),
        ({"server_id": "absent"}, "server_not_found"),
        ({"scope": "path", "path": "../x"}, "invalid"),
        ({"policy": {}}, "empty_policy"),
        ({"scope": "path", "path": "world", "policy": {"keep_last": 1}}, "invalid"),
    ],
)
def test_what_no_schedule_can_be_is_refused(
    owner: APIClient, fake: FakeDocker, server: str, restic: FakeRestic, changes: dict[str, Any], code: str
) -> None:
    body = {"cron": "0 4 * * *", "server_id": server} | changes
    assert owner.post("/api/snapshots/schedules", body, format="json").json()["code"] == code
    assert not Schedule.objects.exists()


def test_writing_takes_an_owner_and_so_does_running_what_removes_snapshots(
    owner: APIClient, api: APIClient, fake: FakeDocker, server: str, restic: FakeRestic
) -> None:
    body = {"cron": "0 4 * * *", "server_id": server, "policy": {"keep_last": 3}}
    number = owner.post("/api/snapshots/schedules", body, format="json").json()["id"]
    api.force_authenticate(User.objects.create(username="adam", role=UserRole.ADMIN))
    one = f"/api/snapshots/schedules/{number}"
    assert api.post("/api/snapshots/schedules", body | {"policy": None}, format="json").status_code == 403
    assert api.put(one, body | {"policy": None}, format="json").status_code == 403
    assert api.delete(one).status_code == 403
    assert api.post(f"{one}/run").status_code == 403
    assert api.get(one).status_code == 200


def test_a_good_run_carries_its_policy_out(
    owner: APIClient, fake: FakeDocker, server: str, restic: FakeRestic
) -> None:
    body = {"cron": "0 4 * * *", "server_id": server, "policy": {"keep_last": 2}}
    number = owner.post("/api/snapshots/schedules", body, format="json").json()["id"]
    owner.post("/api/snapshots", {}, format="json")
    runs = [owner.post(f"/api/snapshots/schedules/{number}/run").json() for _ in range(3)]
    assert runs[-1]["message"].endswith("Older snapshots removed: 1.")
    scopes = [tag for one in restic.snapshots for tag in one["tags"] if tag.startswith("scope:")]
    assert scopes == ["scope:global", "scope:server", "scope:server"]


def test_the_rule_itself_refuses_all_but_owners() -> None:
    """Whatever an edge forgets: a policy removes snapshots."""
    stored = Schedule.objects.create(cron="0 3 * * *", scope="global", looked_until=datetime.now(UTC))
    request, admin = planning.request_of(stored), User(username="adam", role=UserRole.ADMIN)

    for act in (
        lambda: planning.create(request, by=admin), lambda: planning.replace(stored.pk, request, by=admin),
        lambda: planning.switch(stored.pk, is_on=False, by=admin), lambda: planning.delete(stored.pk, by=admin),
    ):
        with pytest.raises(Forbidden):
            act()

    assert planning.request_of(Schedule.objects.get()) == request
