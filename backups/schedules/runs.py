"""Run schedules: each due time exactly once, however many processes look. The rows are the lock."""

import asyncio
import functools
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from django.db import DatabaseError, transaction

from accounts.identity import Identity
from backups import wiring
from backups.models import MissedRule, OverlapRule, RunState, Schedule, ScheduleRun
from backups.restic.labels import Scope, Trigger
from backups.schedules import due_times, planning
from backups.schedules.due_times import BadSchedule
from backups.snapshots import apply_retention, create
from backups.snapshots.create import SnapshotRequest
from core import process_identity, tasks
from core.errors import AppError
from core.locks import Busy
from core.periodic import Periodic
from servers import wiring as servers_wiring
from servers.minecraft.instance import ServerNotFound
from servers.models import Operation
from servers.operations import runner
from servers.operations.caller import Caller, Origin
from servers.records.operation_rows import in_database

logger = logging.getLogger(__name__)

LOOK_S = 2.0
LATE_S = 300.0  # a due time that nobody saw for so long counts as missed
CLOCK_SLACK = timedelta(minutes=5)  # by which the clocks of two processes may differ
BUSY_WAIT_S = 3600.0
BUSY_LOOK_S = 5.0
KEPT_RUNS = 500  # of each schedule


class Scheduler:
    """Looks every LOOK_S what is due. Belongs to one loop."""

    def __init__(self, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        # Two: what keeps one from its look is no reason to leave out the other.
        self._looks = [
            Periodic("dead runs of schedules", functools.partial(in_database, interrupt_dead), LOOK_S),
            Periodic("schedules", self._turn, LOOK_S),
        ]

    def start(self) -> None:
        """Begin looking."""
        for look in self._looks:
            look.start()

    async def stop(self) -> None:
        """End looking; runs under way are operations and end by themselves."""
        for look in self._looks:
            await look.stop()

    async def run_once(self) -> list[asyncio.Task[None]]:
        """Claim what is due and begin it."""
        ripe = await in_database(claim_due, self._now())
        return [tasks.start(execute(run_id)) for run_id in ripe]

    async def _turn(self) -> None:
        await self.run_once()


def claim_due(now: datetime) -> list[int]:
    """Write down every due time up to ``now`` that has no row yet; return the runs that are ours to begin."""
    ripe = []
    for schedule_id in Schedule.objects.filter(enabled=True).values_list("pk", flat=True):
        try:
            ripe += claim(schedule_id, now)
        except Exception as error:  # noqa: BLE001 - one schedule's trouble is not the others'
            _note_failure(schedule_id, error)
    return ripe


def claim(schedule_id: int, now: datetime) -> list[int]:
    """Do what ``claim_due`` does for one schedule.

    The row of the schedule is the lock between processes: whoever has it writes one run for each due time since
    ``looked_until`` and moves that on, in one transaction, so no due time is begun twice or forgotten by a death. A
    clock that was set back would make due times come again: those that have a run already are left out.
    """
    looked_at = Schedule.objects.filter(pk=schedule_id).first()
    try:
        if looked_at is None or not (_is_ahead(looked_at, now) or _ripe(looked_at, now)):  # nearly always
            return []
    except BadSchedule as error:
        _note_unusable(looked_at, str(error))
        return []
    with transaction.atomic():
        schedule = Schedule.objects.select_for_update().filter(pk=schedule_id, enabled=True).first()
        if schedule is None:  # it was switched off meanwhile
            return []
        if _is_ahead(schedule, now):
            logger.warning("the clock was set back: schedule %s looks again from now on", schedule.pk)
            Schedule.objects.filter(pk=schedule.pk).update(looked_until=now)
            return []
        ripe = _ripe(schedule, now)
        if not ripe:  # another process was faster
            return []
        Schedule.objects.filter(pk=schedule.pk).update(looked_until=ripe[-1], disabled_because="")
        seen = set(ScheduleRun.objects.filter(schedule=schedule, due_at__in=ripe).values_list("due_at", flat=True))
        ripe = [at for at in ripe if at not in seen]  # before the clock was set back
        wanted = _to_run(schedule, ripe, now)
        mine = [
            ScheduleRun.objects.create(
                schedule=schedule, due_at=at, owner=process_identity.this_process(),
                state=RunState.WAITING if at in wanted else RunState.MISSED,
                message="" if at in wanted else "MC Admin did not run at this time.",
            )
            for at in ripe
        ]
        old = ScheduleRun.objects.filter(schedule=schedule).values_list("pk", flat=True)[KEPT_RUNS:]
        ScheduleRun.objects.filter(pk__in=list(old)).delete()
    return [run.pk for run in mine if run.state == RunState.WAITING]


def _is_ahead(schedule: Schedule, now: datetime) -> bool:
    """Tell whether due times that are to come count as looked at: the clock was ahead, perhaps by years."""
    return schedule.looked_until > now + CLOCK_SLACK


def _note_unusable(schedule: Schedule | None, reason: str) -> None:
    """Say once that a schedule cannot be followed. It stays on: it goes on when the machine knows its zone again."""
    if schedule is not None and schedule.disabled_because != reason[:200]:
        logger.error("schedule %s cannot be followed: %s", schedule.pk, reason)
        Schedule.objects.filter(pk=schedule.pk).update(disabled_because=reason[:200])


def _note_failure(schedule_id: int, error: Exception) -> None:
    """Say that a schedule failed for a reason nobody thought of; with its traceback once, not every LOOK_S."""
    sentence = f"MC Admin failed at it ({type(error).__name__}). Its log says more."
    try:
        schedule = Schedule.objects.filter(pk=schedule_id).first()
        if schedule is not None and schedule.disabled_because != sentence:
            logger.error("looking at schedule %s failed", schedule_id, exc_info=error)
            _note_unusable(schedule, sentence)
    except DatabaseError:  # then that is the trouble
        logger.exception("looking at schedule %s failed", schedule_id)


def next_due(schedule: Schedule) -> datetime | None:
    """Return when it is due next; None when it is off, or nobody can tell."""
    if not schedule.enabled:
        return None
    try:
        return due_times.following(schedule.cron, schedule.zone, after=datetime.now(UTC))
    except BadSchedule:
        return None


def _ripe(schedule: Schedule, now: datetime) -> list[datetime]:
    """Return the due times that have come, jitter included, up to the first that has not."""
    due = due_times.between(schedule.cron, schedule.zone, after=schedule.looked_until, until=now)
    return list(takewhile(lambda at: at + _delay(schedule, at) <= now, due))


def _to_run(schedule: Schedule, ripe: list[datetime], now: datetime) -> set[datetime]:
    """Choose among the due times: those on time, and by the rule the newest of those that were missed."""
    late = timedelta(seconds=LATE_S + _jitter_s(schedule))
    on_time = {at for at in ripe if now - at <= late}
    if ripe and not on_time and schedule.missed == MissedRule.RUN_ONCE:
        return {ripe[-1]}
    return on_time


def _delay(schedule: Schedule, due_at: datetime) -> timedelta:
    return due_times.jitter(schedule.pk, due_at, at_most_s=_jitter_s(schedule))


def _jitter_s(schedule: Schedule) -> int:
    """Return the longest delay; one that was stored before there was a limit counts as the limit."""
    return min(schedule.jitter_s, planning.MAX_JITTER_S)


def begin_by_hand(schedule: Schedule, *, by: Identity) -> int:
    """Write down a run that somebody asked for now, and return it; raises ResticNotConfigured, Forbidden."""
    wiring.repository()
    planning.require_may_run(schedule, by=by)
    run = ScheduleRun.objects.create(
        schedule=schedule, due_at=datetime.now(UTC), by_hand=True, owner=process_identity.this_process()
    )
    return run.pk


def interrupt_dead() -> None:
    """Mark the runs of processes that are gone."""
    for run in ScheduleRun.objects.filter(state__in=[RunState.WAITING, RunState.RUNNING]):
        if process_identity.is_dead(run.owner):
            ScheduleRun.objects.filter(pk=run.pk, state=run.state).update(
                state=RunState.INTERRUPTED, finished_at=datetime.now(UTC),
                message="MC Admin ended while this was under way.",
            )


def _caller(schedule: Schedule) -> Caller:
    return Caller(f"schedule {schedule.pk}", Origin.SCHEDULE)


async def execute(run_id: int) -> None:
    """Carry out one run and write down what came of it."""
    run = await in_database(lambda: ScheduleRun.objects.select_related("schedule").get(pk=run_id))
    is_told = False
    try:
        await _carry_out(run_id, run.schedule)
        is_told = True
    except asyncio.CancelledError:  # the process ends, and the next one says so
        is_told = True
        raise
    finally:
        if not is_told:
            failed = "MC Admin itself failed while this was under way; its log says more."
            await in_database(_end, run_id, state=RunState.FAILED, message=failed)


async def _carry_out(run_id: int, schedule: Schedule) -> None:
    await in_database(_note, run_id, state=RunState.RUNNING, started_at=datetime.now(UTC))
    try:
        operation = await _back_up(schedule)
        told = await _retain(schedule, (operation.result or {})["snapshot"]["id"])
    except Busy as error:
        state = RunState.SKIPPED if schedule.overlap == OverlapRule.SKIP else RunState.FAILED
        await in_database(_end, run_id, state=state, message=str(error))
    except ServerNotFound as error:
        if await asyncio.to_thread(_is_gone, schedule.server_id):
            await in_database(_disable, schedule.pk, str(error))
        await in_database(_end, run_id, state=RunState.FAILED, message=str(error))
    except AppError as error:
        await in_database(_end, run_id, state=RunState.FAILED, message=str(error))
    else:
        snapshot: dict[str, Any] = (operation.result or {})["snapshot"]
        message = " ".join([f"Snapshot {snapshot['short_id']} ({snapshot['saved']}).", *operation.warnings, *told])
        await in_database(
            _end, run_id, state=RunState.SUCCEEDED, message=message, operation_id=operation.pk,
            snapshot_id=snapshot["id"],
        )


async def _back_up(schedule: Schedule) -> Operation:
    request = SnapshotRequest(
        server_id=schedule.server_id, path=schedule.path, require_flushed=schedule.require_flushed,
        trigger=Trigger.SCHEDULE,
    )
    loop = asyncio.get_running_loop()
    last = loop.time() + BUSY_WAIT_S
    while True:
        job = await in_database(create.snapshot_job, request, by=_caller(schedule))
        try:
            return await runner.run(job)
        except Busy:
            if schedule.overlap == OverlapRule.SKIP or loop.time() > last:
                raise
        await asyncio.sleep(BUSY_LOOK_S)


async def _retain(schedule: Schedule, made: str) -> list[str]:
    """Carry out the schedule's policy; a failure of it takes nothing from the snapshot that was made."""
    try:
        policy = planning.policy_of(schedule)
        if policy is None:
            return []
        job = apply_retention.retention_job(
            policy, server_id=schedule.server_id or None, is_global=schedule.scope == Scope.GLOBAL, prune=False,
            made=made,
            by=_caller(schedule),
        )
        operation = await runner.run(job)
    except AppError as error:
        return [f"Older snapshots were not removed: {error}"]
    gone = len((operation.result or {})["remove"])
    return [f"Older snapshots removed: {gone}."] if gone else []


def _note(run_id: int, **values: Any) -> None:
    ScheduleRun.objects.filter(pk=run_id).update(**values)


def _end(run_id: int, *, state: RunState, message: str, **values: Any) -> None:
    _note(run_id, state=state, message=message, finished_at=datetime.now(UTC), **values)
    if state != RunState.SUCCEEDED:
        logger.warning("a scheduled snapshot was not made: %s", message)


def _is_gone(server_id: str) -> bool:
    """Tell whether the server was removed by hand; no when only its file, or the disk of all servers, is away."""
    manager = servers_wiring.manager()
    return bool(manager.list_names()) and not manager.get_instance(server_id).directory.exists()


def _disable(schedule_id: int, reason: str) -> None:
    Schedule.objects.filter(pk=schedule_id).update(enabled=False, disabled_because=reason[:200])
