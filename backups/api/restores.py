"""Restores over HTTP: preview, restore, drill."""

from typing import Any

from asgiref.sync import async_to_sync
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.identity import Identity, who
from accounts.permissions import RequireCreator
from accounts.rights import judge
from accounts.rights.loading import rights_of
from accounts.rights.verbs import Verb
from backups.api import restore_serializers as serializers
from backups.restores import drill, preview, restore
from backups.restores.request import RestoreRequest
from backups.snapshots import visible
from core.errors import Forbidden
from servers import members
from servers.changes import compose_kept
from servers.changes.compose_safety import Acceptance
from servers.models import Operation
from servers.operations.http import PREFER, OperationAnswerSerializer, caller_of, run_for_http


class OwnersMaySkip(Forbidden):
    """An admin asked to restore without anything that holds the present state."""

    code = "owner_needed"


class PreviewView(APIView):
    """/snapshots/restore/preview."""

    @extend_schema(
        operation_id="snapshots_restore_preview",
        request=serializers.PreviewRequestSerializer,
        parameters=[PREFER],
        responses={200: serializers.PreviewSerializer, 202: OperationAnswerSerializer},
    )
    def post(self, request: Request) -> Response:
        """Tell what a restore would change; needs restic 0.17."""
        body = serializers.PreviewRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        job = async_to_sync(preview.preview_job)(
            request_of(request, body.validated_data), by=caller_of(request)
        )
        return run_for_http(request, job, done=lambda done: dict(serializers.PreviewSerializer(done.result).data))


class RestoreView(APIView):
    """/snapshots/restore."""

    @extend_schema(
        operation_id="snapshots_restore",
        request=serializers.RestoreRequestSerializer,
        parameters=[PREFER],
        responses={200: serializers.RestoreAnswerSerializer, 202: OperationAnswerSerializer},
    )
    def post(self, request: Request) -> Response:
        """Restore a stopped server, or a path of its data; what was there before is kept."""
        body = serializers.RestoreRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        if body.validated_data["skip_safety_check"] and not caller_of(request).is_owner:
            raise OwnersMaySkip('Only an owner may skip the safety check. Send "safety_snapshot": true instead.')
        wanted = request_of(request, body.validated_data)
        job = async_to_sync(restore.restore_job)(wanted, by=caller_of(request))
        if wanted.as_new:
            job = members.giving_creator(who(request), wanted.as_new, job)
        return run_for_http(request, job, done=_restored)


class VerifyView(APIView):
    """/snapshots/{id}/verify."""

    @extend_schema(
        operation_id="snapshots_verify",
        request=None,
        parameters=[PREFER],
        responses={200: serializers.DrillSerializer, 202: OperationAnswerSerializer},
    )
    def post(self, request: Request, id: str) -> Response:
        """Restore the snapshot into a scratch folder, look at its worlds, and remember the result."""
        snapshot = visible.find(who(request), id, Verb.BACKUP)
        job = drill.drill_job(snapshot, by=caller_of(request))
        return run_for_http(request, job, done=_drilled)


def request_of(request: Request, body: dict[str, Any]) -> RestoreRequest:
    """Read what is wanted from a body that is valid.

    Raises:
        SnapshotNotFound, ServerHidden, RightMissing: the caller may not restore that.
    """
    user = who(request)
    snapshot = visible.find(user, body["snapshot_id"], Verb.RESTORE)
    server_id = body.get("server_id") or str(snapshot.labels.server_id)
    if not rights_of(user).has_everything:
        judge.require(user, server_id, Verb.RESTORE)
    if body.get("path") and not body.get("as"):
        compose_kept.require_replaceable(user, server_id, body["path"])
    if body.get("as") and not rights_of(user).has_everything:
        _require_copy(user, str(snapshot.labels.server_id))
    acceptance = Acceptance(by=caller_of(request), codes=frozenset(body.get("accept_findings") or ()))
    return RestoreRequest(
        snapshot_id=body["snapshot_id"], server_id=body.get("server_id") or "", path=body.get("path") or "",
        as_new=body.get("as") or "", skip_safety_check=body.get("skip_safety_check", False),
        safety_snapshot=body.get("safety_snapshot", False), acceptance=acceptance,
    )


def _require_copy(user: Identity, server_id: str) -> None:
    """Refuse a copy, of which its maker is the manager, to who may not read all that is in it."""
    if not rights_of(user).may_create:
        raise Forbidden(RequireCreator.message)
    for verb in (Verb.FILES_READ, Verb.COMPOSE, Verb.COMMAND):
        judge.require(user, server_id, verb)


def _restored(operation: Operation) -> dict[str, Any]:
    result = operation.result or {}
    answer = {**result, "message": restore.message(result), "warnings": operation.warnings}
    return dict(serializers.RestoreAnswerSerializer(answer).data)


def _drilled(operation: Operation) -> dict[str, Any]:
    result = operation.result or {}
    servers = [{"server_id": server, **found} for server, found in result["servers"].items()]
    answer = {"message": drill.message(result), "passed": result["passed"], "servers": servers}
    return dict(serializers.DrillSerializer(answer).data)
