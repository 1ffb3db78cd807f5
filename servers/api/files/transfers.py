"""Upload and download: bodies that stream, in plain async views."""

import os
import stat
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.rights.still import StillAllowed
from accounts.rights.verbs import Verb
from core.errors import NotFound
from core.paths import Root, file_name
from core.tasks import in_thread, opened
from servers.api.files import serializers
from servers.api.files.paths import (
    PATH,
    RAW_PATH,
    changes_checked,
    data,
    path_in_query,
    public,
    raw,
    readable,
    require_readable,
    secrets_from,
)
from servers.minecraft.files.ranges import NotSatisfiable, wanted_range
from servers.minecraft.files.receiving import MultipartUpload, require_room
from servers.minecraft.files.secret_files import SecretFiles
from servers.minecraft.files.text import etag
from servers.minecraft.files.zipping import zip_pieces
from web.request import flag
from web.streaming import AsyncView, attachment_headers, body_of, close_at_end

OVERWRITE = OpenApiParameter("overwrite", bool, description="Replace a file of that name")
PIECE_BYTES = 1024 * 1024
_ENVELOPE_BYTES = 64 * 1024  # what multipart puts around a file
_MOST_DIGITS = 18
_FILE = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}


class UploadView(AsyncView):
    """/servers/{id}/files/upload."""

    reads_body_itself = True

    @extend_schema(
        operation_id="files_upload",
        parameters=[PATH, RAW_PATH, OVERWRITE],
        request={"multipart/form-data": _FILE},
        responses=serializers.FileDoneSerializer,
    )
    async def post(self, request: Request, id: str) -> Response:
        """Upload one file into the directory `path`, which is made when it is missing."""
        upload, root = await opened(_begin_upload, request, id, close=_end_upload)
        try:
            still = StillAllowed(request, id, Verb.FILES_WRITE)
            async for content in gathered(request):
                await still.check()
                await in_thread(upload.feed, content)
            await still.check(now=True)
            await in_thread(upload.finish)
        finally:
            await in_thread(_end_upload, (upload, root))
        path = upload.path
        return Response({"message": f"{file_name(path)} was uploaded.", "path": public(path), "raw_path": raw(path)})


async def gathered(request: Request) -> AsyncIterator[bytearray]:
    """Yield the request's body in pieces of about PIECE_BYTES; one trip to a thread for each costs little."""
    held = bytearray()
    async for piece in body_of(request):
        held += piece
        if len(held) >= PIECE_BYTES:
            yield held
            held = bytearray()
    if held:
        yield held


def _begin_upload(request: Request, server_id: str) -> tuple[MultipartUpload, Root]:
    directory = path_in_query(request, default="/")
    root = data(server_id)
    try:
        limit = settings.MC_ADMIN.max_upload_size_bytes
        require_room(root, _length(request) - _ENVELOPE_BYTES, max_bytes=limit)
        upload = MultipartUpload(
            root, directory, content_type=request.headers.get("Content-Type", ""),
            overwrite=flag(request, "overwrite"), max_bytes=limit, check=changes_checked(request, server_id, root),
        )
    except BaseException:
        root.close()
        raise
    return upload, root


def _end_upload(begun: tuple[MultipartUpload, Root]) -> None:
    upload, root = begun
    try:
        upload.close()
    finally:
        root.close()


def _length(request: Request) -> int:
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else 0


class DownloadView(AsyncView):
    """/servers/{id}/files/download."""

    @extend_schema(
        operation_id="files_download",
        parameters=[
            PATH, RAW_PATH,
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="One range of bytes, of a file"),
        ],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            304: None,
        },
    )
    async def get(self, request: Request, id: str) -> HttpResponseBase:
        """Download a file, or a directory as a zip."""
        found = await opened(_find, request, id, close=_give_back)
        still = StillAllowed(request, id, Verb.FILES_READ)
        answer = _zip(request, found, still) if isinstance(found, _Directory) else _file(request, found, still)
        if request.method == "HEAD" and isinstance(answer, StreamingHttpResponse):
            answer.close()
            return HttpResponse(headers=dict(answer.items()))
        return answer


