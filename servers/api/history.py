"""Figures over time, over HTTP: the last hour from memory, what is older from the database."""

import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.identity import who
from accounts.rights.loading import rights_of
from core.errors import InvalidRequest
from servers import wiring
from servers.live.metrics.history import HOST, KEEP_DAYS, MEMORY_S, in_steps
from servers.live.metrics.sampler import INTERVAL_S
from servers.records import monitoring
from web.request import flag

MINUTE_S = 60
DEFAULT_SPAN_S = 3600
FEW_POINTS, MAX_POINTS = 400, 5000
_MOST_DIGITS = 12
_STEPS = (10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400)


@dataclass(frozen=True)
class Metric:
    """A name in the API, its unit, and the field that holds it."""

    unit: str
    field: str


_PER_SECOND = "bytes/s"
SERVER_METRICS = {
    "cpuPercentage": Metric("percent", "cpu_percent"),
    "memoryUsageBytes": Metric("bytes", "memory_bytes"),
    "diskUsageBytes": Metric("bytes", "disk_bytes"),
    "onlinePlayers": Metric("players", "players"),
    "diskReadBytesPerSecond": Metric(_PER_SECOND, "disk_read"),
    "diskWriteBytesPerSecond": Metric(_PER_SECOND, "disk_write"),
    "networkReceiveBytesPerSecond": Metric(_PER_SECOND, "network_receive"),
    "networkSendBytesPerSecond": Metric(_PER_SECOND, "network_send"),
}
HOST_METRICS = {
    "cpuPercentage": Metric("percent", "cpu_percent"),
    "ramUsedBytes": Metric("bytes", "memory_bytes"),
    "diskUsedBytes": Metric("bytes", "disk_bytes"),
    "cpuLoad1Min": Metric("processes", "load"),
}


class PointField(serializers.ListField):
    """``[time, value]``; the value is null where nothing is known."""

    child = serializers.JSONField()


class HistorySerializer(serializers.Serializer[Any]):
    """One figure over time, a point for every step."""

    metric = serializers.CharField()
    unit = serializers.CharField()
    points = serializers.ListField(child=PointField(min_length=2, max_length=2))


def _parameters(metrics: dict[str, Metric]) -> list[OpenApiParameter]:
    when = "ISO 8601, or seconds since 1970"
    return [
        OpenApiParameter("metric", str, enum=list(metrics), required=True),
        OpenApiParameter("from", str, description=f"{when}; an hour before `to` when left out"),
        OpenApiParameter("to", str, description=f"{when}; now when left out"),
        OpenApiParameter(
            "step", {"type": "integer", "minimum": INTERVAL_S, "maximum": 86400 * KEEP_DAYS},
            description=f"seconds between points, 5 at least; 60 at least beyond the last hour; chosen for at most "
            f"{FEW_POINTS} points when left out",
        ),
    ]


class HistoryViewSet(ViewSet):
    """/servers/{id}/history and /system/history."""

    @extend_schema(
        operation_id="servers_history",
        parameters=[
            *_parameters(SERVER_METRICS),
            OpenApiParameter("all", bool, description="also of an earlier server of that name, since removed"),
        ],
        responses=HistorySerializer,
    )
    def server(self, request: Request, id: str) -> Response:
        """Return one of a server's figures over time."""
        wiring.live().catalog.info(id)  # raises ServerNotFound
        began = 0.0
        if not flag(request, "all") or not rights_of(who(request)).has_everything:
            began = monitoring.incarnation_began(id)
        return Response(_answer(request, id, SERVER_METRICS, began=began))

    @extend_schema(
        operation_id="system_history", parameters=_parameters(HOST_METRICS), responses=HistorySerializer
    )
    def host(self, request: Request) -> Response:
        """Return one of the host's figures over time."""
        return Response(_answer(request, HOST, HOST_METRICS, began=0.0))


def _answer(request: Request, name: str, metrics: dict[str, Metric], *, began: float) -> dict[str, Any]:
    asked = request.query_params
    metric = metrics.get(asked.get("metric", ""))
    if metric is None:
        raise InvalidRequest(f"metric must be one of: {', '.join(metrics)}.")
    now = time.time()
    end = _time(asked.get("to"), "to", default=now)
    start = _time(asked.get("from"), "from", default=end - DEFAULT_SPAN_S)
    start = max(start, now - KEEP_DAYS * 86400)
    if start >= end:
        raise InvalidRequest("from must be before to, and at most 14 days ago.")
    in_memory = start >= now - MEMORY_S
    step = _step(asked.get("step"), end - start, in_memory=in_memory)
    field = metric.field
    points = wiring.live().monitoring.history.recent(name, field, start=max(start, began), end=end)
    if step >= MINUTE_S or not in_memory or not points:
        first = points[0][0] if points else math.inf
        stored = monitoring.read_minutes(name, field, start=max(start, began), end=end)
        points = [point for point in stored if point[0] + MINUTE_S <= first] + points
    carry_s = MINUTE_S - 1 if step < MINUTE_S and points and points[0][0] % MINUTE_S == 0 else 1.5 * INTERVAL_S
    times = range(int(start // step) * step, math.ceil(end), step)
    values = in_steps(field, points, times=times, carry_s=carry_s)
    return {
        "metric": asked["metric"],
        "unit": metric.unit,
        "points": [[_iso(at), value] for at, value in values],
    }


def _step(text: str | None, span_s: float, *, in_memory: bool) -> int:
    if text is None:
        few = next((step for step in _STEPS if span_s / step <= FEW_POINTS), _STEPS[-1])
        return few if in_memory else max(few, MINUTE_S)
    is_whole = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    if not is_whole or not INTERVAL_S <= int(text) <= 86400 * KEEP_DAYS:
        raise InvalidRequest("step must be a whole number of seconds, 5 at least.")
    step = int(text) if in_memory else max(int(text), MINUTE_S)
    if span_s / step > MAX_POINTS:
        raise InvalidRequest(f"That would be more than {MAX_POINTS} points: ask for a longer step or a shorter time.")
    return step


def _time(text: str | None, name: str, *, default: float) -> float:
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        try:
            at = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that was not escaped
        except ValueError:
            raise InvalidRequest(f"{name} must be ISO 8601, or seconds since 1970.") from None
        seconds = at.replace(tzinfo=at.tzinfo or UTC).timestamp()
    if not 0 <= seconds <= 1e11:
        raise InvalidRequest(f"{name} must be ISO 8601, or seconds since 1970.")
    return seconds


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
