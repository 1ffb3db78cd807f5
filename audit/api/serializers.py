"""Shapes of the audit log's answers."""

from typing import Any

from rest_framework import serializers


class AuditQuerySerializer(serializers.Serializer[Any]):
    """The filters of a request; ``from`` is no Python name, so it is declared by name."""

    user = serializers.CharField(required=False, help_text="username, exactly")
    path = serializers.CharField(required=False, help_text="a part of the path")
    method = serializers.CharField(required=False, help_text="POST, DELETE, COMMAND…")
    success = serializers.BooleanField(required=False, allow_null=True, default=None)
    to = serializers.CharField(required=False, help_text="before this ISO 8601 time")
    cursor = serializers.IntegerField(required=False, min_value=1, help_text="`next` of the page before")
    limit = serializers.IntegerField(required=False, min_value=1, max_value=500, default=100)
    format = serializers.ChoiceField(
        choices=["json", "csv", "jsonl"], default="json", help_text="csv and jsonl stream everything, oldest first"
    )

    def get_fields(self) -> dict[str, Any]:
        """Add ``from``, and ``server`` where the address names none."""
        fields = super().get_fields()
        fields["from"] = serializers.CharField(required=False, help_text="since this ISO 8601 time")
        return fields


class AllServersQuerySerializer(AuditQuerySerializer):
    """The filters of /audit: a server, too."""

    server = serializers.CharField(required=False, help_text="server id")


class AuditEventSerializer(serializers.Serializer[Any]):
    """One thing that was done."""

    id = serializers.IntegerField(source="sequence")
    timestamp = serializers.DateTimeField()
    username = serializers.CharField()
    role = serializers.CharField()
    user_id = serializers.IntegerField(allow_null=True)
    method = serializers.CharField()
    path = serializers.CharField()
    status_code = serializers.IntegerField(allow_null=True)
    result = serializers.CharField(allow_blank=True, help_text="`client_left`: broken off, or the outcome is not known")
    success = serializers.BooleanField()
    server_id = serializers.CharField(allow_blank=True)
    client_ip = serializers.CharField(allow_null=True)
    user_agent = serializers.CharField(allow_null=True, allow_blank=True)
    processing_time_ms = serializers.FloatField(allow_null=True)
    path_params = serializers.JSONField()
    query_params = serializers.JSONField()
    request_body = serializers.JSONField()  # any JSON, null too
    request_id = serializers.CharField(allow_blank=True)
    count = serializers.IntegerField()
    hash = serializers.CharField()


class AuditPageSerializer(serializers.Serializer[Any]):
    """One page of the log, newest first."""

    events = AuditEventSerializer(many=True)
    next = serializers.IntegerField(allow_null=True)