@dataclass(frozen=True)
class _File:
    fd: int
    info: os.stat_result
    name: str


@dataclass(frozen=True)
class _Directory:
    root: Root
    name: str
    secrets: SecretFiles | None


def _give_back(found: "_File | _Directory") -> None:
    if isinstance(found, _Directory):
        found.root.close()
    else:
        os.close(found.fd)


def _find(request: Request, server_id: str) -> "_File | _Directory":
    path = path_in_query(request)
    name = readable(path.rpartition("/")[2]) or server_id
    with data(server_id) as root:
        found = root.stat(path)
        if found is None:
            raise NotFound(f"{public(path)} does not exist.")
        if stat.S_ISDIR(found.st_mode):
            return _Directory(root.subdirectory(path), name, secrets_from(request, server_id, root))
        require_readable(request, server_id, root, path)
        fd = root.open_file(path)
        return _File(fd, os.fstat(fd), name)


def _file(request: Request, file: _File, still: StillAllowed) -> HttpResponseBase:
    try:
        return _file_answer(request, file, still)
    except BaseException:
        os.close(file.fd)
        raise


def _file_answer(request: Request, file: _File, still: StillAllowed) -> HttpResponseBase:
    tag, size = etag(file.info), file.info.st_size
    headers = attachment_headers(file.name) | {"ETag": tag, "Accept-Ranges": "bytes"}
    if tag in request.headers.get("If-None-Match", ""):
        os.close(file.fd)
        return HttpResponse(status=304, headers={"ETag": tag})
    try:
        same = request.headers.get("If-Range", tag) == tag
        part = wanted_range(request.headers.get("Range"), size=size) if same else None
    except NotSatisfiable:
        os.close(file.fd)
        problem = {"detail": f"The file has {size} bytes: the range lies outside.", "code": "range_not_satisfiable"}
        return Response(problem, status=416, headers={"Content-Range": f"bytes */{size}"})
    first, last = part or (0, size - 1)
    headers["Content-Length"] = str(last - first + 1)
    if part:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    stream = FileStream(file.fd, first=first, length=last - first + 1, still=still)
    close_at_end(request, stream.close)
    return StreamingHttpResponse(stream, status=206 if part else 200, headers=headers)


def _zip(request: Request, directory: _Directory, still: StillAllowed) -> HttpResponseBase:
    stream = ZipStream(directory.root, secrets=directory.secrets, still=still)
    close_at_end(request, stream.close)
    return StreamingHttpResponse(stream, headers=attachment_headers(f"{directory.name}.zip"))


class FileStream:
    """The bytes of an open file as an async iterator.

    Django closes it at the end of the answer, and nobody does where the client leaves before there is one: then it
    closes itself, when the answer is dropped.
    """

    def __init__(self, fd: int, *, first: int, length: int, still: StillAllowed | None = None) -> None:
        self._fd, self._at, self._left, self._still = fd, first, length, still

    def __aiter__(self) -> "FileStream":
        return self

    async def __anext__(self) -> bytes:
        piece = b""
        if self._still is not None:  # the connection breaks off when the right is gone
            await self._still.check()
        if self._left > 0:
            piece = await in_thread(os.pread, self._fd, min(self._left, PIECE_BYTES), self._at)
        if not piece:  # the end, or the file became shorter: the server then breaks the connection off
            raise StopAsyncIteration
        self._at += len(piece)
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    __del__ = close


class ZipStream:
    """The zip of a held directory as an async iterator; closes the directory, as ``FileStream`` its file."""

    def __init__(
        self, root: Root, *, secrets: SecretFiles | None = None, still: StillAllowed | None = None
    ) -> None:
        self._root, self._still = root, still
        self._pieces: Generator[bytes] = zip_pieces(root, "", secrets=secrets)

    def __aiter__(self) -> "ZipStream":
        return self

    async def __anext__(self) -> bytes:
        if self._still is not None:
            await self._still.check()
        piece: bytes | None = await in_thread(next, self._pieces, None)
        if piece is None:
            raise StopAsyncIteration
        return piece

    def close(self) -> None:
        self._pieces.close()
        self._root.close()

    __del__ = close
