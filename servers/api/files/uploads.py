"""Resumable uploads over HTTP: begin, send pieces, ask for the offset, finish."""

import uuid
from contextlib import suppress
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.rights.still import StillAllowed
from accounts.rights.verbs import Verb
from core.errors import AppError, InvalidRequest
from core.paths import NewFile, Root, file_name, valid_name
from core.tasks import in_thread, opened
from servers.api.files import serializers
from servers.api.files.paths import data, path_in, public, raw, require_changeable
from servers.api.files.transfers import gathered
from servers.minecraft.files import parts
from servers.minecraft.files.changes import joined
from servers.minecraft.files.parts import Part
from servers.minecraft.files.receiving import require_room
from servers.models import Upload
from servers.records import uploads
from web.streaming import AsyncView


class UploadsViewSet(ViewSet):
    """/servers/{id}/files/uploads."""

    @extend_schema(operation_id="uploads_list", responses=serializers.UploadListSerializer)
    def listing(self, request: Request, id: str) -> Response:
        """List the unfinished uploads, newest first."""
        with data(id) as root:
            found = [_upload_payload(one, root) for one in uploads.list_open(id)]
        return Response({"uploads": [one for one in found if one is not None]})

    @extend_schema(
        operation_id="uploads_create",
        request=serializers.UploadCreateSerializer,
        responses={201: serializers.UploadSerializer},
    )
    def create(self, request: Request, id: str) -> Response:
        """Begin an upload that may be sent in pieces, over days and connections."""
        body = serializers.UploadCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        path = joined(path_in(values, ""), valid_name(values["name"]))
        with data(id) as root:
            require_changeable(request, id, root, path)
            require_room(root, values["size"], max_bytes=settings.MC_ADMIN.max_upload_size_bytes)
            for old in uploads.expired(id):
                _drop(old, root)
            for left in uploads.list_open(id):
                _forget_gone(left, root)
            upload = _begun(root, path, server_id=id, values=values, created_by=request.user.username)
            shown = _upload_payload(upload, root)
        where = f"/api/servers/{id}/files/uploads/{upload.pk}"
        return Response(shown, status=201, headers={"Location": where})

    @extend_schema(
        operation_id="uploads_finish",
        request=serializers.UploadFinishSerializer,
        responses={200: serializers.UploadedSerializer},
    )
    def finish(self, request: Request, id: str, upload_id: uuid.UUID) -> Response:
        """Prove the SHA-256, if one was given, and give the file its name."""
        body = serializers.UploadFinishSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        upload = uploads.find(upload_id, server_id=id)
        path = uploads.path_of(upload)
        with data(id) as root:
            require_changeable(request, id, root, path)
            try:
                found = parts.finish(
                    _part(upload, root), size=upload.size, sha256=body.validated_data["sha256"] or upload.sha256,
                    overwrite=body.validated_data.get("overwrite", upload.overwrite),
                )
            except (parts.WrongHash, parts.PartGone):
                uploads.forget(upload)
                raise
        uploads.forget(upload)
        answer = {"message": f"{file_name(path)} was uploaded.", "path": public(path), "raw_path": raw(path)}
        return Response(answer | {"sha256": found})


