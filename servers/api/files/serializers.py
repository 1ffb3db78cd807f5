"""The shapes under /api/servers/{id}/files."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from servers.api.files.paths import TextField
from servers.minecraft.files.changes import Kind
from servers.operations.http import OperationSerializer


class FileItemSerializer(serializers.Serializer[Any]):
    """One entry of a directory. ``problem`` says why it cannot be opened; ``raw_path`` is for names not UTF-8."""

    name = serializers.CharField()
    type = serializers.ChoiceField(choices=["file", "directory"])
    size = serializers.IntegerField()
    modified_at = serializers.FloatField()
    path = serializers.CharField()
    link = serializers.BooleanField()
    raw_path = serializers.CharField(allow_null=True)
    problem = serializers.CharField(allow_null=True)


class FileListingSerializer(serializers.Serializer[Any]):
    """A directory, or a part of it, sorted by name. A missing path, a file and what may not be read have no items.

    ``total`` counts the whole directory. ``truncated`` says that there is more; ``next`` is then the ``after`` of the
    next part.
    """

    items = FileItemSerializer(many=True)
    current_path = serializers.CharField(allow_blank=True)
    total = serializers.IntegerField()
    truncated = serializers.BooleanField()
    next = serializers.CharField(allow_null=True)


class FileContentSerializer(serializers.Serializer[Any]):
    """A file's text and the tag of its version."""

    content = serializers.CharField(allow_blank=True)
    etag = serializers.CharField()


class FileContentWriteSerializer(serializers.Serializer[Any]):
    """A new text. ``exact``: do not keep the old file's byte order mark and Windows line ends."""

    content = TextField()
    exact = serializers.BooleanField(default=False)


class FileSavedSerializer(serializers.Serializer[Any]):
    """A sentence, and the tag of the version written."""

    message = serializers.CharField()
    etag = serializers.CharField()


class FileDoneSerializer(serializers.Serializer[Any]):
    """A sentence, and where the thing is now."""

    message = serializers.CharField()
    path = serializers.CharField()
    raw_path = serializers.CharField(allow_null=True)


class FileChangeSerializer(serializers.Serializer[Any]):
    """A sentence; ``operation`` is there when the work was large enough to be one."""

    message = serializers.CharField()
    operation = OperationSerializer(required=False)


class FileCreateSerializer(serializers.Serializer[Any]):
    """``path`` is the directory to create it in; missing ones are made."""

    name = TextField()
    type = serializers.ChoiceField(choices=[one.value for one in Kind])
    path = TextField(required=False)
    raw_path = serializers.CharField(required=False)


class FileRenameSerializer(serializers.Serializer[Any]):
    """A new name in the same directory."""

    old_path = TextField(required=False)
    old_raw_path = serializers.CharField(required=False)
    new_name = TextField()


class FileMoveSerializer(serializers.Serializer[Any]):
    """``target_path`` is the whole new path; directories missing above it are made."""

    path = TextField(required=False)
    raw_path = serializers.CharField(required=False)
    target_path = TextField(required=False)
    target_raw_path = serializers.CharField(required=False)
    overwrite = serializers.BooleanField(default=False)


class FileCopySerializer(FileMoveSerializer):
    """As for a move, but never over anything."""

    overwrite = None  # type: ignore[assignment]  # DRF's way to leave an inherited field out


class FileMessageSerializer(serializers.Serializer[Any]):
    """A sentence."""

    message = serializers.CharField()


class FileExtractSerializer(serializers.Serializer[Any]):
    """``target_path`` is the directory to extract into: the archive's own when it is not given."""

    path = TextField(required=False)
    raw_path = serializers.CharField(required=False)
    target_path = TextField(required=False)
    target_raw_path = serializers.CharField(required=False)
    overwrite = serializers.BooleanField(default=False)


class FileHitSerializer(serializers.Serializer[Any]):
    """A file found; ``line`` (from 1) and ``text`` when its content was searched."""

    path = serializers.CharField()
    raw_path = serializers.CharField(allow_null=True)
    type = serializers.ChoiceField(choices=["file", "directory"])
    line = serializers.IntegerField(allow_null=True)
    text = serializers.CharField(allow_null=True, allow_blank=True)


class FileFoundSerializer(serializers.Serializer[Any]):
    """What was found; ``stopped`` says why there may be more."""

    results = FileHitSerializer(many=True)
    looked_at = serializers.IntegerField()
    skipped_large = serializers.IntegerField()
    skipped_secret = serializers.IntegerField(help_text="files that hold the RCON password, not searched for you")
    stopped = serializers.CharField(allow_null=True)


class FileTailSerializer(serializers.Serializer[Any]):
    """The end of a file; ``cut``: there is more before it."""

    content = serializers.CharField(allow_blank=True)
    size = serializers.IntegerField()
    cut = serializers.BooleanField()


@extend_schema_field({"type": "string", "pattern": "^([0-9a-fA-F]{64})?$"})
class Sha256Field(serializers.RegexField):
    """The SHA-256 of a file, or nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^([0-9a-fA-F]{64})?\Z", **({"allow_blank": True} | kwargs))


class UploadCreateSerializer(serializers.Serializer[Any]):
    """``path`` is the directory; ``sha256`` of the whole file, as hexadecimal digits, may come with ``finish`` too."""

    path = TextField(required=False)
    raw_path = serializers.CharField(required=False)
    name = TextField()
    size = serializers.IntegerField(min_value=0)
    sha256 = Sha256Field(default="")
    overwrite = serializers.BooleanField(default=False)


class UploadFinishSerializer(serializers.Serializer[Any]):
    """Both may have been said at the beginning."""

    sha256 = Sha256Field(default="")
    overwrite = serializers.BooleanField(required=False)


class UploadSerializer(serializers.Serializer[Any]):
    """An unfinished upload: send from ``offset`` on."""

    id = serializers.UUIDField()
    path = serializers.CharField()
    raw_path = serializers.CharField(allow_null=True)
    size = serializers.IntegerField()
    offset = serializers.IntegerField()
    sha256 = serializers.CharField(allow_blank=True)
    overwrite = serializers.BooleanField()
    created_by = serializers.CharField()
    expires_at = serializers.DateTimeField()


class UploadListSerializer(serializers.Serializer[Any]):
    """Unfinished uploads."""

    uploads = UploadSerializer(many=True)


class UploadedSerializer(FileDoneSerializer):
    """Where the file is now, and what it holds."""

    sha256 = serializers.CharField()


class PropertyField(serializers.JSONField):
    """A value of server.properties: true or false, a whole number, or a text."""


class PropertiesSerializer(serializers.Serializer[Any]):
    """All properties in the file's order, and the tag of its version."""

    properties = serializers.DictField(child=PropertyField())
    etag = serializers.CharField()


class PropertiesWriteSerializer(serializers.Serializer[Any]):
    """Only what shall change; null takes a property out."""

    properties = serializers.DictField(child=PropertyField(allow_null=True))
