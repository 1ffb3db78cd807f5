import json
import logging
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from accounts.identity import SystemUser
from audit import recorder, store
from audit.events import Event
from audit.models import AuditEvent
from audit.tests.conftest import Lines, SetAudit

pytestmark = pytest.mark.django_db
FACTOR = float(os.environ.get("MCADMIN_TIME_FACTOR", "1"))


def test_one_row_and_one_line(lines: Lines) -> None:
    recorder.record(Event(method="POST", path="/api/x", success=True, status_code=200, request_body={"a": 1}))

    row = AuditEvent.objects.get()
    assert (row.method, row.path, row.success, row.request_body) == ("POST", "/api/x", True, {"a": 1})
    [line] = lines()
    assert line["path"] == "/api/x"
    assert line["username"] == line["role"] == "anonymous"
    assert line["user_id"] is None
    assert datetime.fromisoformat(line["timestamp"]).utcoffset() == timedelta(0)


def test_a_log_line_cannot_be_forged(log_file: Path, lines: Lines) -> None:
    evil = 'x\r\n{"username":"forged"}\x1b[2J\x7f\x85\u2028\u202e\0\ud800'
    recorder.record(Event(method="POST", path=evil, success=False, username=evil, user_agent=evil, request_body=evil))

    text = log_file.read_text("utf-8")
    assert text.count("\n") == 1
    assert text.rstrip("\n").isprintable()
    assert len(lines()) == 1
    assert AuditEvent.objects.count() == 1


def test_too_long_values_are_cut() -> None:
    recorder.record(Event(method="POST", path="/" * 9000, success=False, user_agent="x" * 9000, username="y" * 999))

    row = AuditEvent.objects.get()
    assert (len(row.path), len(row.user_agent or ""), len(row.username)) == (2048, 512, 150)


def test_commands_are_kept_and_their_secrets_masked(lines: Lines) -> None:
    recorder.record_command(
        user=SystemUser(), server_id="mc", command="say hi password=c4nary", client_ip="1.2.3.4", success=True
    )
    shell = SimpleNamespace(id=None, username="root", role="shell")
    recorder.record_command(user=shell, server_id="mc", command="list", client_ip=None, success=False)

    first, second = AuditEvent.objects.order_by("sequence")
    assert (first.username, first.user_id, first.server_id, first.client_ip) == ("SYSTEM", 0, "mc", "1.2.3.4")
    assert first.request_body == {"command": "say hi password=***MASKED***"}
    assert (second.username, second.role, second.user_id, second.success) == ("root", "shell", None, False)
    assert "c4nary" not in str(lines())


def counted(place: str) -> tuple[int, int]:
    found = [one for one in recorder.failures() if one.place == place]
    return (found[0].late, found[0].lost) if found else (0, 0)


def test_a_failing_file_is_told_and_its_lines_are_written_when_it_is_mended(
    settings: LazySettings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "folder").touch()
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"logs_dir": tmp_path / "folder"})

    recorder.record(Event(method="POST", path="/x", success=True))
    recorder.record(Event(method="POST", path="/y", success=True))

    assert counted("file") == (2, 0)
    assert [row.path for row in AuditEvent.objects.order_by("sequence")] == ["/x", "/y"]
    assert [entry.levelno for entry in caplog.records] == [logging.ERROR]

    (tmp_path / "folder").unlink()
    recorder.record(Event(method="POST", path="/z", success=True))

    text = (tmp_path / "folder" / "operations.log").read_text()
    assert [json.loads(line)["path"] for line in text.splitlines()] == ["/x", "/y", "/z"]


def test_a_full_disk_loses_no_row_and_is_counted(settings: LazySettings, set_audit: SetAudit) -> None:
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"logs_dir": Path("/dev")})
    set_audit(log_file="full")

    recorder.record(Event(method="POST", path="/x", success=True))
    recorder.flush()
    recorder.record(Event(method="POST", path="/y", success=True))

    assert counted("file") == (2, 1)
    assert AuditEvent.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_failing_database_is_counted_and_the_row_comes_later(
    lines: Lines, caplog: pytest.LogCaptureFixture
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent RENAME TO away")
    try:
        recorder.record(Event(method="POST", path="/x", success=True))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO audit_auditevent")
    assert len(lines()) == 1
    assert [entry.levelno for entry in caplog.records] == [logging.ERROR]

    recorder.record(Event(method="POST", path="/y", success=True))

    assert [row.path for row in AuditEvent.objects.order_by("sequence")] == ["/x", "/y"]
    assert counted("database") == (1, 0)


def test_an_event_that_cannot_be_made_is_counted() -> None:
    def broken() -> Event:
        raise TypeError("strange")

    recorder.record_made(broken)
    recorder.record(Event(method="POST", path="/x", success=True))

    assert counted("making") == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_an_event_that_no_database_takes_costs_no_other(lines: Lines) -> None:
    recorder.start()
    for status in (200, 10**30, 201):  # no column holds the second
        recorder.record(Event(method="POST", path="/x", success=True, status_code=status))
    recorder.flush()

    assert len(lines()) == 3
    assert counted("database") == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_in_the_background_nothing_waits_longer_than_a_second(lines: Lines) -> None:
    recorder.start()
    started = time.monotonic()
    recorder.record(Event(method="POST", path="/x", success=True))
    took = time.monotonic() - started
    while not lines() and time.monotonic() - started < 10:
        time.sleep(0.02)

    assert took < 0.1
    assert time.monotonic() - started < 1 * FACTOR
    recorder.flush()
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_end_writes_what_is_queued(lines: Lines) -> None:
    recorder.start()
    for number in range(1200):
        recorder.record(Event(method="POST", path=f"/{number}", success=True))
    recorder.flush()

    paths = [f"/{number}" for number in range(1200)]
    assert [line["path"] for line in lines()] == paths
    assert list(AuditEvent.objects.order_by("sequence").values_list("path", flat=True)) == paths
    assert list(store.verify()) == []


def test_switched_off_nothing_is_written(set_audit: SetAudit, log_file: Path) -> None:
    set_audit(enabled=False)
    recorder.record(Event(method="POST", path="/x", success=True))
    recorder.record_master_read(lambda: Event(method="GET", path="/x", success=True), pattern="x")

    assert not AuditEvent.objects.exists()
    assert not log_file.exists()


def read_at(second: int, *, ip: str = "1.2.3.4", pattern: str = "GET x") -> None:
    at = datetime(2026, 1, 1, 12, 0, tzinfo=UTC) + timedelta(seconds=second)
    values: dict[str, Any] = {"request_id": f"{second}-{ip}-{pattern}", "client_ip": ip, "timestamp": at}
    recorder.record_master_read(lambda: Event(method="GET", path="/x", success=True, **values), pattern=pattern)


def test_reads_of_one_minute_address_and_pattern_are_one_entry_with_a_count(lines: Lines) -> None:
    for second in (0, 10, 59):
        read_at(second)
    read_at(20, ip="5.6.7.8")
    read_at(30, pattern="GET y")
    assert AuditEvent.objects.count() == 3

    read_at(60)

    assert list(AuditEvent.objects.order_by("sequence").values_list("count", flat=True)) == [3, 1, 1, 1]
    assert [line["count"] for line in lines()] == [1, 1, 1, 3, 1]


def test_flush_writes_the_counts_in_memory() -> None:
    read_at(0)
    read_at(1)
    recorder.flush()
    recorder.flush()

    assert AuditEvent.objects.get().count == 2