class UploadPiecesView(AsyncView):
    """/servers/{id}/files/uploads/{upload_id}."""

    reads_body_itself = True

    @extend_schema(operation_id="uploads_read", responses=serializers.UploadSerializer)
    async def get(self, request: Request, id: str, upload_id: uuid.UUID) -> Response:
        """Tell how far the upload is."""

        def read() -> Any:
            upload = uploads.find(upload_id, server_id=id)
            with data(id) as root:
                _part(upload, root).offset()  # raises PartGone
                return _upload_payload(upload, root)

        return Response(await sync_to_async(read)())

    @extend_schema(
        operation_id="uploads_send",
        parameters=[
            OpenApiParameter(
                "offset", {"type": "integer", "minimum": 0}, required=True, description="Where this piece begins"
            )
        ],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses=serializers.UploadSerializer,
    )
    async def patch(self, request: Request, id: str, upload_id: uuid.UUID) -> Response:
        """Send the next piece. What arrives of it is kept, even if the connection breaks off."""
        offset = _offset(request)
        upload = await sync_to_async(uploads.find)(upload_id, server_id=id)
        root = await opened(data, id, close=Root.close)
        try:
            held = _part(upload, root).held()
            file = await opened(held.__enter__, close=lambda _: held.__exit__(None, None, None))
            try:
                await in_thread(parts.require_offset, file, offset)
                await _receive(request, file, left=upload.size - offset, server_id=id)
            except BaseException as error:
                await in_thread(held.__exit__, type(error), error, error.__traceback__)
                raise
            await in_thread(held.__exit__, None, None, None)
            await in_thread(_part(upload, root).offset)  # raises PartGone: it was deleted meanwhile
            shown = await in_thread(_upload_payload, upload, root)
        finally:
            root.close()
        await sync_to_async(uploads.touch)(upload)
        return Response(shown)

    @extend_schema(operation_id="uploads_delete", responses={200: serializers.FileMessageSerializer})
    async def delete(self, request: Request, id: str, upload_id: uuid.UUID) -> Response:
        """Give the upload up."""

        def give_up() -> None:
            upload = uploads.find(upload_id, server_id=id)
            with data(id) as root:
                _drop(upload, root)

        await sync_to_async(give_up)()
        return Response({"message": "The upload was given up."})


async def _receive(request: Request, file: NewFile, *, left: int, server_id: str) -> None:
    still = StillAllowed(request, server_id, Verb.FILES_WRITE)
    async for content in gathered(request):
        await still.check()
        left -= len(content)
        if left < 0:
            raise InvalidRequest("More bytes came than the upload's size said. Delete it and begin again.")
        await in_thread(file.write, content)


def _offset(request: Request) -> int:
    text = request.query_params.get("offset", "")
    if not text.isdecimal() or len(text) > 15:
        raise InvalidRequest("offset is missing: where does this piece begin?")
    return int(text)


def _begun(root: Root, path: str, *, server_id: str, values: dict[str, Any], created_by: str) -> Upload:
    """Make the file, then record the upload: a record without its file is one that anybody may forget."""
    uploads.require_place(server_id)
    upload_id = uuid.uuid4()
    part = Part(root, path, upload_id=upload_id.hex)
    part.create(overwrite=values["overwrite"])
    try:
        return uploads.create(
            upload_id, server_id=server_id, path=path, size=values["size"], sha256=values["sha256"],
            overwrite=values["overwrite"], created_by=created_by,
        )
    except BaseException:
        with suppress(AppError):  # it is gone already
            part.give_up()
        raise


def _part(upload: Upload, root: Root) -> Part:
    return Part(root, uploads.path_of(upload), upload_id=upload.pk.hex)


def _drop(upload: Upload, root: Root) -> None:
    try:
        _part(upload, root).give_up()
    except (parts.PartGone, InvalidRequest):
        pass
    finally:
        uploads.forget(upload)


def _forget_gone(upload: Upload, root: Root) -> None:
    """Give its place free when its directory was deleted, or its server restored: nobody can finish it."""
    try:
        _part(upload, root).offset()
    except (parts.PartGone, InvalidRequest):
        uploads.forget(upload)


def _upload_payload(upload: Upload, root: Root) -> dict[str, Any] | None:
    """Return the upload in its API shape, or None when its file is gone."""
    path = uploads.path_of(upload)
    try:
        offset = _part(upload, root).offset()
    except AppError:
        return None
    values = {
        "id": upload.pk, "path": public(path), "raw_path": raw(path), "size": upload.size, "offset": offset,
        "sha256": upload.sha256, "overwrite": upload.overwrite, "created_by": upload.created_by,
        "expires_at": upload.updated_at + uploads.LIFE,
    }
    return dict(serializers.UploadSerializer(values).data)


