"""The link that a panel without an owner prints, as whoever starts it first opens it: a real browser and panel."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from testing.browser import WIDTHS, browser, build_page
from testing.panel import FACTOR, Panel, running_panel, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]
PASSWORD = "c0rrect horse battery"


def link_of(panel: Panel) -> str:
    found = wait_for(lambda: re.search(r"/setup\?code=\S+", (panel.folder / "stdout").read_text()), bool, limit_s=20)
    return str(found[0])


def fill(page: Page, password: str, again: str) -> None:
    for label, value in (("Name", "olga"), ("Password", password), ("Password again", again)):
        page.get_by_label(label, exact=True).fill(value)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_link_leads_to_the_form_of_a_new_server_signed_in_and_works_once(tmp_path: Path, width: str) -> None:
    build_page()
    with running_panel(tmp_path) as panel, browser(panel.url, width=width) as watch:
        link, page = link_of(panel), watch.page
        watch.goto(link)
        fill(page, PASSWORD, PASSWORD + "!")
        watch.picture(f"setup-{width}")
        expect(page.get_by_role("alert")).to_have_text("The two passwords differ.", timeout=20_000 * FACTOR)
        fill(page, PASSWORD, PASSWORD)
        expect(page.get_by_role("heading", name="New server")).to_be_visible(timeout=20_000 * FACTOR)
        assert page.url == f"{panel.url}/new", "the code has left the address"
        page.goto(f"{panel.url}/admin/accounts/signin/")
        expect(page.locator("#result_list")).to_contain_text("page")
        assert watch.sins == []

        watch.goto(link)
        fill(page, PASSWORD, PASSWORD)
        expect(page.get_by_role("alert")).to_contain_text("This panel has an owner already", timeout=20_000 * FACTOR)


def test_without_a_build_the_link_leads_to_a_plain_page_and_the_admin_site(tmp_path: Path) -> None:
    with running_panel(tmp_path, MCADMIN_PAGE=str(tmp_path / "none")) as panel, browser(panel.url) as watch:
        watch.goto(link_of(panel))
        page = watch.page
        for field, value in (("username", "olga"), ("password", PASSWORD), ("again", PASSWORD + "!")):
            page.fill(f"#{field}", value)
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("The two passwords differ.")
        page.fill("#again", PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("#overview")).to_be_visible(timeout=20_000 * FACTOR)
        watch.goto("/")
        expect(page.get_by_role("heading")).to_have_text("The page is not built")
        assert watch.sins == []
