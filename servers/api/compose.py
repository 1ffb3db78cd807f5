"""Compose files over HTTP: create, read, change, and what they were before."""

from typing import Any

from asgiref.sync import async_to_sync
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from accounts.identity import who
from accounts.rights.loading import rights_of
from servers import members, wiring
from servers.api import compose_serializers as shapes
from servers.api.files.content import IF_MATCH
from servers.api.items import server_item
from servers.api.serializers import ServerItemSerializer
from servers.changes import compose, create
from servers.changes.compose import ComposeChange
from servers.changes.compose_safety import Acceptance
from servers.minecraft.compose.safety import read_texts
from servers.minecraft.compose_update import HEALTHY_TIMEOUT_S
from servers.operations.http import PREFER, OperationAnswerSerializer, answer, caller_of, run_for_http
from servers.operations.runner import Job
from servers.records import revisions
from web.request import flag


def acceptance_of(request: Request, codes: list[str] | None) -> Acceptance:
    """Return who asks, and what they accept; raises OwnerNeeded when they may not."""
    return Acceptance(by=caller_of(request), codes=frozenset(codes or ()))


def change_of(request: Request, server_id: str) -> tuple[ComposeChange, Acceptance]:
    """Return the new text that a request brings for a server's compose file, and what is accepted with it."""
    body = shapes.ComposeUpdateSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    given = body.validated_data
    healthy = given.get("timeout_s", HEALTHY_TIMEOUT_S) if given.get("wait") else None
    change = ComposeChange(
        server_id=server_id, text=given["yaml_content"], message=given.get("message", ""), healthy_within_s=healthy,
        skip_safety_check=given["skip_safety_check"], if_match=request.headers.get("If-Match"),
    )
    return change, acceptance_of(request, given.get("accept_findings"))


def create_server(request: Request) -> Response:
    """Create a server from a compose text or from parameters; it is not started."""
    body = shapes.ServerCreateSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    given = dict(body.validated_data)
    acceptance = acceptance_of(request, given.pop("accept_findings", None))
    done = async_to_sync(create.create)(acceptance=acceptance, **given)
    members.give_creator(who(request), done.server_id, made_by=done.pk)
    item = server_item(wiring.live().catalog.info(done.server_id))
    return Response(ServerItemSerializer(item).data, status=201)


class DefaultsView(APIView):
    """/servers/defaults."""

    @extend_schema(operation_id="servers_defaults", responses=shapes.DefaultsSerializer)
    def get(self, request: Request) -> Response:
        """Return what a form for a new server may begin with."""
        return Response(shapes.DefaultsSerializer(create.defaults(rights_of(who(request)).sees)).data)


class ComposeViewSet(ViewSet):
    """/servers/{id}/compose and below."""

    @extend_schema(operation_id="servers_compose_read", responses=shapes.ComposeSerializer)
    def read(self, request: Request, id: str) -> Response:
        """Return the compose file as it is with its tag, and its override where there is one."""
        server = wiring.manager().get_instance(id)
        text = server.read_compose_version()
        found: dict[str, Any] = {"yaml_content": text.content, "etag": text.etag}
        texts = list(read_texts(server.directory).values())
        if len(texts) > 1:
            found["override_yaml"] = texts[1].decode(errors="replace")
        return Response(found, headers={"ETag": text.etag})

    @extend_schema(
        operation_id="servers_compose_update",
        request=shapes.ComposeUpdateSerializer,
        parameters=[PREFER, IF_MATCH],
        responses={200: shapes.ComposeSavedSerializer, 202: OperationAnswerSerializer},
    )
    def update(self, request: Request, id: str) -> Response:
        """Put a new compose file in place; what does not run with it runs with the old one again."""
        change, acceptance = change_of(request, id)
        job = async_to_sync(compose.compose_job)(change, acceptance=acceptance)
        return _saved(request, job, message=f"{id} has its new compose file.")

    @extend_schema(
        operation_id="servers_compose_revisions",
        parameters=[OpenApiParameter("all", bool, description="those of removed servers of this id, too")],
        responses=shapes.RevisionListSerializer,
    )
    def revisions(self, request: Request, id: str) -> Response:
        """List the texts that the server had, newest first, each with its difference to the one before."""
        wiring.live().catalog.info(id)  # raises ServerNotFound
        of_all = flag(request, "all") and rights_of(who(request)).has_everything
        rows = [
            {
                "number": one.number, "created_at": one.created_at, "username": one.username, "message": one.message,
                "diff": diff, "yaml_content": one.yaml_content,
            }
            for one, diff in revisions.listed(id, of_all=of_all)
        ]
        return Response(shapes.RevisionListSerializer({"revisions": rows}).data)

    @extend_schema(
        operation_id="servers_compose_restore",
        request=shapes.RevisionRestoreSerializer,
        parameters=[PREFER, IF_MATCH, OpenApiParameter("number", int, OpenApiParameter.PATH)],
        responses={200: shapes.ComposeSavedSerializer, 202: OperationAnswerSerializer},
    )
    def restore(self, request: Request, id: str, number: int) -> Response:
        """Put an old revision in place, as a new text would be."""
        body = shapes.RevisionRestoreSerializer(data=request.data or {})
        body.is_valid(raise_exception=True)
        given = body.validated_data
        job = async_to_sync(compose.restore_job)(
            id, number, acceptance=acceptance_of(request, given.get("accept_findings")),
            skip_safety_check=given["skip_safety_check"], if_match=request.headers.get("If-Match"),
        )
        return _saved(request, job, message=f"{id} has revision {number} of its compose file again.")


def _saved(request: Request, job: Job, *, message: str) -> Response:
    """Run the job, and answer with the tag of the file that it wrote."""
    response = run_for_http(
        request, job, done=lambda done: {**answer(done, message=message), "etag": (done.result or {}).get("etag")}
    )
    if tag := response.data.get("etag"):
        response.headers["ETag"] = tag
    return response
