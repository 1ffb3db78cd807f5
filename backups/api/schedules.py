"""Schedules of snapshots over HTTP."""

from datetime import datetime
from typing import Any, TypedDict

from asgiref.sync import async_to_sync
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.identity import who
from accounts.rights import judge
from accounts.rights.verbs import Verb
from backups import wiring
from backups.models import MissedRule, OverlapRule, RunState, Schedule, ScheduleRun
from backups.restic.labels import Scope
from backups.restic.retention import MAX_KEPT
from backups.schedules import planning
from backups.schedules import runs as schedules
from backups.schedules.planning import ScheduleRequest
from core import tasks
from servers.operations.http import PREFER
from web.request import prefers_async

SHOWN_RUNS = 50


class PolicySerializer(serializers.Serializer[Any]):
    """What stays after a good run."""

    keep_last = serializers.IntegerField(min_value=0, max_value=MAX_KEPT, required=False, default=0)
    keep_hourly = serializers.IntegerField(min_value=0, max_value=MAX_KEPT, required=False, default=0)
    keep_daily = serializers.IntegerField(min_value=0, max_value=MAX_KEPT, required=False, default=0)
    keep_weekly = serializers.IntegerField(min_value=0, max_value=MAX_KEPT, required=False, default=0)
    keep_monthly = serializers.IntegerField(min_value=0, max_value=MAX_KEPT, required=False, default=0)


class ScheduleRequestSerializer(serializers.Serializer[Any]):
    """A schedule to make or to replace."""

    cron = serializers.CharField(max_length=100)
    zone = serializers.CharField(max_length=64, default="UTC")
    scope = serializers.ChoiceField(choices=[one.value for one in Scope], default=Scope.SERVER.value)
    server_id = serializers.CharField(max_length=63, default="", allow_blank=True)
    path = serializers.CharField(max_length=1024, default="", allow_blank=True, trim_whitespace=False)
    require_flushed = serializers.BooleanField(default=False)
    policy = PolicySerializer(default=None, allow_null=True)
    missed = serializers.ChoiceField(choices=MissedRule.values, default=MissedRule.RUN_ONCE.value)
    overlap = serializers.ChoiceField(choices=OverlapRule.values, default=OverlapRule.WAIT.value)
    jitter_s = serializers.IntegerField(min_value=0, max_value=planning.MAX_JITTER_S, default=0)
    enabled = serializers.BooleanField(default=True)


class RunSerializer(serializers.Serializer[Any]):
    """What became of one due time."""

    due_at = serializers.DateTimeField()
    by_hand = serializers.BooleanField()
    state = serializers.ChoiceField(choices=RunState.values)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    operation_id = serializers.UUIDField(allow_null=True)
    snapshot_id = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)


class ScheduleSerializer(serializers.Serializer[Any]):
    """One schedule."""

    id = serializers.IntegerField()
    cron = serializers.CharField()
    zone = serializers.CharField()
    scope = serializers.ChoiceField(choices=[one.value for one in Scope])
    server_id = serializers.CharField(allow_blank=True)
    path = serializers.CharField(allow_blank=True)
    require_flushed = serializers.BooleanField()
    policy = PolicySerializer(allow_null=True)
    missed = serializers.ChoiceField(choices=MissedRule.values)
    overlap = serializers.ChoiceField(choices=OverlapRule.values)
    jitter_s = serializers.IntegerField()
    enabled = serializers.BooleanField()
    disabled_because = serializers.CharField(allow_blank=True)
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    next_due_at = serializers.DateTimeField(allow_null=True)
    last_run = RunSerializer(allow_null=True)


class ScheduleListSerializer(serializers.Serializer[Any]):
    """All schedules."""

    schedules = ScheduleSerializer(many=True)


class ScheduleDetailSerializer(ScheduleSerializer):
    """One schedule and its last runs, newest first."""

    runs = RunSerializer(many=True)


