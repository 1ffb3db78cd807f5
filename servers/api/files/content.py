"""Texts over HTTP: read, edit."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.paths import file_name
from servers.api.files import serializers
from servers.api.files.paths import PATH, RAW_PATH, data, path_in_query, require_changeable, require_readable
from servers.minecraft.files.text import read_text, write_text

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The tag that you read: 412 when it is another version now"
)


class ContentViewSet(ViewSet):
    """/servers/{id}/files/content."""

    @extend_schema(
        operation_id="files_content_read", parameters=[PATH, RAW_PATH], responses=serializers.FileContentSerializer
    )
    def retrieve(self, request: Request, id: str) -> Response:
        """Read a text file: UTF-8, up to 5 MiB."""
        path = path_in_query(request)
        with data(id) as root:
            require_readable(request, id, root, path)
            text = read_text(root, path)
        return Response({"content": text.content, "etag": text.etag}, headers={"ETag": text.etag})

    @extend_schema(
        operation_id="files_content_write",
        parameters=[PATH, RAW_PATH, IF_MATCH],
        request=serializers.FileContentWriteSerializer,
        responses=serializers.FileSavedSerializer,
    )
    def update(self, request: Request, id: str) -> Response:
        """Replace the text of a file that is there, in one step."""
        path = path_in_query(request)
        body = serializers.FileContentWriteSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with data(id) as root:
            require_changeable(request, id, root, path)
            text = write_text(
                root, path, body.validated_data["content"],
                if_match=request.headers.get("If-Match"), exact=body.validated_data["exact"],
            )
        answer = {"message": f"{file_name(path)} was saved.", "etag": text.etag}
        return Response(answer, headers={"ETag": text.etag})
