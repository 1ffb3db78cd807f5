"""What the end of a process leaves behind."""

import gc
import sqlite3

import pytest
from asgiref.sync import sync_to_async

from audit import recorder
from audit.events import Event
from audit.models import AuditEvent
from mcadmin import lifespan
from testing.fake_docker import FakeDocker


def open_connections() -> int:
    found = 0
    for one in gc.get_objects():
        if type(one) is sqlite3.Connection:  # not isinstance: it asks dead weak references, too
            try:
                one.in_transaction  # noqa: B018 - raises where it is closed, from any thread
            except sqlite3.ProgrammingError:
                continue
            found += 1
    return found


@pytest.mark.django_db(transaction=True)
async def test_the_last_counts_of_the_audit_leave_no_connection_open(fake: FakeDocker) -> None:
    before = open_connections()
    event = Event(method="GET", path="/x", success=True, request_id="of-this-test")
    for _ in range(2):
        await sync_to_async(recorder.record_master_read)(lambda: event, pattern="GET x")

    await lifespan.stop_services()

    assert (await AuditEvent.objects.aget()).count == 2
    assert open_connections() <= before + 1  # the one of the thread that Django shares
