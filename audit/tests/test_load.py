"""A small version of ``make load-audit``: nothing is lost by many clients, a full disk, or an end in the middle."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.writer import TELL_EVERY_S
from servers.tests.conftest import write_server
from testing import audit_load
from testing.panel import ROOT, Panel, running_panel, wait_for

pytestmark = [pytest.mark.process, pytest.mark.timeout(240)]
REQUESTS = 600


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    with running_panel(tmp_path) as running:
        write_server(running.servers, "survival")
        yield running


def test_every_request_of_many_clients_has_its_row_and_its_line(panel: Panel) -> None:
    answers = asyncio.run(audit_load.Clients(panel, audit_load.sign_in(panel)).send(REQUESTS))
    assert (len(answers.ids), answers.broken) == (REQUESTS, 0)
    panel.stop()

    rows, lines = audit_load.rows(panel), audit_load.lines(panel)
    assert len(rows) == len(set(rows)) == REQUESTS
    assert rows == lines
    assert set(rows) == set(answers.ids)
    assert "Whole." in panel.manage("audit", "verify")


def test_an_end_in_the_middle_loses_nothing_that_was_answered(panel: Panel) -> None:
    token = audit_load.sign_in(panel)
    threading.Timer(1.0, panel.process.terminate).start()  # type: ignore[union-attr]  # it runs
    answers = asyncio.run(audit_load.Clients(panel, token).send(1_000_000))
    assert panel.stop() == 0

    rows, lines = audit_load.rows(panel), audit_load.lines(panel)
    assert answers.broken == 20  # every client met the end
    assert len(answers.ids) > 20
    assert set(answers.ids) <= set(rows)
    assert rows == lines
    assert "Whole." in panel.manage("audit", "verify")


def test_a_full_disk_under_the_log_stops_no_request_is_told_and_made_good(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "operations.log"
    log.parent.mkdir()
    log.symlink_to("/dev/full")
    started = time.monotonic()
    with running_panel(tmp_path) as panel:
        write_server(panel.servers, "survival")
        clients = audit_load.Clients(panel, audit_load.sign_in(panel))
        first = asyncio.run(clients.send(200))
        wait_for(lambda: len(audit_load.rows(panel)), lambda count: count == 200, limit_s=20)
        told = (tmp_path / "logs" / "app.log").read_text()
        assert "The audit cannot be written to the file: OSError: [Errno 28] No space left on device" in told
        at_most = 1 + (time.monotonic() - started) // TELL_EVERY_S  # and not 200 times
        assert told.count("cannot be written to the file") <= at_most

        log.unlink()  # space again
        second = asyncio.run(clients.send(50))
        wait_for(lambda: len(audit_load.rows(panel)), lambda count: count == 250, limit_s=20)
        wait_for(lambda: log.exists() and len(audit_load.lines(panel)), lambda count: count == 250, limit_s=20)
        assert audit_load.lines(panel) == audit_load.rows(panel)
        assert set(audit_load.lines(panel)) == {*first.ids, *second.ids}
    assert "events came late to the file" in doctor(panel)


def doctor(panel: Panel) -> str:
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "doctor"],
        env=panel.environment, cwd=panel.folder, text=True, capture_output=True, check=False,
    )
    return done.stdout + done.stderr
