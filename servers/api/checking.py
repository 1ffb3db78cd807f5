"""Compose files and new servers over HTTP, looked at before they are saved: nothing is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from asgiref.sync import async_to_sync
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.identity import who
from core.errors import Unavailable
from servers.api import compose_serializers as shapes
from servers.api.compose import acceptance_of, change_of
from servers.api.files.content import IF_MATCH
from servers.changes import checking, create
from servers.changes.checking import Checked, Effect
from web.rate_limit import FairTurns

# Each runs Compose several times. Who would wait for longer is told so, and holds no thread meanwhile.
AT_ONCE, WAIT_S = 3, 10.0
_turns = FairTurns(AT_ONCE)


class TooManyChecks(Unavailable):
    """Other texts are looked at, and take long."""

    code = "too_many_checks"


class RemarkSerializer(serializers.Serializer[Any]):
    """Something to be said of a text: a stable code, a sentence, and where; ``file`` null: the compose file itself."""

    code = serializers.CharField()
    message = serializers.CharField()
    line = serializers.IntegerField(allow_null=True)
    file = serializers.CharField(allow_null=True)


class DerivedSerializer(serializers.Serializer[Any]):
    """What the text says; `unknown` and 0 where it does not."""

    serverType = serializers.CharField(source="server_type")  # noqa: N815 - the API's names
    gameVersion = serializers.CharField(source="game_version")  # noqa: N815
    javaVersion = serializers.IntegerField(source="java_version", allow_null=True)  # noqa: N815
    gamePort = serializers.IntegerField(source="game_port")  # noqa: N815
    rconPort = serializers.IntegerField(source="rcon_port")  # noqa: N815
    maxMemoryBytes = serializers.IntegerField(source="max_memory_bytes")  # noqa: N815
    games = serializers.ListField(child=serializers.CharField())


class CheckedSerializer(serializers.Serializer[Any]):
    """What saving would come to. It is refused while there are errors, or findings that are not accepted."""

    errors = RemarkSerializer(many=True)  # type: ignore[assignment]  # DRF takes fields off the class
    findings = shapes.FindingSerializer(many=True)
    warnings = RemarkSerializer(many=True)
    diff = serializers.CharField(allow_blank=True, help_text="unified, to the text that is there, or to nothing")
    derived = DerivedSerializer(allow_null=True, help_text="null: the text cannot be read")
    effect = serializers.ChoiceField(
        choices=[one.value for one in Effect], allow_null=True,
        help_text="recreate: it is stopped, and made anew; restart: players are sent off; null: the engine is away",
    )


class CheckChangeView(APIView):
    """/servers/{id}/compose/check."""

    @extend_schema(
        operation_id="servers_compose_check", parameters=[IF_MATCH], request=shapes.ComposeUpdateSerializer,
        responses=CheckedSerializer,
    )
    def post(self, request: Request, id: str) -> Response:
        """Say what saving this text would come to; nothing is written."""
        change, acceptance = change_of(request, id)
        with _in_turn(request):
            return _answer(async_to_sync(checking.check_change)(change, acceptance=acceptance))


class CheckNewView(APIView):
    """/servers/check."""

    @extend_schema(operation_id="servers_check", request=shapes.ServerCreateSerializer, responses=CheckedSerializer)
    def post(self, request: Request) -> Response:
        """Say what creating this server would come to; nothing is written."""
        body = shapes.ServerCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        acceptance = acceptance_of(request, given.pop("accept_findings", None))
        with _in_turn(request):
            return _answer(async_to_sync(checking.check_new)(create.request_of(acceptance=acceptance, **given)))


@contextmanager
def _in_turn(request: Request) -> Iterator[None]:
    with _turns.turn(who(request).pk, wait_s=WAIT_S) as has_turn:
        if not has_turn:
            raise TooManyChecks("Other compose files are looked at, and take long. Try again in a moment.")
        yield


def _answer(found: Checked) -> Response:
    return Response(CheckedSerializer(found).data)
