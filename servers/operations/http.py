"""How any app's HTTP edge answers for an operation: done, or begun with ``Prefer: respond-async``."""

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from asgiref.sync import async_to_sync
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.identity import who
from accounts.rights.loading import rights_of
from servers.models import Operation, OperationState
from servers.operations import runner
from servers.operations.caller import Caller, Origin
from servers.operations.runner import Job
from web.request import prefers_async

PREFER = OpenApiParameter("Prefer", str, OpenApiParameter.HEADER, description="`respond-async`: do not wait")


class OperationSerializer(serializers.Serializer[Any]):
    """One operation."""

    id = serializers.UUIDField()
    serverId = serializers.CharField(source="server_id", allow_blank=True)  # noqa: N815 - the API's names
    kind = serializers.CharField()
    state = serializers.ChoiceField(choices=OperationState.values)
    startedBy = serializers.CharField(source="started_by")  # noqa: N815
    origin = serializers.CharField()
    startedAt = serializers.DateTimeField(source="started_at")  # noqa: N815
    finishedAt = serializers.DateTimeField(source="finished_at", allow_null=True)  # noqa: N815
    output = serializers.CharField(allow_blank=True)
    percent = serializers.FloatField(allow_null=True)
    stage = serializers.CharField(allow_blank=True)
    bytesDone = serializers.IntegerField(source="bytes_done", allow_null=True, help_text="of this step")  # noqa: N815
    bytesTotal = serializers.IntegerField(source="bytes_total", allow_null=True)  # noqa: N815
    etaSeconds = serializers.IntegerField(  # noqa: N815
        source="eta_seconds", allow_null=True, help_text="until the step is done, a guess; null once it has ended"
    )
    canCancel = serializers.BooleanField(source="cancellable", help_text="false once it has ended")  # noqa: N815
    error = serializers.CharField(allow_blank=True)
    warnings = serializers.ListField(child=serializers.CharField())
    result = serializers.DictField(allow_null=True)


class OperationSummarySerializer(OperationSerializer):
    """One operation in a list of those of all servers: without its output."""

    output = None  # type: ignore[assignment]  # DRF's way to leave a field out


class OperationAnswer(TypedDict):
    """A sentence, and the record in the shape of OperationSerializer."""

    message: str
    operation: dict[str, Any]


class OperationAnswerSerializer(serializers.Serializer[Any]):
    """What an operation answers: a sentence and its record."""

    message = serializers.CharField()
    operation = OperationSerializer()


def caller_of(request: Request) -> Caller:
    """Return who asks over HTTP."""
    user, rights = who(request), rights_of(who(request))
    return Caller(
        user.username, Origin.API, is_owner=rights.is_owner, has_everything=rights.has_everything
    )


def run_for_http(
    request: Request, job: Job, *, done: Callable[[Operation], Mapping[str, Any]] | None = None, status: int = 200
) -> Response:
    """Run ``job`` and answer 200 with what ``done`` makes of its record; 202 at once where the client prefers so.

    Args:
        request: whose ``Prefer`` header counts.
        job: what to do.
        done: returns the body of the answer, already in its API shape; None: message and operation.
        status: of the answer when it is done.
    """
    if prefers_async(request):
        return begun(async_to_sync(runner.start)(job))
    operation = async_to_sync(runner.run)(job)
    return Response(done(operation) if done is not None else answer(operation), status=status)


def begun(operation: Operation) -> Response:
    """Answer 202: the operation runs, and where to look for it."""
    return Response(answer(operation), status=202, headers={"Location": f"/api/operations/{operation.id}"})


def answer(operation: Operation, *, message: str | None = None) -> OperationAnswer:
    """Return ``{"message", "operation"}`` in its API shape."""
    said = runner.message(operation) if message is None else message
    return OperationAnswer(message=said, operation=dict(OperationSerializer(operation).data))