class SchedulesView(APIView):
    """/snapshots/schedules."""

    @extend_schema(operation_id="schedules_list", responses=ScheduleListSerializer)
    def get(self, request: Request) -> Response:
        """List the schedules."""
        wiring.repository()
        found = [schedule_payload(one) for one in Schedule.objects.all() if planning.exists_for(who(request), one)]
        return Response(ScheduleListSerializer({"schedules": found}).data)

    @extend_schema(
        operation_id="schedules_create",
        request=ScheduleRequestSerializer,
        responses={201: ScheduleDetailSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make a schedule."""
        wiring.repository()
        made = planning.create(_wanted(request), by=who(request))
        return Response(ScheduleDetailSerializer(detail(made)).data, status=201)


class ScheduleView(APIView):
    """/snapshots/schedules/{n}."""

    @extend_schema(operation_id="schedules_read", responses=ScheduleDetailSerializer)
    def get(self, request: Request, n: int) -> Response:
        """Return one schedule with its last runs."""
        wiring.repository()
        return Response(ScheduleDetailSerializer(detail(planning.read_for(who(request), n))).data)

    @extend_schema(
        operation_id="schedules_replace", request=ScheduleRequestSerializer, responses=ScheduleDetailSerializer
    )
    def put(self, request: Request, n: int) -> Response:
        """Replace a schedule; due times that have passed are not made up for."""
        wiring.repository()
        changed = planning.replace(n, _wanted(request), by=who(request))
        return Response(ScheduleDetailSerializer(detail(changed)).data)

    @extend_schema(operation_id="schedules_delete", responses={204: None})
    def delete(self, request: Request, n: int) -> Response:
        """Delete a schedule and the record of its runs; the snapshots stay."""
        wiring.repository()
        planning.delete(n, by=who(request))
        return Response(status=204)


class ScheduleRunView(APIView):
    """/snapshots/schedules/{n}/run."""

    @extend_schema(
        operation_id="schedules_run",
        request=None,
        parameters=[PREFER],
        responses={200: RunSerializer, 202: RunSerializer},
    )
    def post(self, request: Request, n: int) -> Response:
        """Run a schedule now, to its end even if the client leaves."""
        wiring.repository()
        schedule = planning.read_for(who(request), n)
        if schedule.server_id:
            judge.require(who(request), schedule.server_id, Verb.BACKUP)
        run_id = schedules.begin_by_hand(schedule, by=who(request))
        at_once = prefers_async(request)
        async_to_sync(_begin if at_once else _finish)(run_id)
        run = RunSerializer(ScheduleRun.objects.get(pk=run_id)).data
        headers = {"Location": f"/api/snapshots/schedules/{n}"} if at_once else None
        return Response(run, status=202 if at_once else 200, headers=headers)


async def _begin(run_id: int) -> None:
    tasks.start(schedules.execute(run_id))


async def _finish(run_id: int) -> None:
    await tasks.run_detached(schedules.execute(run_id))


class SchedulePayload(TypedDict):
    """A schedule as ScheduleSerializer takes it.

    ``policy`` is None where nothing is removed, ``next_due_at`` where it will not run; ``path`` and ``server_id`` are
    empty where the scope needs none.
    """

    id: int
    cron: str
    zone: str
    scope: str
    server_id: str
    path: str
    require_flushed: bool
    policy: dict[str, int] | None
    missed: str
    overlap: str
    jitter_s: int
    enabled: bool
    disabled_because: str
    created_by: str
    created_at: datetime
    next_due_at: datetime | None
    last_run: ScheduleRun | None


class ScheduleDetail(SchedulePayload):
    """The same with its last SHOWN_RUNS runs, newest first."""

    runs: list[ScheduleRun]


def schedule_payload(schedule: Schedule) -> SchedulePayload:
    """Return a schedule with its next due time and its last run; two queries."""
    return {
        "id": schedule.pk, "cron": schedule.cron, "zone": schedule.zone, "scope": schedule.scope,
        "server_id": schedule.server_id, "path": schedule.path, "require_flushed": schedule.require_flushed,
        "policy": schedule.policy or None, "missed": schedule.missed, "overlap": schedule.overlap,
        "jitter_s": schedule.jitter_s, "enabled": schedule.enabled, "disabled_because": schedule.disabled_because,
        "created_by": schedule.created_by, "created_at": schedule.created_at,
        "next_due_at": schedules.next_due(schedule), "last_run": schedule.runs.first(),
    }


def detail(schedule: Schedule) -> ScheduleDetail:
    """Return a schedule with its last runs."""
    return {**schedule_payload(schedule), "runs": list(schedule.runs.all()[:SHOWN_RUNS])}


def _wanted(request: Request) -> ScheduleRequest:
    """Return what the client sent; what a schedule may be is judged by ``backups.schedules.planning``."""
    body = ScheduleRequestSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    return ScheduleRequest(**{**body.validated_data, "policy": dict(body.validated_data["policy"] or {})})
