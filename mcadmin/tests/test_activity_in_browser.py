"""What was done and is being done, as the page shows it: a real browser, panel, engine and restic."""

import os
import re
import subprocess
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from servers.tests.conftest import write_server
from testing.browser import build_page
from testing.page import SOON, faults, make_owner, signed_in
from testing.panel import FACTOR, Panel, operate, real_text, running_panel
from testing.repositories import BINARIES

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.restic, pytest.mark.timeout(300)]
LOBBY = f"lobby-{uuid.uuid4().hex[:6]}"
SLOW_RESTIC = """#!/bin/sh
exec {restic} --pack-size 4 --limit-upload 400 "$@"
"""
OLDER = """
from datetime import UTC, datetime, timedelta
from servers.models import Operation
then = datetime(2026, 1, 1, tzinfo=UTC)
Operation.objects.bulk_create(
    Operation(server_id="old", kind="stop", state="succeeded", started_by="ben", origin="api",
              started_at=then + timedelta(hours=number), finished_at=then + timedelta(hours=number, seconds=41))
    for number in range(60))
"""


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """A panel with an owner, a server that can run and one that cannot, backups that take their time, and a past."""
    build_page()
    folder = tmp_path_factory.mktemp("panel")
    slow = folder / "restic"
    slow.write_text(SLOW_RESTIC.format(restic=BINARIES["0.18"]))
    slow.chmod(0o755)
    settings = {"RESTIC__REPOSITORY_PATH": str(folder / "repository"), "RESTIC__PASSWORD": "of-this-test"}
    with running_panel(folder, **settings, RESTIC__BINARY=str(slow)) as running, running.client() as client:
        make_owner(running)
        running.manage("snapshot", "init")
        running.manage("shell", "-c", OLDER)
        files = write_server(running.servers, LOBBY, real_text(LOBBY, memory="1g")) / "data"
        (files / "world").write_bytes(os.urandom(12 * 1024 * 1024))
        write_server(running.servers, "broken", real_text("broken", image="mcadmin.invalid/no-such-image:1"))
        assert operate(client, "broken", "up").status_code >= 400
        try:
            yield running
        finally:
            subprocess.run(["docker", "rm", "--force", f"mc-{LOBBY}"], check=False, capture_output=True)
            for name in (LOBBY, "broken"):
                subprocess.run(["docker", "network", "rm", f"{name}_default"], check=False, capture_output=True)


def test_the_list_is_narrowed_by_its_address_and_has_what_is_older(panel: Panel) -> None:
    with signed_in(panel) as watch:
        page = watch.page
        page.get_by_role("link", name="Activity").first.click()
        rows = page.locator(".work")
        expect(rows.first).to_contain_text("Start · broken", timeout=SOON)
        expect(rows.first).to_contain_text("failed")
        expect(rows).to_have_count(50)
        page.get_by_role("button", name="Older ones").click()
        expect(rows).to_have_count(61, timeout=SOON)
        expect(page.get_by_role("button", name="Older ones")).to_have_count(0)
        expect(rows.last).to_contain_text("done · ben · took 41 sec")

        page.get_by_label("Status").select_option("failed")
        expect(rows).to_have_count(1, timeout=SOON)
        assert page.url == f"{panel.url}/activity?state=failed"
        assert faults(watch, "activity") == []
        page.reload()
        expect(rows).to_have_count(1, timeout=SOON)
        page.get_by_label("Who").select_option("olga")
        expect(page.get_by_text("Nothing fits that.")).to_be_visible(timeout=SOON)
        page.get_by_role("link", name="Show all").click()
        expect(rows).to_have_count(50, timeout=SOON)

        rows.first.get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Start · broken", timeout=SOON)
        expect(page.locator(".operation-head .problem")).to_contain_text("no-such-image")
        assert faults(watch, "operation-failed") == []
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("region", name="Operations")).to_contain_text("Start · broken", timeout=SOON)


def test_a_running_one_is_led_to_by_the_tray_watched_and_cancelled(panel: Panel) -> None:
    with signed_in(panel) as watch, panel.client() as client:
        page = watch.page
        expect(page.locator(f"[data-server={LOBBY}]")).to_be_visible(timeout=SOON)
        asked = client.post(f"/servers/{LOBBY}/snapshots", json={}, headers={"Prefer": "respond-async"})
        assert asked.status_code == 202, asked.text
        tray = page.get_by_role("region", name="Operations")
        expect(tray).to_contain_text(re.compile(f"Backup · {LOBBY} · [^·]*%"), timeout=SOON)
        tray.get_by_role("link", name=f"Backup · {LOBBY}").click()
        state = page.locator(".operation-head .status")
        expect(state).to_have_text("under way", timeout=SOON)
        expect(page.locator(".operation-head")).to_contain_text(re.compile(r"MB of \d"), timeout=SOON)
        assert faults(watch, "operation-running") == []
        page.locator(".operation-head").get_by_role("button", name="Cancel").click()
        expect(page.locator(".operation-head").get_by_role("button", name="Being cancelled…")).to_be_disabled()
        expect(state).to_have_text("cancelled", timeout=60_000 * FACTOR)
        page.goto(f"{panel.url}/activity?server={LOBBY}")
        expect(page.locator(".work").first).to_contain_text("cancelled", timeout=SOON)


def test_what_somebody_else_does_is_seen_while_it_goes_on(panel: Panel) -> None:
    with signed_in(panel, "/activity") as watch, panel.client() as client:
        page, rows = watch.page, watch.page.locator(".work")
        expect(rows.first).to_be_visible(timeout=SOON)
        page.evaluate("window.isSamePage = true")
        begun = operate(client, LOBBY, "up", headers={"Prefer": "respond-async"}).json()["operation"]
        expect(rows.first).to_contain_text(f"Start · {LOBBY}", timeout=SOON)
        rows.first.get_by_role("link").click()
        expect(page.locator(".operation-head .status")).to_have_text("done", timeout=60_000 * FACTOR)
        printed = client.get(f"/operations/{begun['id']}").json()["output"].splitlines()
        texts = page.get_by_role("log", name="Output").locator(".text")
        expect(texts).to_have_count(len(printed))
        assert "".join(texts.all_inner_texts()).replace(" ", "") == "".join(printed).replace(" ", "")
        assert page.evaluate("window.isSamePage")
        watch.goto(f"/operations/{uuid.uuid4()}")
        expect(page.get_by_text("There is no such operation")).to_be_visible(timeout=SOON)
        assert faults(watch, "operation-missing") == []
        watch.sins = [one for one in watch.sins if "404" not in one]  # the browser says what was not there
