"""Operations over HTTP."""

import uuid
from datetime import UTC, datetime

from asgiref.sync import async_to_sync
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from accounts.identity import who
from accounts.rights import judge
from accounts.rights.loading import rights_of
from accounts.rights.verbs import Verb
from core.errors import InvalidRequest
from servers.api import serializers
from servers.api.compose import acceptance_of
from servers.changes import actions
from servers.changes.actions import Action
from servers.models import OperationState
from servers.operations import runner, watched
from servers.operations.http import PREFER, OperationAnswerSerializer, OperationSerializer, answer, begun, run_for_http
from servers.records import incarnations, operation_rows
from servers.records.operation_lists import Place, Wanted
from web.request import flag

PAGE = 50


class ServerOperationsViewSet(ViewSet):
    """/servers/{id}/operations."""

    @extend_schema(
        operation_id="operations_list",
        parameters=[
            OpenApiParameter("cursor", str, description="`next` of the page before"),
            OpenApiParameter("all", bool, description="those of removed servers of this id, too"),
        ],
        responses=serializers.OperationListSerializer,
    )
    def history(self, request: Request, id: str) -> Response:
        """List what was done to the server, newest first."""
        of_all = flag(request, "all") and rights_of(who(request)).has_everything
        incarnation = None if of_all else incarnations.current(id)
        rows = operation_rows.list_operations(id, before=_cursor(request), limit=PAGE + 1, incarnation=incarnation)
        more = rows[PAGE - 1].started_at.isoformat() if len(rows) > PAGE else None
        answer = {"operations": rows[:PAGE], "next": more}
        return Response(serializers.OperationListSerializer(answer).data)

    @extend_schema(
        operation_id="operations_create",
        request=serializers.OperationRequestSerializer,
        parameters=[PREFER],
        responses={200: OperationAnswerSerializer, 202: OperationAnswerSerializer},
    )
    def create(self, request: Request, id: str) -> Response:
        """Carry out one operation, to its end even if the client leaves."""
        body = serializers.OperationRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        is_removal = body.validated_data["action"] == Action.REMOVE
        judge.require(who(request), id, Verb.REMOVE if is_removal else Verb.POWER)
        acceptance = acceptance_of(request, body.validated_data.get("accept_findings"))
        job = async_to_sync(actions.action_job)(id, body.validated_data["action"], acceptance=acceptance)
        return run_for_http(request, job, done=lambda done: answer(done, message=actions.message(done)))


class OperationsView(APIView):
    """/operations."""

    @extend_schema(
        operation_id="operations_list_all",
        parameters=[
            OpenApiParameter("state", str, enum=OperationState.values),
            OpenApiParameter("server", str, description="its id; empty: those of no single server"),
            OpenApiParameter("kind", str, description="`up`, `backup`, …"),
            OpenApiParameter("user", str, description="who began it"),
            OpenApiParameter("cursor", str, description="`next` of the page before"),
        ],
        responses=serializers.OperationSummaryListSerializer,
    )
    def get(self, request: Request) -> Response:
        """List the operations of all servers that you may see, newest first, without their output."""
        asked = request.query_params
        state = asked.get("state") or None
        if state is not None and state not in OperationState.values:
            raise InvalidRequest(f"state must be one of: {', '.join(OperationState.values)}.")
        wanted = Wanted(
            state=state, server_id=asked.get("server"), kind=asked.get("kind") or None,
            started_by=asked.get("user") or None,
        )
        rows = watched.list_page(who(request), wanted, after=_place(asked.get("cursor")), limit=PAGE + 1)
        last = rows[PAGE - 1] if len(rows) > PAGE else None
        more = f"{last.started_at.isoformat()}_{last.id}" if last is not None else None
        answer = {"operations": rows[:PAGE], "next": more}
        return Response(serializers.OperationSummaryListSerializer(answer).data)


class OperationViewSet(ViewSet):
    """/operations/{uuid}."""

    @extend_schema(operation_id="operations_read", responses=OperationSerializer)
    def retrieve(self, request: Request, id: uuid.UUID) -> Response:
        """Return one operation; while it runs, with its output so far."""
        return Response(OperationSerializer(watched.read(who(request), id)).data)

    @extend_schema(
        operation_id="operations_cancel", request=None, responses={202: OperationAnswerSerializer}
    )
    def cancel(self, request: Request, id: uuid.UUID) -> Response:
        """Ask for the end of a running operation; it cleans up before it ends."""
        operation = watched.read(who(request), id)
        if operation.server_id:
            judge.require(who(request), operation.server_id, Verb.POWER)
        return begun(async_to_sync(runner.cancel)(id, by=request.user.username))


def _cursor(request: Request) -> datetime | None:
    text = request.query_params.get("cursor")
    if not text:
        return None
    try:
        return _instant(text)
    except (ValueError, OverflowError):
        raise _not_a_cursor() from None


def _place(text: str | None) -> Place | None:
    if not text:
        return None
    at, _, last = text.partition("_")
    try:
        return Place(_instant(at), uuid.UUID(last))
    except (ValueError, OverflowError):
        raise _not_a_cursor() from None


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that was not escaped
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _not_a_cursor() -> InvalidRequest:
    return InvalidRequest("cursor is not one that a page gave as `next`.")
