"""List, create, rename, move, copy and delete over HTTP."""

import asyncio
import stat
import threading
from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core import paths, tasks
from core.errors import Conflict, Forbidden
from core.paths import Entry, FileMissing, Root
from servers.api.files import serializers
from servers.api.files.paths import (
    PATH,
    RAW_PATH,
    cursor,
    data,
    name_in_query,
    path_in,
    path_in_query,
    public,
    raw,
    readable,
    require_changeable,
    require_movable,
    require_no_name_lost,
)
from servers.minecraft.files import changes
from servers.operations import kinds
from servers.operations.http import PREFER, answer, caller_of, run_for_http
from servers.operations.kinds import OperationKind
from servers.operations.progress import Progress
from servers.operations.runner import Job
from web.request import number, prefers_async, up_to

MAX_LISTED = 25_000
_SPECIAL = "This is a pipe, a socket or a device: it cannot be opened."


COPY = kinds.register(OperationKind(name="copy_files", can_cancel=True))
DELETE = kinds.register(OperationKind(name="delete_files", can_cancel=True))


class FilesViewSet(ViewSet):
    """/servers/{id}/files."""

    @extend_schema(
        operation_id="files_list",
        parameters=[
            PATH, RAW_PATH,
            OpenApiParameter("limit", up_to(MAX_LISTED), description=f"Most items; {MAX_LISTED:,} when not given"),
            OpenApiParameter("after", str, description="`next` of the part before"),
        ],
        responses=serializers.FileListingSerializer,
    )
    def listing(self, request: Request, id: str) -> Response:
        """List a directory, a large one part by part."""
        path, query = path_in_query(request, default="/"), request.query_params
        limit = number(request, "limit", default=MAX_LISTED, highest=MAX_LISTED)
        after = name_in_query(request, "after")
        try:
            with data(id) as root:
                found = paths.page(root, path, after=after, at_most=limit)
        except (FileMissing, Forbidden):
            found = paths.Page([], 0)
        # Plain dictionaries in the serializer's shape: 20,000 entries through a serializer take seconds.
        return Response(
            {
                "items": [_item(path, one) for one in found.entries],
                "current_path": query.get("path", public(path)),
                "total": found.total,
                "truncated": found.has_more,
                "next": cursor(found.last) if found.has_more else None,
            }
        )

    @extend_schema(
        operation_id="files_create",
        request=serializers.FileCreateSerializer,
        responses={200: serializers.FileDoneSerializer},
    )
    def create(self, request: Request, id: str) -> Response:
        """Create an empty file or a directory."""
        body = _valid(serializers.FileCreateSerializer(data=request.data))
        with data(id) as root:
            parent, name = path_in(body, ""), paths.valid_name(body["name"])
            require_changeable(request, id, root, changes.joined(parent, name))
            path = changes.create(root, parent, name, kind=changes.Kind(body["type"]))
        return _done(f"{paths.file_name(path)} was created.", path)

    @extend_schema(
        operation_id="files_rename",
        request=serializers.FileRenameSerializer,
        responses=serializers.FileDoneSerializer,
    )
    def rename(self, request: Request, id: str) -> Response:
        """Give a file, a directory or a link another name in its directory."""
        body = _valid(serializers.FileRenameSerializer(data=request.data))
        with data(id) as root:
            old, name = path_in(body, "old_"), paths.valid_name(body["new_name"])
            require_changeable(request, id, root, old, changes.joined(old.rpartition("/")[0], name))
            require_movable(request, id, root, old)
            path = changes.rename_entry(root, old, name)
        return _done(f"It is called {paths.file_name(path)} now.", path)

    @extend_schema(
        operation_id="files_move", request=serializers.FileMoveSerializer, responses=serializers.FileDoneSerializer
    )
    def move(self, request: Request, id: str) -> Response:
        """Move a file, a directory or a link, in one step."""
        body = _valid(serializers.FileMoveSerializer(data=request.data))
        path, target = path_in(body, ""), path_in(body, "target_")
        with data(id) as root:
            require_changeable(request, id, root, path, target)
            require_movable(request, id, root, path)
            require_no_name_lost(request, id, root, target)
            changes.move(root, path, target, overwrite=body["overwrite"])
        return _done(f"{paths.file_name(path)} was moved.", target)

    @extend_schema(
        operation_id="files_copy",
        request=serializers.FileCopySerializer,
        parameters=[PREFER],
        responses={200: serializers.FileChangeSerializer, 202: serializers.FileChangeSerializer},
    )
    def copy(self, request: Request, id: str) -> Response:
        """Copy a file or a directory; a large one as an operation."""
        body = _valid(serializers.FileCopySerializer(data=request.data))
        path, target = path_in(body, ""), path_in(body, "target_")

        def work(root: Root, tell: changes.Tell) -> dict[str, Any]:
            require_movable(request, id, root, path)  # again: it may begin later
            require_changeable(request, id, root, target)
            return {"left_out": changes.copy(root, path, target, on_bytes=tell)}

        with data(id) as root:
            require_movable(request, id, root, path)
            require_changeable(request, id, root, target)
            large = changes.is_large(root, path, with_content=True)
        what = f"{paths.file_name(path)} was copied."
        return carry_out_on_files(request, id, COPY, work, what=what, large=large)

    @extend_schema(
        operation_id="files_delete",
        parameters=[PATH, RAW_PATH, PREFER],
        responses={200: serializers.FileChangeSerializer, 202: serializers.FileChangeSerializer},
    )
    def destroy(self, request: Request, id: str) -> Response:
        """Delete a file, a link (never its target), or a directory with all in it; a large one as an operation."""
        path = path_in_query(request)

        def work(root: Root, tell: changes.Tell) -> dict[str, Any]:
            deleted = 0

            def count(_: str) -> None:
                nonlocal deleted
                deleted += 1
                tell(1)

            require_changeable(request, id, root, path)  # again: it may begin later
            paths.delete(root, path, on_deleted=count)
            return {"deleted": deleted}

        with data(id) as root:
            require_changeable(request, id, root, path)
            require_no_name_lost(request, id, root, path)
            large = changes.is_large(root, path, with_content=False)
        what = f"{paths.file_name(path)} was deleted."
        return carry_out_on_files(request, id, DELETE, work, what=what, large=large)


