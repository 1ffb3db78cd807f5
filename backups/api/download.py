"""The download of a file of a snapshot, or of a folder as zip."""

from typing import TYPE_CHECKING, cast

from asgiref.sync import sync_to_async
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.models import UserRole
from accounts.permissions import RequireRole
from backups import wiring
from backups.api.contents import PATH
from backups.restic import browsing
from backups.restores import locate
from backups.snapshots.known import find
from core.errors import Forbidden
from web.streaming import AsyncView, attachment_headers

if TYPE_CHECKING:
    from accounts.identity import Identity


class OwnersDownload(Forbidden):
    """An admin asked for what a snapshot holds beside the files of its servers."""

    code = "owner_needed"


class SnapshotDownloadView(AsyncView):
    """/snapshots/{id}/download."""

    @extend_schema(
        operation_id="snapshot_download",
        parameters=[PATH],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    async def get(self, request: Request, id: str) -> HttpResponseBase:
        """Download a file of the snapshot, or a folder as zip."""
        snapshot = await sync_to_async(find)(id)
        restic = wiring.command()
        path = browsing.checked_path(request.query_params.get("path") or "/")
        is_owner = RequireRole(UserRole.OWNER).admits(cast("Identity", request.user))
        if not (is_owner or locate.is_of_a_server(snapshot, path)):
            raise OwnersDownload(
                "Only an owner may download what is not of one server: the panel's own database may be in it. "
                "Name a path of a server."
            )
        node = await browsing.find_content(restic, snapshot.id, path)
        is_folder = node is None or node.type == "dir"
        name = f"{node.name if node else snapshot.short_id}{'.zip' if is_folder else ''}"
        headers = attachment_headers(name)
        if request.method == "HEAD":
            return HttpResponse(headers=headers)
        return StreamingHttpResponse(browsing.read_content(restic, snapshot.id, node), headers=headers)
