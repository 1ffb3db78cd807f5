"""Snapshots over HTTP: list, make, pin, delete, and how well all is backed up."""

from typing import Any

from django.conf import settings
from django.http import JsonResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.identity import who
from accounts.rights import judge
from accounts.rights.loading import rights_of
from accounts.rights.verbs import Verb
from backups import wiring
from backups.api import serializers
from backups.repository import space
from backups.restores import locate
from backups.snapshots import create, excludes, health, known, payload, pins, scope, visible
from backups.snapshots import delete as deletion
from backups.snapshots.create import SnapshotRequest
from core.errors import AppError
from core.paths import disk_space
from servers import wiring as servers_wiring
from servers.minecraft.data_root import DataKind, DataRoot, usual
from servers.minecraft.instance import ServerNotFound
from servers.models import Operation
from servers.operations.http import PREFER, OperationAnswerSerializer, caller_of, run_for_http

GB = 1024**3


class SnapshotsView(APIView):
    """/snapshots."""

    @extend_schema(
        operation_id="snapshots_list",
        parameters=[
            OpenApiParameter("server_id", str, description="only those that hold this server"),
            OpenApiParameter("path", str, description="with server_id: only those that hold this path of its data"),
        ],
        responses=serializers.SnapshotListSerializer,
    )
    def get(self, request: Request) -> Response:
        """List snapshots, oldest first; a path without a server is passed over."""
        server_id = request.query_params.get("server_id", "")
        return listed(request, server_id, request.query_params.get("path", "") if server_id else "")

    @extend_schema(
        operation_id="snapshots_create",
        request=serializers.SnapshotRequestSerializer,
        parameters=[PREFER],
        responses={200: serializers.SnapshotAnswerSerializer, 202: OperationAnswerSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make a snapshot of a path, a server or everything, to its end even if the client leaves."""
        body = serializers.SnapshotRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        server_id = body.validated_data.get("server_id") or ""
        if server_id:
            judge.require(who(request), server_id, Verb.BACKUP)
        else:
            judge.require_everything(who(request), "A snapshot of everything")
        return made(request, server_id, body.validated_data)


class ServerSnapshotsView(APIView):
    """/servers/{id}/snapshots."""

    @extend_schema(
        operation_id="server_snapshots_list",
        parameters=[OpenApiParameter("path", str, description="only those that hold this path of its data")],
        responses=serializers.SnapshotListSerializer,
    )
    def get(self, request: Request, id: str) -> Response:
        """List the snapshots that hold the server."""
        return listed(request, id, request.query_params.get("path", ""))

    @extend_schema(
        operation_id="server_snapshots_create",
        request=serializers.ServerSnapshotRequestSerializer,
        parameters=[PREFER],
        responses={200: serializers.SnapshotAnswerSerializer, 202: OperationAnswerSerializer},
    )
    def post(self, request: Request, id: str) -> Response:
        """Make a snapshot of the server, or of a path of its data."""
        body = serializers.ServerSnapshotRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return made(request, id, body.validated_data)


class SnapshotView(APIView):
    """/snapshots/{id}."""

    @extend_schema(operation_id="snapshots_read", responses=serializers.SnapshotSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Return one snapshot."""
        snapshot = visible.find(who(request), id, Verb.VIEW)
        return Response(serializers.SnapshotSerializer(payload.snapshot_payload([snapshot])[0]).data)

    @extend_schema(
        operation_id="snapshots_pin", request=serializers.PinSerializer, responses=serializers.SnapshotSerializer
    )
    def patch(self, request: Request, id: str) -> Response:
        """Pin the snapshot, so that nothing removes it, or let it go."""
        body = serializers.PinSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        snapshot = visible.find(who(request), id, Verb.BACKUP)
        change = pins.pin if body.validated_data["pinned"] else pins.unpin
        change(snapshot, by=who(request))
        return Response(serializers.SnapshotSerializer(payload.snapshot_payload([snapshot])[0]).data)

    @extend_schema(
        operation_id="snapshots_delete",
        parameters=[PREFER],
        responses={200: serializers.MessageSerializer, 202: OperationAnswerSerializer},
    )
    def delete(self, request: Request, id: str) -> Response:
        """Delete a snapshot; its space comes back with the next prune."""
        job = deletion.delete_job(known.find(id), by=caller_of(request))
        return run_for_http(request, job, done=lambda _: {"message": f"Snapshot {id[:8]} is deleted."})


class IgnoreView(APIView):
    """/servers/{id}/snapshots/ignore."""

    @extend_schema(operation_id="snapshot_ignore_read", responses=serializers.IgnoreAnswerSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Return what snapshots of the server leave out; the default where it has no list of its own."""
        return Response(_ignore(id))

    @extend_schema(
        operation_id="snapshot_ignore_write",
        request=serializers.IgnoreSerializer,
        responses=serializers.IgnoreAnswerSerializer,
    )
    def put(self, request: Request, id: str) -> Response:
        """Replace the server's list."""
        body = serializers.IgnoreSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        excludes.write_list(_data(id), body.validated_data["content"])
        return Response(_ignore(id))


class RepositoryUsageView(APIView):
    """/snapshots/repository-usage."""

    @extend_schema(
        operation_id="snapshots_repository_usage",
        responses={200: serializers.REPOSITORY_USAGE},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Tell how full the repository's disk is; null when backups are not configured."""
        if not wiring.is_configured():
            return JsonResponse(None, safe=False)  # DRF renders None as no body at all
        usage: dict[str, Any] = dict.fromkeys(serializers.REPOSITORY_USAGE["required"])
        folder = space.local_folder(wiring.repository_path())
        if folder is not None and folder.is_dir():
            total, free = disk_space(folder)
            usage |= {
                "backupUsedGB": (total - free) / GB, "backupTotalGB": total / GB, "backupAvailableGB": free / GB,
                "repositorySizeBytes": wiring.repository_size().read(folder),
            }
        usage["snapshotCount"] = len(visible.of(who(request), known.read_all()))
        return Response(usage)


class HealthView(APIView):
    """/snapshots/health."""

    @extend_schema(operation_id="snapshots_health", responses=serializers.HealthSerializer)
    def get(self, request: Request) -> Response:
        """Tell of each server when it was last backed up well, and what went wrong since."""
        wiring.repository()
        problem, found = None, []
        try:
            found = list(known.read_all())
        except AppError as error:
            problem = str(error)
        names = judge.visible(who(request), servers_wiring.manager().list_names())
        told = health.read_health(names, found, sees_all=rights_of(who(request)).has_everything)
        answer = {"servers": told, "problem": problem}
        return Response(serializers.HealthSerializer(answer).data)


def listed(request: Request, server_id: str, path: str) -> Response:
    """Answer the snapshots that exist for the caller and hold a target."""
    found = visible.of(who(request), known.read_all())
    if server_id:
        roots = _known_roots(server_id) if path else {}
        place = scope.find_past(settings.MC_ADMIN.server_path, server_id=server_id, path=path, roots=roots)
        found = tuple(locate.holding(found, place))
    return Response(serializers.SnapshotListSerializer({"snapshots": payload.snapshot_payload(found)}).data)


def made(request: Request, server_id: str, body: dict[str, Any]) -> Response:
    """Make a snapshot and answer for it."""
    is_strict = body.get("require") == "flushed"
    wanted = SnapshotRequest(server_id=server_id, path=body.get("path") or "", require_flushed=is_strict)
    job = create.snapshot_job(wanted, by=caller_of(request))
    return run_for_http(request, job, done=_made)


def _made(operation: Operation) -> dict[str, Any]:
    result: dict[str, Any] = operation.result or {}
    answer = {
        "message": f"Snapshot {result['snapshot']['short_id']} was made.",
        "snapshot": result["snapshot"], "warnings": operation.warnings, "skipped": result["skipped"],
        "skipped_because": result["skipped_because"],
    }
    return dict(serializers.SnapshotAnswerSerializer(answer).data)


def _ignore(server_id: str) -> dict[str, Any]:
    data = _data(server_id)
    return {"content": excludes.read_list(data), "warnings": excludes.warnings(data)}


def _known_roots(server_id: str) -> dict[str, DataRoot]:
    """Return where the server's game has its files as far as that is known and within reach; empty if not."""
    try:
        return {server_id: _data(server_id)}
    except ServerNotFound:
        return {}


def _data(server_id: str) -> DataRoot:
    """Return where the server's game has its files, or usually would; raises ServerNotFound."""
    root = servers_wiring.live().data_root(server_id)
    return usual(settings.MC_ADMIN.server_path, server_id) if root.kind is DataKind.ELSEWHERE else root
