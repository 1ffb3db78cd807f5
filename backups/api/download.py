"""The download of a file of a snapshot, or of a folder as zip."""

from asgiref.sync import sync_to_async
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.permissions import IsSignedIn
from backups import wiring
from backups.api.contents import PATH
from backups.api.snapshots import find
from backups.restic import browsing
from mcadmin.streaming import AsyncView


class SnapshotDownloadView(AsyncView):
    """/snapshots/{id}/download."""

    permission_classes = [IsSignedIn]

    @extend_schema(
        operation_id="snapshot_download",
        parameters=[PATH],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    async def get(self, request: Request, id: str) -> HttpResponseBase:
        """Download a file of the snapshot, or a folder as zip."""
        snapshot = await sync_to_async(find)(id)
        restic = wiring.command()
        node = await browsing.find(restic, snapshot.id, request.query_params.get("path") or "/")
        is_folder = node is None or node.type == "dir"
        name = f"{node.name if node else snapshot.short_id}{'.zip' if is_folder else ''}"
        headers = _headers(name)
        if request.method == "HEAD":
            return HttpResponse(headers=headers)
        return StreamingHttpResponse(browsing.read_content(restic, snapshot.id, node), headers=headers)


def _headers(name: str) -> dict[str, str]:
    """Return headers that keep a browser from showing what a game wrote."""
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or "attachment",
        "X-Content-Type-Options": "nosniff",
    }
