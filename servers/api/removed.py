"""Removed servers over HTTP: list, bring back, delete for good."""

from typing import Any

from asgiref.sync import async_to_sync
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from accounts.identity import who
from accounts.rights import judge
from accounts.rights.loading import rights_of
from accounts.rights.verbs import Verb
from servers.changes import removed
from servers.operations.http import PREFER, OperationAnswerSerializer, answer, caller_of, run_for_http
from servers.records import incarnations

NAME = OpenApiParameter("name", str, OpenApiParameter.PATH, pattern=f"^{removed.REMOVED_NAME}$")


class RemovedServerSerializer(serializers.Serializer[Any]):
    """One removed server. ``name`` is the one to bring it back by."""

    name = serializers.CharField()
    id = serializers.CharField(help_text="the server's, when it was there")
    removedAt = serializers.DateTimeField()  # noqa: N815 - the API's names
    removedBy = serializers.CharField(allow_null=True, help_text="null: nobody remembers")  # noqa: N815


class RemovedListSerializer(serializers.Serializer[Any]):
    """The removed servers, the oldest first."""

    removed = RemovedServerSerializer(many=True)


class RemovedView(APIView):
    """/servers/removed."""

    @extend_schema(operation_id="removed_list", responses=RemovedListSerializer)
    def get(self, request: Request) -> Response:
        """List what was removed and not yet deleted for good, for who may use all servers."""
        rights = rights_of(who(request))
        seen = [one for one in async_to_sync(removed.listed)() if Verb.VIEW in rights.of_removed(one.server_id)]
        by = incarnations.removers(one.name for one in seen)
        rows = [
            {"name": one.name, "id": one.server_id, "removedAt": one.removed_at, "removedBy": by.get(one.name)}
            for one in seen
        ]
        return Response(RemovedListSerializer({"removed": rows}).data)


class RemovedViewSet(ViewSet):
    """/servers/removed/{name} and below."""

    @extend_schema(
        operation_id="removed_restore",
        request=None,
        parameters=[PREFER, NAME],
        responses={200: OperationAnswerSerializer, 202: OperationAnswerSerializer},
    )
    def restore(self, request: Request, name: str) -> Response:
        """Bring a removed server back, with its history and its members; it is not started."""
        found = async_to_sync(removed.find)(name)
        judge.require_removed(who(request), found.server_id, Verb.REMOVE, hidden=removed.not_found(name))
        job = async_to_sync(removed.restore_job)(name, by=caller_of(request))
        said = f"{found.server_id} is back. It was not started."
        return run_for_http(request, job, done=lambda done: answer(done, message=said))

    @extend_schema(
        operation_id="removed_delete",
        parameters=[PREFER, NAME],
        responses={200: OperationAnswerSerializer, 202: OperationAnswerSerializer},
    )
    def destroy(self, request: Request, name: str) -> Response:
        """Delete a removed server for good, its world included; owners only."""
        job = async_to_sync(removed.purge_job)([name], by=caller_of(request))
        return run_for_http(request, job, done=lambda done: answer(done, message=f"{name} was deleted for good."))
