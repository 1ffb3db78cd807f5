"""The shapes of requests and answers about compose files."""

import re
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from servers.api.serializers import ServerItemSerializer
from servers.minecraft.compose import java
from servers.minecraft.data_root import DataKind
from servers.minecraft.manager import NEW_SERVER_ID, RESERVED_IDS
from servers.operations.http import OperationAnswerSerializer


class AcceptSerializer(serializers.Serializer[Any]):
    """What an owner accepts of the safety policy's findings, for exactly this text."""

    accept_findings = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, help_text="owners only; codes of the safety policy"
    )


@extend_schema_field(
    {"oneOf": [{"type": "string", "enum": list(java.CHOICES)}, {"type": "integer", "enum": list(java.OFFERED)}]}
)
class JavaField(serializers.ChoiceField):
    """``auto`` or a Java version, as a number or a text; a text inside."""


class ServerCreateSerializer(AcceptSerializer):
    """Body of ``POST /servers``: a compose text, or parameters for our template."""

    id = serializers.RegexField(rf"^{NEW_SERVER_ID}\Z")
    yaml_content = serializers.CharField(required=False, trim_whitespace=False)
    accept_eula = serializers.BooleanField(required=False)
    type = serializers.CharField(required=False)
    version = serializers.CharField(required=False)
    java = JavaField(choices=java.CHOICES, required=False, help_text="of the image; `auto`: what the version needs")
    max_memory = serializers.CharField(required=False)
    game_port = serializers.IntegerField(required=False, min_value=1, max_value=65535)
    rcon_port = serializers.IntegerField(required=False, min_value=1, max_value=65535)
    motd = serializers.CharField(required=False, allow_blank=True)
    max_players = serializers.IntegerField(required=False, min_value=1)
    online_mode = serializers.BooleanField(required=False)

    def validate_id(self, value: str) -> str:
        if value in RESERVED_IDS or not re.fullmatch(NEW_SERVER_ID, value):
            raise serializers.ValidationError(f"{value!r} is reserved. Choose another id.")
        return value


class DefaultsSerializer(serializers.Serializer[Any]):
    """What a form for a new server may begin with."""

    gamePort = serializers.IntegerField()  # noqa: N815 - the API's names
    rconPort = serializers.IntegerField()  # noqa: N815
    types = serializers.ListField(child=serializers.CharField())
    versions = serializers.DictField(child=serializers.CharField(), help_text="by type, of a server that is there")


class ComposeSerializer(serializers.Serializer[Any]):
    """The compose file's text as it is on disk."""

    yaml_content = serializers.CharField()
    etag = serializers.CharField(help_text="the version of the compose file, for `If-Match`; the header says the same")
    override_yaml = serializers.CharField(required=False, help_text="where there is an override file")


class RevisionRestoreSerializer(AcceptSerializer):
    """Body of ``POST /servers/{id}/compose/revisions/{number}/restore``, and a part of that of a new text."""

    skip_safety_check = serializers.BooleanField(
        required=False, default=False,
        help_text="owner: change the game's version or type though no snapshot of its world can be made first",
    )


class ComposeUpdateSerializer(RevisionRestoreSerializer):
    """Body of ``POST /servers/{id}/compose``."""

    yaml_content = serializers.CharField(trim_whitespace=False)
    message = serializers.CharField(required=False, allow_blank=True, max_length=500)
    wait = serializers.ChoiceField(choices=["healthy"], required=False)
    timeout_s = serializers.IntegerField(required=False, min_value=1, max_value=3600)


class ComposeSavedSerializer(OperationAnswerSerializer):
    """A new text is in its place: the operation, and the version of the file as it was written."""

    etag = serializers.CharField()


class RevisionSerializer(serializers.Serializer[Any]):
    """One text that a server had; without a name it was found on the disk."""

    number = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    username = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    diff = serializers.CharField(allow_blank=True)
    yaml_content = serializers.CharField(allow_blank=True)


class RevisionListSerializer(serializers.Serializer[Any]):
    """A server's revisions, newest first."""

    revisions = RevisionSerializer(many=True)


class PortSerializer(serializers.Serializer[Any]):
    """One entry of ``ports``; a range is told by its first numbers and ``count``. Null: a variable hides it."""

    host = serializers.CharField(allow_null=True)
    published = serializers.IntegerField(allow_null=True)
    target = serializers.IntegerField(allow_null=True)
    count = serializers.IntegerField()
    protocol = serializers.CharField(allow_null=True)


class VolumeSerializer(serializers.Serializer[Any]):
    """One entry of ``volumes``."""

    type = serializers.CharField()
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # DRF takes fields off the class
    target = serializers.CharField()
    readOnly = serializers.BooleanField()  # noqa: N815


class FindingSerializer(serializers.Serializer[Any]):
    """One finding of the safety policy, and whether an owner has accepted it for exactly this text."""

    code = serializers.CharField()
    message = serializers.CharField()
    line = serializers.IntegerField(allow_null=True)
    file = serializers.CharField(allow_null=True)
    accepted = serializers.BooleanField()


class DataRootSerializer(serializers.Serializer[Any]):
    """Where the game keeps its files: what it sees as `/data`."""

    kind = serializers.ChoiceField(
        choices=[one.value for one in DataKind],
        help_text="folder: in the server's directory. volume: a named volume of the engine. elsewhere: out of reach",
    )
    inSnapshots = serializers.BooleanField(  # noqa: N815
        help_text="whether a snapshot of the server holds these files"
    )
    sentence = serializers.CharField(help_text="the place in words; with `elsewhere` what to do about it")


class ServerDetailSerializer(ServerItemSerializer):
    """One server in full. Values of secret variables are masked; ``hints`` name conventions that the file breaks.

    ``games``: the services that are games, the main one first, whose are commands, players, console and figures.
    """

    image = serializers.CharField(allow_null=True)
    environment = serializers.DictField(child=serializers.CharField(allow_null=True, allow_blank=True))
    ports = PortSerializer(many=True)
    volumes = VolumeSerializer(many=True)
    restart = serializers.CharField(allow_null=True)
    warnings = serializers.ListField(child=serializers.CharField())
    hints = serializers.ListField(child=serializers.CharField())
    games = serializers.ListField(child=serializers.CharField())
    dataRoot = DataRootSerializer()  # noqa: N815
    findings = FindingSerializer(many=True)
