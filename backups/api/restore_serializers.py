"""The shapes of restores, of what a snapshot holds, and of the repository's upkeep: snake_case."""

from typing import Any

from rest_framework import serializers

from backups.restic.retention import MAX_KEPT, Policy
from servers.minecraft.manager import NEW_SERVER_ID, RESERVED_IDS
from servers.operations.http import OperationSerializer


class PreviewRequestSerializer(serializers.Serializer[Any]):
    """Which snapshot, and what of it; without ``server_id`` the only server that it holds."""

    snapshot_id = serializers.RegexField(r"^[0-9a-f]{8,64}\Z")
    server_id = serializers.CharField(required=False, allow_blank=True, allow_null=True)
    path = serializers.CharField(required=False, allow_blank=True, allow_null=True, trim_whitespace=False)


class RestoreRequestSerializer(PreviewRequestSerializer):
    """What to restore. ``as`` makes a new server of it; the two ``safety`` fields get around the freshness rule."""

    skip_safety_check = serializers.BooleanField(required=False, default=False)
    safety_snapshot = serializers.BooleanField(required=False, default=False)
    accept_findings = serializers.ListField(child=serializers.CharField(), required=False, default=list)

    def get_fields(self) -> dict[str, Any]:
        """Add ``as``, which no Python attribute can be called."""
        pattern = serializers.RegexField(rf"^{NEW_SERVER_ID}\Z", required=False, allow_null=True, allow_blank=True)
        return {**super().get_fields(), "as": pattern}

    def validate_as(self, value: str | None) -> str | None:
        if value in RESERVED_IDS:
            raise serializers.ValidationError(f"{value!r} is reserved. Choose another id.")
        return value


class PreviewActionSerializer(serializers.Serializer[Any]):
    """One thing that would be done; ``item`` is a path below the server's directory."""

    message_type = serializers.CharField()
    action = serializers.CharField(allow_null=True)
    item = serializers.CharField(allow_null=True)
    size = serializers.IntegerField(allow_null=True)


class PreviewSerializer(serializers.Serializer[Any]):
    """What a restore would do, in a list and in a sentence."""

    actions = PreviewActionSerializer(many=True)
    preview_summary = serializers.CharField()


class RestoreAnswerSerializer(serializers.Serializer[Any]):
    """A restore that is done.

    Attributes:
        removed: where the old files are kept, below the servers' folder.
        removed_volume: where those of the game's volume are, an absolute path.
    """

    message = serializers.CharField()
    server_id = serializers.CharField()
    safety_snapshot_id = serializers.CharField(allow_null=True)
    removed = serializers.CharField(allow_null=True)
    removed_volume = serializers.CharField(allow_null=True)
    in_place = serializers.BooleanField()
    warnings = serializers.ListField(child=serializers.CharField())


class DrilledServerSerializer(serializers.Serializer[Any]):
    """What was looked at of one server, and what is wrong with it."""

    server_id = serializers.CharField(allow_blank=True)
    levels = serializers.IntegerField()
    regions = serializers.IntegerField()
    findings = serializers.ListField(child=serializers.CharField())
    databases = serializers.ListField(child=serializers.CharField())


class DrillSerializer(serializers.Serializer[Any]):
    """How a restore drill went; ``passed`` is null where there was no world to look at."""

    message = serializers.CharField()
    passed = serializers.BooleanField(allow_null=True)
    servers = DrilledServerSerializer(many=True)


class SnapshotItemSerializer(serializers.Serializer[Any]):
    """One file or directory in a snapshot; ``path`` is absolute there."""

    name = serializers.CharField()
    type = serializers.ChoiceField(choices=["file", "directory"])
    size = serializers.IntegerField()
    modified_at = serializers.FloatField()
    path = serializers.CharField()
    link = serializers.BooleanField()


class SnapshotFilesSerializer(serializers.Serializer[Any]):
    """What lies in a folder of a snapshot."""

    items = SnapshotItemSerializer(many=True)
    current_path = serializers.CharField()


class SnapshotChangeSerializer(serializers.Serializer[Any]):
    """A path that differs; sizes are null for what is no file, or is not there."""

    path = serializers.CharField()
    old_size = serializers.IntegerField(allow_null=True)
    new_size = serializers.IntegerField(allow_null=True)


class SnapshotDiffSerializer(serializers.Serializer[Any]):
    """What differs between two snapshots; ``left_out`` counts what is too much to list."""

    added = SnapshotChangeSerializer(many=True)
    removed = SnapshotChangeSerializer(many=True)
    changed = SnapshotChangeSerializer(many=True)
    bytes_added = serializers.IntegerField()
    bytes_removed = serializers.IntegerField()
    left_out = serializers.IntegerField()


class ForgetRequestSerializer(serializers.Serializer[Any]):
    """A policy; at least one number must be above 0. Without ``server_id`` it is for all of this panel's."""

    server_id = serializers.CharField(required=False, allow_null=True, allow_blank=True)
    keep_last = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MAX_KEPT)
    keep_hourly = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MAX_KEPT)
    keep_daily = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MAX_KEPT)
    keep_weekly = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MAX_KEPT)
    keep_monthly = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MAX_KEPT)
    dry_run = serializers.BooleanField(required=False, default=False)
    prune = serializers.BooleanField(required=False, default=False)

    def policy(self) -> Policy:
        """Return the policy; raises EmptyPolicy."""
        names = ("keep_last", "keep_hourly", "keep_daily", "keep_weekly", "keep_monthly")
        return Policy(**{name: self.validated_data.get(name) or 0 for name in names})


class ForgetAnswerSerializer(serializers.Serializer[Any]):
    """Which snapshots stay and which went, or would go: then ``operation`` is null."""

    keep = serializers.ListField(child=serializers.CharField())
    remove = serializers.ListField(child=serializers.CharField())
    operation = OperationSerializer(allow_null=True)


class CheckRequestSerializer(serializers.Serializer[Any]):
    """How much of the data to read back."""

    read_data_percent = serializers.FloatField(required=False, default=0, min_value=0, max_value=100)


class UnlockAnswerSerializer(serializers.Serializer[Any]):
    """Which locks were removed."""

    message = serializers.CharField()
    removed = serializers.ListField(child=serializers.CharField())
