"""The repository's upkeep over HTTP, for owners: forget, prune, check, unlock."""

from typing import Any

from asgiref.sync import async_to_sync
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backups import wiring
from backups.api import restore_serializers as serializers
from backups.restic import locks
from backups.snapshots import apply_retention
from servers.models import Operation
from servers.operations.http import PREFER, OperationAnswerSerializer, caller_of, run_for_http


class ForgetView(APIView):
    """/snapshots/forget."""

    @extend_schema(
        operation_id="snapshots_forget",
        request=serializers.ForgetRequestSerializer,
        parameters=[PREFER],
        responses={200: serializers.ForgetAnswerSerializer, 202: OperationAnswerSerializer},
    )
    def post(self, request: Request) -> Response:
        """Remove the snapshots that a policy does not keep; pinned ones and each server's last good one stay."""
        body = serializers.ForgetRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        policy, server_id = body.policy(), body.validated_data.get("server_id") or None
        wiring.repository()
        if body.validated_data["dry_run"]:
            decided = async_to_sync(apply_retention.plan)(policy, server_id=server_id)
            answer = {"keep": decided.keep, "remove": decided.remove, "operation": None}
            return Response(serializers.ForgetAnswerSerializer(answer).data)
        job = apply_retention.retention_job(
            policy, server_id=server_id, prune=body.validated_data["prune"],
            by=caller_of(request),
        )
        return run_for_http(request, job, done=_forgotten)


class PruneView(APIView):
    """/snapshots/prune."""

    @extend_schema(
        operation_id="snapshots_prune",
        request=None,
        parameters=[PREFER],
        responses={200: OperationAnswerSerializer, 202: OperationAnswerSerializer},
    )
    def post(self, request: Request) -> Response:
        """Delete the data that no snapshot uses."""
        wiring.repository()
        return run_for_http(request, apply_retention.prune_job(by=caller_of(request)))


class CheckView(APIView):
    """/snapshots/check."""

    @extend_schema(
        operation_id="snapshots_check",
        request=serializers.CheckRequestSerializer,
        parameters=[PREFER],
        responses={200: OperationAnswerSerializer, 202: OperationAnswerSerializer},
    )
    def post(self, request: Request) -> Response:
        """Check the repository, and read a share of its data back."""
        body = serializers.CheckRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        wiring.repository()
        job = apply_retention.check_job(
            read_data_percent=body.validated_data["read_data_percent"], by=caller_of(request)
        )
        return run_for_http(request, job)


class UnlockView(APIView):
    """/snapshots/unlock."""

    @extend_schema(operation_id="snapshots_unlock", request=None, responses=serializers.UnlockAnswerSerializer)
    def post(self, request: Request) -> Response:
        """Remove the locks whose processes have surely ended."""
        removed = [str(lock) for lock in async_to_sync(locks.unlock)(wiring.command())]
        answer = {"message": locks.unlock_sentence(removed), "removed": removed}
        return Response(serializers.UnlockAnswerSerializer(answer).data)


def _forgotten(operation: Operation) -> dict[str, Any]:
    result = operation.result or {}
    answer = {"keep": result["keep"], "remove": result["remove"], "operation": operation}
    return dict(serializers.ForgetAnswerSerializer(answer).data)
