"""``server.properties`` over HTTP."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.paths import Root
from servers.api.files import serializers
from servers.api.files.content import IF_MATCH
from servers.api.files.paths import data, require_changeable
from servers.api.secrets import masked, without_masks
from servers.minecraft import properties
from servers.minecraft.files.text import etag, require_match

NAME = "server.properties"
MAX_BYTES = 1024 * 1024


class PropertiesViewSet(ViewSet):
    """/servers/{id}/properties."""

    @extend_schema(operation_id="properties_read", responses=serializers.PropertiesSerializer)
    def retrieve(self, request: Request, id: str) -> Response:
        """Read the properties with their types, in the file's order; secrets (`rcon.password`) as `***`.

        Of an address, who signs in there is `***`: `https://***@example.org/pack.zip`.
        """
        with data(id) as root:
            return _answer(root)

    @extend_schema(
        operation_id="properties_write",
        parameters=[IF_MATCH],
        request=serializers.PropertiesWriteSerializer,
        responses=serializers.PropertiesSerializer,
    )
    def update(self, request: Request, id: str) -> Response:
        """Change the properties given (null takes one out, `***` keeps a secret); comments, order, all others stay."""
        body = serializers.PropertiesWriteSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        if_match = request.headers.get("If-Match")
        with data(id) as root:
            require_changeable(request, id, root, NAME)  # it may be a link
            seen = root.stat(NAME)
            raw = root.read_bytes(NAME, max_bytes=MAX_BYTES) if seen is not None else b""
            wanted = without_masks(body.validated_data["properties"], present=properties.parse(raw))
            changed = properties.change(raw, wanted)
            require_match(seen, if_match)
            tag = etag(seen) if seen is not None else None
            # Nobody may have changed it since we read it: their change would be lost.
            root.write_bytes(NAME, changed, expect=lambda found: require_match(found, tag))
            return _answer(root)


def _answer(root: Root) -> Response:
    found = root.stat(NAME)
    raw = root.read_bytes(NAME, max_bytes=MAX_BYTES)
    tag = etag(found) if found is not None else ""
    shown = {name: masked(name, value) for name, value in properties.parse(raw).items()}
    return Response({"properties": shown, "etag": tag}, headers={"ETag": tag})
