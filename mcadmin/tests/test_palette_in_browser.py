"""Finding and doing by typing, and the keys, in a real browser on a real panel."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from servers.tests.conftest import write_server
from testing.browser import build_page
from testing.page import SOON, faults, make_owner, signed_in
from testing.panel import Panel, real_text, running_panel

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    build_page()
    with running_panel(tmp_path_factory.mktemp("panel")) as running:
        make_owner(running)
        for name in ("survival", "lobby"):
            write_server(running.servers, name, real_text(name))
        yield running


def test_a_server_is_found_by_a_few_letters(panel: Panel) -> None:
    with signed_in(panel) as watch:
        page = watch.page
        expect(page.locator("[data-server=survival]")).to_be_visible(timeout=SOON)
        page.keyboard.press("Control+k")
        box = page.get_by_role("combobox", name="Find and do")
        expect(box).to_be_focused()
        assert faults(watch, "palette") == []
        box.fill("srvl")
        expect(page.get_by_role("option").first).to_have_text("survival")
        box.fill("st lob")
        expect(page.get_by_role("option").first).to_have_text("Start lobby")
        box.fill("nothing like that")
        expect(page.get_by_role("dialog")).to_contain_text("Nothing fits that.")
        box.fill("surv")
        box.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("survival", timeout=SOON)
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_phone_has_a_button_for_it(panel: Panel) -> None:
    with signed_in(panel, width="phone") as watch:
        watch.page.get_by_role("button", name="Find and do").click()
        box = watch.page.get_by_role("combobox", name="Find and do")
        box.fill("activ")
        watch.page.get_by_role("option", name="Activity").click()
        expect(watch.page.get_by_role("heading", level=1)).to_have_text("Activity", timeout=SOON)


def test_keys_lead_to_screens_and_can_be_switched_off(panel: Panel) -> None:
    with signed_in(panel) as watch:
        page = watch.page
        heading = page.get_by_role("heading", level=1)
        expect(page.locator("[data-server=survival]")).to_be_visible(timeout=SOON)
        page.keyboard.press("?")
        keys = page.get_by_role("dialog", name="Keyboard shortcuts")
        expect(keys).to_contain_text("Go to the overview")
        assert faults(watch, "keys") == []
        page.keyboard.press("Escape")
        expect(keys).to_have_count(0)
        for pressed, title in (("ga", "Activity"), ("n", "New server"), ("gm", "olga")):
            page.locator("body").evaluate("document.activeElement.blur()")
            page.keyboard.type(pressed)
            expect(heading).to_have_text(title, timeout=SOON)
        page.get_by_label("Use keyboard shortcuts").uncheck()
        page.locator("body").evaluate("document.activeElement.blur()")
        page.keyboard.type("ga?")
        page.keyboard.press("Control+k")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(heading).to_have_text("olga")
        page.get_by_label("Use keyboard shortcuts").check()
