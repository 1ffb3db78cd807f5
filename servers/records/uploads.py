"""Resumable uploads: what the database knows of them. The bytes received, and so the offset, are on disk."""

import os
import uuid
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from core.errors import Conflict, NotFound
from servers.models import Upload

LIFE = timedelta(days=2)  # since the last piece came
MAX_OPEN = 20  # of one server
_COUNTING_KEY = 5678_003  # of advisory locks, beside a hash of the server's id


class UploadNotFound(NotFound):
    """No upload of this server has that id."""

    code = "upload_not_found"


class TooManyUploads(Conflict):
    """The server has as many unfinished uploads as it may."""

    code = "too_many_uploads"


def create(  # noqa: PLR0913 - a row
    upload_id: uuid.UUID, *, server_id: str, path: str, size: int, sha256: str, overwrite: bool, created_by: str
) -> Upload:
    """Record an upload; raises TooManyUploads, however many are begun at the same moment."""
    with transaction.atomic():
        _lock(server_id)
        require_place(server_id)
        return Upload.objects.create(
            pk=upload_id, server_id=server_id, path=os.fsencode(path), size=size, sha256=sha256, overwrite=overwrite,
            created_by=created_by[:50],
        )


def require_place(server_id: str) -> None:
    """Raise TooManyUploads unless the server may have one more now; ``create`` decides."""
    if Upload.objects.filter(server_id=server_id).count() >= MAX_OPEN:
        raise TooManyUploads(f"{server_id} has {MAX_OPEN} unfinished uploads. Finish or delete one first.")


def find(upload_id: uuid.UUID, *, server_id: str) -> Upload:
    """Return an upload of the server; raises UploadNotFound."""
    found = Upload.objects.filter(pk=upload_id, server_id=server_id).first()
    if found is None:
        raise UploadNotFound("There is no such upload: it is finished, was deleted, or was left for two days.")
    return found


def list_open(server_id: str) -> list[Upload]:
    """List the server's unfinished uploads, newest first."""
    return list(Upload.objects.filter(server_id=server_id).order_by("-created_at"))


def expired(server_id: str) -> list[Upload]:
    """List those that nobody has sent a piece of for LIFE."""
    return list(Upload.objects.filter(server_id=server_id, updated_at__lt=datetime.now(UTC) - LIFE))


def path_of(upload: Upload) -> str:
    """Return the path that the file will have."""
    return os.fsdecode(bytes(upload.path))


def touch(upload: Upload) -> None:
    """Note that a piece came; nothing to do where the record has gone meanwhile."""
    Upload.objects.filter(pk=upload.pk).update(updated_at=datetime.now(UTC))


def forget(upload: Upload) -> None:
    """Delete what the database knows of it."""
    upload.delete()


def _lock(server_id: str) -> None:
    """Let no other transaction count the server's uploads before this one has ended.

    There is no row that all of them could lock: the first upload has none. On SQLite each of our transactions locks
    the database as it begins (web/database_url.py).
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_COUNTING_KEY, server_id])
