"""What needs attention, on the overview: told by the panel, asked for when something changed and never by the clock."""

import subprocess
import uuid
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Request, expect

from servers.tests.conftest import write_server
from testing.browser import build_page
from testing.page import SOON, faults, make_owner, signed_in
from testing.panel import FACTOR, Panel, operate, real_text, running_panel, status, wait_for
from testing.repositories import BINARIES

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.restic, pytest.mark.timeout(300)]
LOBBY = f"lobby-{uuid.uuid4().hex[:6]}"
TICKS_S = 12  # figures of the live list come each 5 s


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """A panel with an owner, an empty repository, a server that runs, and five that cannot be read."""
    build_page()
    folder = tmp_path_factory.mktemp("panel")
    settings = {
        "RESTIC__REPOSITORY_PATH": str(folder / "repository"), "RESTIC__PASSWORD": "of-this-test",
        "RESTIC__BINARY": str(BINARIES["0.18"]),
    }
    with running_panel(folder, **settings) as running, running.client() as client:
        make_owner(running)
        running.manage("snapshot", "init")
        files = write_server(running.servers, LOBBY, real_text(LOBBY, memory="1g")) / "data"
        (files / "server.properties").write_text("level-name=world\n")
        for number in range(5):
            write_server(running.servers, f"half-written-{number}", "services: [")
        try:
            assert operate(client, LOBBY, "up").status_code == 200
            wait_for(partial(status, client, LOBBY), lambda found: found == "HEALTHY", limit_s=90)
            yield running
        finally:
            subprocess.run(["docker", "rm", "--force", f"mc-{LOBBY}"], check=False, capture_output=True)
            subprocess.run(["docker", "network", "rm", f"{LOBBY}_default"], check=False, capture_output=True)


def test_it_is_asked_for_when_something_changed_and_never_by_the_clock(panel: Panel) -> None:
    with signed_in(panel) as watch, panel.client() as client:
        page, asked = watch.page, []

        def note(request: Request) -> None:
            if "/api/" in request.url:
                asked.append(request.url.removeprefix(panel.url))

        attention = page.get_by_role("region", name="Needs attention")
        expect(attention.get_by_role("listitem")).to_have_count(5, timeout=SOON)
        expect(page.locator(f"[data-server={LOBBY}]")).to_contain_text("Running", timeout=SOON)
        page.wait_for_timeout(3000)
        page.on("request", note)
        page.wait_for_timeout(TICKS_S * 1000)
        assert asked == []

        subprocess.run(["docker", "kill", f"mc-{LOBBY}"], check=True, capture_output=True)
        crashed = attention.get_by_role("listitem").filter(has_text=f"{LOBBY} has crashed")
        expect(crashed).to_contain_text("Killed (exit code 137).", timeout=SOON)
        assert set(asked) == {"/api/attention"}
        assert page.title() == f"({len(client.get('/attention').json())}) Needs attention · MC Admin"
        assert faults(watch, "attention") == []
        crashed.get_by_role("link", name=f"See why {LOBBY}").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(LOBBY)


def test_a_server_without_a_backup_is_backed_up_from_there(panel: Panel) -> None:
    with signed_in(panel) as watch:
        page = watch.page
        attention = page.get_by_role("region", name="Needs attention")
        attention.get_by_role("button", name="Show all").click()
        mine = attention.get_by_role("listitem").filter(has_text=f"{LOBBY} has no whole backup yet")
        expect(mine).to_have_count(1, timeout=SOON)
        mine.get_by_role("button", name=f"Back up {LOBBY}").click()
        expect(page.get_by_role("region", name="Operations")).to_contain_text(f"Backup · {LOBBY}", timeout=SOON)
        expect(mine).to_have_count(0, timeout=60_000 * FACTOR)


def test_a_failure_leads_to_its_operation_and_each_matter_is_in_the_readers_words(panel: Panel) -> None:
    write_server(panel.servers, "strange", real_text("strange", image="mcadmin.invalid/no-such-image:1"))
    with panel.client() as client:
        wait_for(lambda: operate(client, "strange", "up").status_code, lambda code: code == 403, limit_s=10)
    with signed_in(panel, "/me") as watch:
        page = watch.page
        page.get_by_label("Language").select_option("de")
        expect(page.locator("html")).to_have_attribute("lang", "de-DE")
        page.goto(panel.url)
        attention = page.get_by_role("region", name="Braucht Aufmerksamkeit")
        attention.get_by_role("button", name="Alle").click()
        expect(attention).to_contain_text("half-written-0: Die Datei hat ein Problem")
        expect(attention).to_contain_text("strange hat noch keine vollständige Sicherung")
        failed = attention.get_by_role("listitem").filter(has_text="Starten · strange: fehlgeschlagen")
        failed.get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Starten · strange", timeout=SOON)
