"""What snapshots hold, over HTTP: browse and compare."""

from typing import Any

from asgiref.sync import async_to_sync
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.identity import who
from accounts.rights.verbs import Verb
from backups import wiring
from backups.api import restore_serializers as serializers
from backups.restic import browsing
from backups.restic.browsing import Change, Node
from backups.snapshots import visible

PATH = OpenApiParameter("path", str, description="absolute in the snapshot; default its root")


class SnapshotFilesView(APIView):
    """/snapshots/{id}/files."""

    @extend_schema(operation_id="snapshot_files", parameters=[PATH], responses=serializers.SnapshotFilesSerializer)
    def get(self, request: Request, id: str) -> Response:
        """List a folder of the snapshot."""
        path = request.query_params.get("path") or "/"
        snapshot = visible.find(who(request), id, Verb.FILES_READ)
        nodes = async_to_sync(browsing.list_folder)(wiring.command(), snapshot.id, path)
        answer = {"items": [_item(node) for node in nodes], "current_path": path}
        return Response(serializers.SnapshotFilesSerializer(answer).data)


class DiffView(APIView):
    """/snapshots/{a}/diff/{b}."""

    @extend_schema(operation_id="snapshots_diff", responses=serializers.SnapshotDiffSerializer)
    def get(self, request: Request, id: str, other: str) -> Response:
        """Tell what was added, removed and changed from the first snapshot to the second."""
        old, new = (visible.find(who(request), one, Verb.FILES_READ) for one in (id, other))
        found = async_to_sync(browsing.diff)(wiring.command(), old.id, new.id)
        answer = {
            **{kind: _of(kind, found.changes) for kind in ("added", "removed", "changed")},
            "bytes_added": found.bytes_added, "bytes_removed": found.bytes_removed, "left_out": found.left_out,
        }
        return Response(serializers.SnapshotDiffSerializer(answer).data)


def _of(kind: str, changes: list[Change]) -> list[Change]:
    return [one for one in changes if one.kind == kind]


def _item(node: Node) -> dict[str, Any]:
    return {
        "name": node.name, "type": "directory" if node.type == "dir" else "file", "size": node.size,
        "modified_at": node.mtime.timestamp(), "path": node.path, "link": node.type == "symlink",
    }
