"""The shapes of snapshots in the API: snake_case."""

from typing import Any

from rest_framework import serializers

from backups.restic.labels import Saved, Scope, Trigger


class SnapshotSummarySerializer(serializers.Serializer[Any]):
    """What a backup found and added; sizes in bytes. Null is what this restic does not tell."""

    backup_start = serializers.DateTimeField(allow_null=True)
    backup_end = serializers.DateTimeField(allow_null=True)
    files_new = serializers.IntegerField(allow_null=True)
    files_changed = serializers.IntegerField(allow_null=True)
    files_unmodified = serializers.IntegerField(allow_null=True)
    dirs_new = serializers.IntegerField(allow_null=True)
    dirs_changed = serializers.IntegerField(allow_null=True)
    dirs_unmodified = serializers.IntegerField(allow_null=True)
    data_blobs = serializers.IntegerField(allow_null=True)
    tree_blobs = serializers.IntegerField(allow_null=True)
    data_added = serializers.IntegerField(allow_null=True)
    data_added_packed = serializers.IntegerField(allow_null=True)
    total_files_processed = serializers.IntegerField(allow_null=True)
    total_bytes_processed = serializers.IntegerField(allow_null=True)
    total_duration = serializers.FloatField(allow_null=True)


class MissingPlaceSerializer(serializers.Serializer[Any]):
    """Where a server's game writes and the snapshot does not reach."""

    server_id = serializers.CharField()
    place = serializers.CharField()
    why = serializers.CharField()


class SnapshotSerializer(serializers.Serializer[Any]):
    """One snapshot. What its tags do not say is null: somebody else made it.

    ``foreign``: another panel made it, or restic alone: it can be restored, and no rule or deletion touches it.
    """

    id = serializers.CharField()
    short_id = serializers.CharField()
    time = serializers.DateTimeField()
    paths = serializers.ListField(child=serializers.CharField())
    hostname = serializers.CharField(allow_blank=True)
    username = serializers.CharField(allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField())
    program_version = serializers.CharField(allow_null=True)
    tree = serializers.CharField()
    server_id = serializers.CharField(allow_null=True)
    scope = serializers.ChoiceField(choices=[one.value for one in Scope], allow_null=True)
    trigger = serializers.ChoiceField(choices=[one.value for one in Trigger], allow_null=True)
    saved = serializers.ChoiceField(choices=[one.value for one in Saved], allow_null=True)
    missing = MissingPlaceSerializer(many=True)
    warnings = serializers.ListField(child=serializers.CharField())
    pinned = serializers.BooleanField()
    foreign = serializers.BooleanField()
    summary = SnapshotSummarySerializer(allow_null=True)


class SnapshotListSerializer(serializers.Serializer[Any]):
    """Snapshots, oldest first."""

    snapshots = SnapshotSerializer(many=True)


class ServerSnapshotRequestSerializer(serializers.Serializer[Any]):
    """What of a server to save."""

    path = serializers.CharField(required=False, allow_blank=True, allow_null=True, trim_whitespace=False)
    require = serializers.ChoiceField(choices=["flushed"], required=False, allow_null=True)


class SnapshotRequestSerializer(ServerSnapshotRequestSerializer):
    """What to save; ``{}`` is everything."""

    server_id = serializers.CharField(required=False, allow_blank=True, allow_null=True)


class SnapshotAnswerSerializer(serializers.Serializer[Any]):
    """A snapshot just made; ``warnings`` say what of it could be better, ``skipped`` names servers left out.

    ``skipped_because`` holds a sentence for each of them, by its id.
    """

    message = serializers.CharField()
    snapshot = SnapshotSerializer()
    warnings = serializers.ListField(child=serializers.CharField())
    skipped = serializers.ListField(child=serializers.CharField())
    skipped_because = serializers.DictField(child=serializers.CharField())


class PinSerializer(serializers.Serializer[Any]):
    """Whether the snapshot stays."""

    pinned = serializers.BooleanField()


class MessageSerializer(serializers.Serializer[Any]):
    """A sentence."""

    message = serializers.CharField()


class IgnoreSerializer(serializers.Serializer[Any]):
    """What snapshots of a server leave out: restic's patterns, relative to its data."""

    content = serializers.CharField(allow_blank=True, trim_whitespace=False)


class IgnoreAnswerSerializer(IgnoreSerializer):
    """The list, and what is wrong with it."""

    warnings = serializers.ListField(child=serializers.CharField())


_USAGE_FIELDS = {
    "backupUsedGB": "number", "backupTotalGB": "number", "backupAvailableGB": "number",
    "repositorySizeBytes": "integer", "snapshotCount": "integer",
}
# Null as a whole where backups are not configured, which no serializer can say.
REPOSITORY_USAGE: dict[str, Any] = {
    "title": "RepositoryUsage",  # what generators call it
    "type": ["object", "null"],
    "description": "The disk of a local repository; null figures for one that is reached over a network.",
    "properties": {name: {"type": [kind, "null"]} for name, kind in _USAGE_FIELDS.items()},
    "required": list(_USAGE_FIELDS),
}


class ServerHealthSerializer(serializers.Serializer[Any]):
    """How well one server is backed up. ``last_good`` is the newest whole snapshot that holds all of it.

    ``warnings``: what is wrong with its snapshots as they are now: a world that the newest one lost, dates ahead.
    """

    server_id = serializers.CharField()
    last_good = serializers.CharField(allow_null=True)
    last_good_at = serializers.DateTimeField(allow_null=True)
    age_seconds = serializers.FloatField(allow_null=True)
    saved = serializers.ChoiceField(choices=[one.value for one in Saved], allow_null=True)
    last_failure_at = serializers.DateTimeField(allow_null=True)
    last_failure = serializers.CharField(allow_null=True)
    last_drill_at = serializers.DateTimeField(allow_null=True)
    last_drill_passed = serializers.BooleanField(allow_null=True)
    saving_is_off_since = serializers.DateTimeField(allow_null=True)
    warnings = serializers.ListField(child=serializers.CharField())


class HealthSerializer(serializers.Serializer[Any]):
    """How well each server is backed up; ``problem`` says why the repository could not be read."""

    servers = ServerHealthSerializer(many=True)
    problem = serializers.CharField(allow_null=True)
