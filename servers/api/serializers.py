"""The shapes of requests and answers under /api/servers and /api/operations."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from servers.changes.actions import Action
from servers.minecraft.status import MCServerStatus
from servers.minecraft.status_reason import REASON_CODES
from servers.operations.http import OperationSerializer, OperationSummarySerializer


def reason_code() -> serializers.ChoiceField:
    """Return the field of a reason's code."""
    return serializers.ChoiceField(
        choices=REASON_CODES, allow_null=True,
        help_text="what the reason is; it never changes. Null: there is no reason",
    )


def reason_params() -> serializers.DictField:
    """Return the field of a reason's parameters."""
    return serializers.DictField(
        child=serializers.JSONField(), help_text="what the reason's sentence says besides; empty without a reason"
    )


class StatusSerializer(serializers.Serializer[Any]):
    """A server's status and its reason."""

    status = serializers.ChoiceField(choices=[one.value for one in MCServerStatus])
    reason = serializers.CharField(allow_null=True)
    since = serializers.DateTimeField(allow_null=True)
    exitCode = serializers.IntegerField(source="exit_code", allow_null=True)  # noqa: N815 - the API's names
    oomKilled = serializers.BooleanField(source="oom_killed", allow_null=True)  # noqa: N815
    health = serializers.CharField(allow_null=True)
    lastStatus = serializers.ChoiceField(  # noqa: N815
        source="last_status", choices=[one.value for one in MCServerStatus], allow_null=True
    )
    reasonCode = reason_code()  # noqa: N815
    reasonParams = reason_params()  # noqa: N815


class ServerItemSerializer(serializers.Serializer[Any]):
    """One server in a list. Figures of use are null until they are sampled."""

    id = serializers.CharField()
    name = serializers.CharField()
    serverType = serializers.CharField()  # noqa: N815
    gameVersion = serializers.CharField()  # noqa: N815
    gamePort = serializers.IntegerField()  # noqa: N815
    maxMemoryBytes = serializers.IntegerField()  # noqa: N815
    rconPort = serializers.IntegerField()  # noqa: N815
    javaVersion = serializers.IntegerField(allow_null=True)  # noqa: N815
    status = serializers.ChoiceField(choices=[one.value for one in MCServerStatus])
    statusReason = serializers.CharField(allow_null=True)  # noqa: N815
    statusReasonCode = reason_code()  # noqa: N815
    statusReasonParams = reason_params()  # noqa: N815
    since = serializers.DateTimeField(allow_null=True)
    cpuPercentage = serializers.FloatField(allow_null=True)  # noqa: N815
    memoryUsageBytes = serializers.IntegerField(allow_null=True)  # noqa: N815
    onlinePlayers = serializers.ListField(child=serializers.CharField(), allow_null=True)  # noqa: N815
    diskUsageBytes = serializers.IntegerField(allow_null=True)  # noqa: N815
    problem = serializers.CharField(allow_null=True)
    node = serializers.CharField(allow_null=True, help_text="the machine; null where there is one")


@extend_schema_field({"type": "string", "enum": [action.value for action in Action]})
class ActionField(serializers.CharField):
    """One of the actions, in capitals or not."""


class OperationRequestSerializer(serializers.Serializer[Any]):
    """Body of ``POST /servers/{id}/operations``."""

    action = ActionField()
    accept_findings = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, help_text="owners only; codes of the safety policy"
    )

    def validate_action(self, value: str) -> Action:
        try:
            return Action(value.lower())
        except ValueError:
            known = ", ".join(Action)
            raise serializers.ValidationError(f"There is no action {value[:40]!r}. Actions: {known}.") from None


class OperationListSerializer(serializers.Serializer[Any]):
    """A page of operations; ``next`` is the cursor of the following page."""

    operations = OperationSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class OperationSummaryListSerializer(serializers.Serializer[Any]):
    """A page of operations of all servers; ``next`` is the cursor of the following page."""

    operations = OperationSummarySerializer(many=True)
    next = serializers.CharField(allow_null=True)


class PlayersSerializer(serializers.Serializer[Any]):
    """Who is online; ``sampledAt`` is null before the first sample, ``motd`` and ``latencyMs`` without a ping.

    ``onlineCount`` exceeds the names where the game takes no commands and its ping tells none, or few.
    """

    onlinePlayers = serializers.ListField(child=serializers.CharField())  # noqa: N815
    onlineCount = serializers.IntegerField()  # noqa: N815
    maxPlayers = serializers.IntegerField(allow_null=True)  # noqa: N815
    sampledAt = serializers.DateTimeField(allow_null=True)  # noqa: N815
    motd = serializers.CharField(allow_null=True)
    latencyMs = serializers.FloatField(allow_null=True)  # noqa: N815


class RconRequestSerializer(serializers.Serializer[Any]):
    """Body of ``POST /servers/{id}/rcon``."""

    command = serializers.CharField(trim_whitespace=False, max_length=4096)


class RconAnswerSerializer(serializers.Serializer[Any]):
    """The game's answer, colours removed."""

    result = serializers.CharField(allow_blank=True)
    command = serializers.CharField()
