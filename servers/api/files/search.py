"""Search, tail and extraction over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.identity import who
from core.errors import Unavailable
from core.paths import Root, file_name
from servers.api.files import serializers
from servers.api.files.entries import carry_out_on_files
from servers.api.files.paths import (
    PATH,
    RAW_PATH,
    changes_checked,
    data,
    path_in,
    path_in_query,
    public,
    raw,
    require_readable,
    secrets_from,
)
from servers.minecraft.files import changes
from servers.minecraft.files.extraction import extract
from servers.minecraft.files.search import MAX_RESULTS, MAX_TIME_S, Wanted, search
from servers.minecraft.files.tail import tail
from servers.operations import kinds
from servers.operations.http import PREFER
from servers.operations.kinds import OperationKind
from web.rate_limit import FairTurns
from web.request import flag, number, up_to

MAX_TAIL_LINES = 10_000
LARGE_ARCHIVE_BYTES = 32 * 1024 * 1024


EXTRACT = kinds.register(OperationKind(name="extract_files", can_cancel=True))


# Each may take a processor for seconds. Who would wait for longer is told so, and holds no thread meanwhile.
AT_ONCE, WAIT_S = 2, MAX_TIME_S  # one that ends at the latest by then leaves its turn to who waits
_turns = FairTurns(AT_ONCE)


class TooManySearches(Unavailable):
    """Others search, and take long."""

    code = "too_many_searches"


class SearchViewSet(ViewSet):
    """What reads more than one file, or only the end of one."""

    @extend_schema(
        operation_id="files_search",
        parameters=[
            PATH,
            RAW_PATH,
            OpenApiParameter("name", str, description="A part of the name, or a glob with * ? ["),
            OpenApiParameter("content", str, description="A part of a line; with `regex`, a regular expression"),
            OpenApiParameter("regex", bool),
            OpenApiParameter("limit", up_to(MAX_RESULTS), description="Most hits; 200 when not given"),
        ],
        responses=serializers.FileFoundSerializer,
    )
    def search(self, request: Request, id: str) -> Response:
        """Find files below a directory by name, by content, or both; bounded, and says when it stopped early."""
        query = request.query_params
        wanted = Wanted(
            name=query.get("name", ""), content=query.get("content", ""), is_regex=flag(request, "regex"),
            limit=number(request, "limit", default=200, highest=MAX_RESULTS),
        )
        with data(id) as root, _in_turn(who(request).pk):
            secrets = secrets_from(request, id, root)
            found = search(root, path_in_query(request, default="/"), wanted, secrets=secrets)
        hits = [
            {
                "path": public(hit.path), "raw_path": raw(hit.path), "line": hit.line, "text": hit.text,
                "type": "directory" if hit.is_directory else "file",
            }
            for hit in found.hits
        ]
        told = {
            "looked_at": found.looked_at, "skipped_large": found.skipped_large,
            "skipped_secret": found.skipped_secret, "stopped": found.stopped,
        }
        return Response({"results": hits} | told)

    @extend_schema(
        operation_id="files_tail",
        parameters=[
            PATH, RAW_PATH, OpenApiParameter("lines", up_to(MAX_TAIL_LINES), description="200 when not given")
        ],
        responses=serializers.FileTailSerializer,
    )
    def tail(self, request: Request, id: str) -> Response:
        """Read the last lines of a file, at most 1 MiB."""
        lines = number(request, "lines", default=200, highest=MAX_TAIL_LINES)
        path = path_in_query(request)
        with data(id) as root:
            require_readable(request, id, root, path)
            found = tail(root, path, lines=lines)
        return Response({"content": found.content, "size": found.size, "cut": found.is_cut})

    @extend_schema(
        operation_id="files_extract",
        request=serializers.FileExtractSerializer,
        parameters=[PREFER],
        responses={200: serializers.FileChangeSerializer, 202: serializers.FileChangeSerializer},
    )
    def extract(self, request: Request, id: str) -> Response:
        """Extract a .zip, .tar.gz or .tar into a directory: all of it or nothing; a large one as an operation."""
        body = serializers.FileExtractSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        path = path_in(values, "")
        target = path_in(values, "target_", default=public(path.rpartition("/")[0]))

        def work(root: Root, tell: changes.Tell) -> dict[str, Any]:
            check = changes_checked(request, id, root)
            check(target)
            count = extract(root, path, target, overwrite=values["overwrite"], on_bytes=tell, check=check)
            return {"files": count}

        with data(id) as root:
            found = root.stat(path)
        is_large = found is not None and found.st_size >= LARGE_ARCHIVE_BYTES
        what = f"{file_name(path)} was extracted."
        return carry_out_on_files(request, id, EXTRACT, work, what=what, large=is_large)


@contextmanager
def _in_turn(user_id: int) -> Iterator[None]:
    with _turns.turn(user_id, wait_s=WAIT_S) as has_turn:
        if not has_turn:
            raise TooManySearches("Other searches are under way and take long. Try again in a moment.")
        yield
