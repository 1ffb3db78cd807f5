"""The API's own document at /api/schema: built and written once, for strangers ask for it too."""

import threading
from functools import lru_cache
from typing import Any

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SCHEMA_KWARGS, SpectacularAPIView
from rest_framework.request import Request

from accounts.permissions import ByTable

_building = threading.Lock()  # it takes seconds, and the interpreter


class ApiDocumentView(SpectacularAPIView):
    """/schema. It is the same for everybody, whatever the query says."""

    permission_classes = [ByTable]

    @extend_schema(**SCHEMA_KWARGS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002 - DRF's signature
        """Read the OpenAPI document of this API, as YAML."""
        with _building:
            text = _document()
        answer = HttpResponse(text, content_type=OpenApiYamlRenderer.media_type)
        answer["Content-Disposition"] = 'inline; filename="openapi.yaml"'
        return answer


@lru_cache(maxsize=1)
def _document() -> bytes:
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # theirs
    text: bytes = OpenApiYamlRenderer().render(schema, renderer_context={})  # type: ignore[no-untyped-call]  # as above
    return text
