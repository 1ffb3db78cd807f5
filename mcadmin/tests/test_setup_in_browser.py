"""The link that a panel without an owner prints, as whoever starts it first opens it: a real browser and panel."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from testing.browser import WIDTHS, browser
from testing.panel import FACTOR, Panel, running_panel, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]
PASSWORD = "c0rrect horse battery"


def link_of(panel: Panel) -> str:
    found = wait_for(lambda: re.search(r"/setup\?code=\S+", (panel.folder / "stdout").read_text()), bool, limit_s=20)
    return str(found[0])


@pytest.mark.parametrize("width", WIDTHS)
def test_the_link_leads_to_the_admin_site_signed_in_and_works_once(tmp_path: Path, width: str) -> None:
    with running_panel(tmp_path) as panel, browser(panel.url, width=width) as watch:
        link, page = link_of(panel), watch.page
        watch.goto(link)
        watch.picture(f"setup-{width}")
        page.fill("#username", "olga")
        page.fill("#password", PASSWORD)
        page.fill("#again", PASSWORD + "!")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("The two passwords differ.")
        page.fill("#again", PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("#overview")).to_be_visible(timeout=20_000 * FACTOR)
        page.goto(f"{panel.url}/admin/accounts/signin/")
        expect(page.locator("#result_list")).to_contain_text("page")
        watch.picture(f"sign-ins-{width}")
        assert watch.sins == []

        watch.goto(link)
        for field, value in (("username", "mallory"), ("password", PASSWORD), ("again", PASSWORD)):
            page.fill(f"#{field}", value)
        page.click("button")
        expect(page.get_by_role("alert")).to_contain_text("This panel has an owner already")
