"""The link of an invitation, as whoever was invited opens it: a real browser and panel."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from testing.browser import WIDTHS, browser
from testing.panel import FACTOR, running_panel

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]
PASSWORD = "c0rrect horse battery"


def fill(page: Any, **fields: str) -> None:
    for field, value in fields.items():
        page.fill(f"#{field}", value)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_link_makes_an_account_once(tmp_path: Path, width: str) -> None:
    with running_panel(tmp_path) as panel, panel.client() as owner, browser(panel.url, width=width) as watch:
        made, page = owner.post("/invitations", json={"access": "granted"}).json(), watch.page
        watch.goto(f"/invite#{made['token']}")
        expect(page.locator("#invite")).to_be_visible(timeout=20_000 * FACTOR)
        watch.picture(f"invite-{width}")
        fill(page, username="bob", password=PASSWORD, again=PASSWORD + "!")
        expect(page.get_by_role("alert")).to_have_text("The two passwords differ.")
        fill(page, again=PASSWORD)
        expect(page.locator("#lead")).to_contain_text("signed in as bob", timeout=20_000 * FACTOR)
        watch.picture(f"invited-{width}")
        assert page.url == f"{panel.url}/invite", "the token has left the address"
        assert page.evaluate("fetch('/api/user/me').then(answer => answer.json())")["username"] == "bob"
        assert watch.sins == []

        page.goto("about:blank")
        page.goto(f"{panel.url}/invite#{made['token']}")
        expect(page.get_by_role("alert")).to_contain_text("This invitation is over")
        expect(page.locator("#invite")).to_be_hidden()
        page.goto(f"{panel.url}/invite#short")
        expect(page.get_by_role("alert")).to_contain_text("This link is not whole")
