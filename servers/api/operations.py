"""Operations over HTTP."""

import uuid
from datetime import datetime

from asgiref.sync import async_to_sync
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.permissions import IsSignedIn
from mcadmin.core.errors import InvalidRequest, NotFound
from servers import operations, records
from servers.api import serializers
from servers.models import Operation

PAGE = 50


class OperationNotFound(NotFound):
    """No operation has that id."""

    code = "operation_not_found"


class ServerOperationsViewSet(ViewSet):
    """/servers/{id}/operations."""

    permission_classes = [IsSignedIn]

    @extend_schema(
        operation_id="operations_list",
        parameters=[OpenApiParameter("cursor", str, description="`next` of the page before")],
        responses=serializers.OperationListSerializer,
    )
    def history(self, request: Request, id: str) -> Response:
        """List what was done to the server, newest first."""
        rows = records.list_operations(id, before=_cursor(request), limit=PAGE + 1)
        more = rows[PAGE - 1].started_at.isoformat() if len(rows) > PAGE else None
        answer = {"operations": rows[:PAGE], "next": more}
        return Response(serializers.OperationListSerializer(answer).data)

    @extend_schema(
        operation_id="operations_create",
        request=serializers.OperationRequestSerializer,
        parameters=[
            OpenApiParameter("Prefer", str, OpenApiParameter.HEADER, description="`respond-async`: do not wait")
        ],
        responses={200: serializers.OperationAnswerSerializer, 202: serializers.OperationAnswerSerializer},
    )
    def create(self, request: Request, id: str) -> Response:
        """Carry out one operation, to its end even if the client leaves."""
        body = serializers.OperationRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        action = body.validated_data["action"]
        respond_async = "respond-async" in request.headers.get("Prefer", "").lower()
        work = operations.start if respond_async else operations.run
        done = async_to_sync(work)(id, action, started_by=request.user.username, origin="api")
        answer = {"message": operations.message(done), "operation": done}
        data = serializers.OperationAnswerSerializer(answer).data
        if respond_async:
            return Response(data, status=202, headers={"Location": f"/api/operations/{done.id}"})
        return Response(data)


class OperationViewSet(ViewSet):
    """/operations/{uuid}."""

    permission_classes = [IsSignedIn]

    @extend_schema(operation_id="operations_read", responses=serializers.OperationSerializer)
    def retrieve(self, request: Request, id: uuid.UUID) -> Response:
        """Return one operation; while it runs, with its output so far."""
        return Response(serializers.OperationSerializer(find(id)).data)


def find(operation_id: uuid.UUID) -> Operation:
    """Read an operation; raises OperationNotFound."""
    operation = records.read_operation(operation_id)
    if operation is None:
        raise OperationNotFound("There is no operation with this id.")
    return operation


def _cursor(request: Request) -> datetime | None:
    text = request.query_params.get("cursor")
    if not text:
        return None
    try:
        return datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that was not escaped
    except ValueError:
        raise InvalidRequest("cursor is not one that a page gave as `next`.") from None
