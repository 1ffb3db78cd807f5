"""The admin site as an owner has it: a real browser, a real panel, a real engine."""

import subprocess
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from servers.tests.conftest import write_server
from testing.browser import WIDTHS, Watch, browser
from testing.panel import FACTOR, Panel, real_text, running_panel

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
PASSWORD = "c0rrect horse battery"


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """A panel with an owner and some servers on disk, none of them running."""
    folder = tmp_path_factory.mktemp("panel")
    with running_panel(folder) as running:
        running.manage("createowner", "--username", "olga", "--password-stdin", text=PASSWORD)
        for name in ("survival", "creative"):
            write_server(running.servers, name, real_text(name))
        write_server(running.servers, "half-written", "services: [")
        with running.client() as client:
            client.post("/auth/token", data={"username": "mallory", "password": "guess"})
            client.post("/servers/survival/rcon", json={"command": "say hi"})
            client.post("/servers/half-written/operations", json={"action": "up"})
        yield running


@pytest.mark.docker
@pytest.mark.timeout(400)
def test_an_owner_starts_a_server_and_reads_what_happened(panel: Panel) -> None:
    server_id = f"b{uuid.uuid4().hex[:8]}"
    text = real_text(server_id)
    write_server(panel.servers, server_id, text)
    try:
        with browser(panel.url) as watch:
            _start_and_read(watch, server_id)
            assert watch.sins == []
    finally:
        subprocess.run(["docker", "rm", "--force", f"mc-{server_id}"], check=False, capture_output=True)
        subprocess.run(["docker", "network", "rm", f"{server_id}_default"], check=False, capture_output=True)


def _start_and_read(watch: Watch, server_id: str) -> None:
    page = watch.page
    watch.sign_in("olga", PASSWORD)
    page.click("#rooms >> text=Servers")
    card = page.locator(f"[data-server='{server_id}']")
    expect(card.locator(".pill")).to_have_text("EXISTS", timeout=10_000 * FACTOR)
    card.get_by_role("button", name="Start").click()

    # Its operation, as it goes on: no reload is needed to see the end.
    expect(page.locator("h1")).to_have_text(f"up {server_id}")
    expect(page.locator("#operation .pill").first).to_have_text("succeeded", timeout=90_000 * FACTOR)
    expect(page.locator("#operation")).to_contain_text(f"mc-{server_id}")
    watch.picture("operation")

    page.click("#rooms >> text=Servers")
    expect(card.locator(".pill")).to_have_text("HEALTHY", timeout=90_000 * FACTOR)
    watch.picture("servers")
    page.click("#rooms >> text=Overview")
    watch.picture("overview")

    page.click("#rooms >> text=Audit")
    page.click(f"text=asked for up of {server_id}")
    expect(page.locator("#content")).to_contain_text("olga")
    expect(page.locator("#content")).to_contain_text(f"server:{server_id}:up")

    # What players would notice is asked first.
    watch.goto(f"/admin/server/{server_id}/")
    page.get_by_role("link", name="Down").click()
    expect(page.locator("#content")).to_contain_text(f"Take {server_id} down?")
    page.get_by_role("button", name="Down").click()
    expect(page.locator("#operation .pill").first).to_have_text("succeeded", timeout=90_000 * FACTOR)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_asks_elsewhere_breaks_its_policy_or_scrolls_sideways(panel: Panel, width: str) -> None:
    with browser(panel.url, width=width) as watch:
        watch.sign_in("olga", PASSWORD)
        for path in _paths(watch):
            watch.goto(path)
            if path == "/api/docs/":
                watch.page.wait_for_selector(".opblock", timeout=30_000 * FACTOR)
                watch.page.click(".opblock-summary >> nth=0")
            elif path == "/api/redoc/":
                watch.page.wait_for_selector("text=List all servers", timeout=30_000 * FACTOR)
            else:
                assert watch.page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0], path
            watch.page.wait_for_timeout(200)
            watch.picture(f"{width}{path.replace('/', '-').rstrip('-').partition('?')[0]}")
        assert watch.sins == []


def _paths(watch: Watch) -> list[str]:
    """Every room, a page of each kind of row, and the API's document in both viewers."""
    rooms = watch.page.eval_on_selector_all("#rooms a", "all => all.map(one => one.pathname)")
    rows = []
    for room in rooms:
        watch.goto(room)
        links = "#result_list tbody a, #content .servers h2 a"
        rows += watch.page.eval_on_selector_all(links, "all => all.slice(0, 1).map(one => one.pathname)")
    own = ["/admin/accounts/role/add/", "/admin/accounts/grant/add/"]
    own += ["/admin/accounts/user/add/", "/admin/password_change/", "/admin/server/survival/remove/"]
    own += ["/api/docs/", "/api/redoc/"]
    return [*rooms, *rows, *own, "/admin/audit/auditevent/?q=mallory"]


def test_the_pages_work_without_a_script(panel: Panel) -> None:
    with browser(panel.url) as watch:
        watch.page.context.close()
        page = watch.page
        assert page.is_closed()
        chromium = page.context.browser
        assert chromium is not None
        plain = chromium.new_context(java_script_enabled=False).new_page()
        plain.goto(f"{panel.url}/admin/login/?next=/admin/server/survival/")
        plain.fill("#id_username", "olga")
        plain.fill("#id_password", PASSWORD)
        plain.click("input[type=submit]")
        expect(plain.locator("h1")).to_have_text("survival")
        plain.get_by_role("link", name="Remove").click()
        expect(plain.get_by_role("button", name="Remove")).to_be_visible()
