"""The limit of unfinished uploads, when many begin one at the same moment."""

import os
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections
from rest_framework.test import APIClient

from accounts.models import User
from servers.models import Upload
from servers.records import uploads

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 3 * uploads.MAX_OPEN


def record(server_id: str, ready: threading.Barrier) -> str:
    """Record an upload on a connection of our own, and tell what came of it."""
    ready.wait()
    try:
        uploads.create(
            uuid.uuid4(), server_id=server_id, path="/a", size=1, sha256="", overwrite=False, created_by="olga"
        )
    except uploads.TooManyUploads as error:
        return error.code
    finally:
        connections.close_all()
    return "begun"


def test_many_who_begin_at_once_keep_to_the_limit() -> None:
    ready = threading.Barrier(2 * MANY)
    with ThreadPoolExecutor(2 * MANY) as pool:
        asked = {name: [pool.submit(record, name, ready) for _ in range(MANY)] for name in ("lobby", "survival")}
        found = {name: Counter(one.result() for one in all_of_it) for name, all_of_it in asked.items()}

    wanted = {"begun": uploads.MAX_OPEN, "too_many_uploads": MANY - uploads.MAX_OPEN}
    assert found == {"lobby": wanted, "survival": wanted}
    assert Upload.objects.filter(server_id="lobby").count() == uploads.MAX_OPEN


def test_each_upload_that_was_begun_at_once_with_others_can_go_on(owner: APIClient, files: str, data: Path) -> None:
    """Nobody takes another's for one whose file is gone, because it is not there yet."""
    user, ready = User.objects.get(), threading.Barrier(MANY)

    def begin(number: int) -> tuple[int, str]:
        client = APIClient()
        client.force_authenticate(user)
        body = {"path": "/world/new", "name": f"{number}.bin", "size": 1}
        ready.wait()
        try:
            answer = client.post(f"{files}/uploads", body, format="json")
        finally:
            connections.close_all()
        return answer.status_code, answer.headers.get("Location", answer.json().get("code"))

    with ThreadPoolExecutor(MANY) as pool:
        found = list(pool.map(begin, range(MANY)))

    begun = [where for status, where in found if status == 201]
    assert len(begun) == uploads.MAX_OPEN
    assert Counter(found)[409, "too_many_uploads"] == MANY - uploads.MAX_OPEN
    assert [where for where in begun if owner.get(where).status_code != 200] == []
    assert len(os.listdir(data / "world" / "new")) == uploads.MAX_OPEN
