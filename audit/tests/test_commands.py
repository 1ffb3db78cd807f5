import asyncio
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connections

from audit import recorder
from audit.events import Event
from audit.models import AuditEvent
from mcadmin.doctor.findings import Verdict
from mcadmin.doctor.installation import check_audit

pytestmark = pytest.mark.django_db


def write(count: int = 3, **fields: Any) -> None:
    for number in range(count):
        recorder.record(Event(method="POST", path=f"/{number}", success=True, **fields))


def test_verify_says_that_all_is_whole_and_where_the_end_is(capsys: pytest.CaptureFixture[str]) -> None:
    write()
    call_command("audit", "verify")

    last = AuditEvent.objects.get(sequence=3)
    assert capsys.readouterr().out == f"Whole. The last event is 3, its hash {last.hash}\n"


def test_verify_fails_on_a_changed_row_and_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    write()
    AuditEvent.objects.filter(sequence=2).update(username="mallory\x1b[2J")

    with pytest.raises(CommandError, match="1 breaks"):
        call_command("audit", "verify")
    out = capsys.readouterr().out
    assert out.startswith("Row 2 (")
    assert "\x1b" not in out

    with pytest.raises(CommandError):
        call_command("audit", "verify", "--json")
    assert len(json.loads(capsys.readouterr().out)["broken"]) == 1


def test_export_to_standard_output_and_to_a_file_of_its_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write(server_id="mc")
    write(server_id="other")

    call_command("audit", "export", "--server", "mc")
    assert [json.loads(line)["path"] for line in capsys.readouterr().out.splitlines()] == ["/0", "/1", "/2"]

    file = tmp_path / "audit.csv"
    call_command("audit", "export", "--format", "csv", "--output", str(file), "--to", "2100-01-01")
    assert len(file.read_text().splitlines()) == 7
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("audit", "export", "--output", str(file))
    with pytest.raises(CommandError, match="must be a time"):
        call_command("audit", "export", "--from", "yesterday")


@pytest.mark.parametrize("argv", [["audit", "prune", "--days", "10"], ["prune_audit", "--days", "10"]])
def test_prune_deletes_what_is_old_and_leaves_a_word_about_it(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write(timestamp=datetime.now(UTC) - timedelta(days=11))
    write()
    call_command(*argv)

    assert capsys.readouterr().out == "3 audit events older than 10 days are deleted.\n"
    assert AuditEvent.objects.count() == 4
    told = AuditEvent.objects.get(method="SHELL")
    assert told.request_body == {"keep_days": 10, "deleted": 3}
    assert told.role == "shell"
    call_command("audit", "verify")


def test_prune_keeps_audit_keep_days_by_default() -> None:
    write(timestamp=datetime.now(UTC) - timedelta(days=89))
    call_command("audit", "prune")
    assert AuditEvent.objects.count() == 4


@pytest.mark.django_db(transaction=True)
async def test_doctor_tells_what_could_not_be_written(settings: LazySettings, tmp_path: Path) -> None:
    assert [one.verdict for one in await check_audit()] == [Verdict.OK]

    def fail() -> None:
        (tmp_path / "no-folder").touch()
        settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"logs_dir": tmp_path / "no-folder"})
        write(2)
        connections.close_all()  # of this thread

    await asyncio.to_thread(fail)

    [told] = await check_audit()
    assert told.verdict is Verdict.WARNING
    assert "2 events came late to the file" in told.sentence