Work = Callable[[Root, changes.Tell], dict[str, Any]]


class FileOperationCancelled(Conflict):
    """The operation was cancelled."""

    code = "cancelled"


def carry_out_on_files(  # noqa: PLR0913 - all of one call
    request: Request, server_id: str, kind: OperationKind, work: Work, *, what: str, large: bool
) -> Response:
    """Do the work here and now, or as an operation when it is large or the client does not want to wait."""
    if not large and not prefers_async(request):
        with data(server_id) as root:
            work(root, lambda _: None)
        return Response({"message": what})
    job = Job(
        kind=kind, server_id=server_id, work=lambda progress: in_operation(server_id, work, progress),
        by=caller_of(request),
    )
    return run_for_http(request, job, done=lambda operation: answer(operation, message=what))


async def in_operation(server_id: str, work: Work, progress: Progress) -> dict[str, Any]:
    """Run blocking ``work`` on the server's files in a thread, told about and stopped by its operation."""
    loop, stop = asyncio.get_running_loop(), threading.Event()
    total, told = 0, 0.0

    def tell(count: int) -> None:
        nonlocal total, told
        if stop.is_set():
            raise FileOperationCancelled("It was cancelled.")
        total += count
        if loop.time() - told >= 1.0:
            told = loop.time()
            loop.call_soon_threadsafe(progress.line, f"{total:,} so far")

    def run() -> dict[str, Any]:
        with data(server_id) as root:
            return work(root, tell)

    return await tasks.in_thread(run, on_cancel=stop.set)


def _valid(body: Any) -> dict[str, Any]:
    body.is_valid(raise_exception=True)
    values: dict[str, Any] = body.validated_data
    return values


def _done(message: str, path: str) -> Response:
    return Response({"message": message, "path": public(path), "raw_path": raw(path)})


def _item(directory: str, entry: Entry) -> dict[str, Any]:
    path = changes.joined(directory, entry.name)
    mode = entry.info.st_mode
    is_directory = stat.S_ISDIR(mode)
    problem = entry.problem or (None if is_directory or stat.S_ISREG(mode) else _SPECIAL)
    return {
        "name": readable(entry.name),
        "type": "directory" if is_directory else "file",
        "size": 0 if is_directory or problem else entry.info.st_size,
        "modified_at": entry.info.st_mtime,
        "path": public(path),
        "link": entry.is_link,
        "raw_path": raw(path),
        "problem": problem,
    }


