"""A role made, and a friend given one server, on the admin site: a real browser and panel."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from servers.tests.conftest import compose_text, write_server
from testing.browser import WIDTHS, Watch, browser
from testing.panel import FACTOR, running_panel

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
PASSWORD = "c0rrect horse battery"


@pytest.mark.parametrize("width", WIDTHS)
def test_a_friend_is_given_one_server(tmp_path: Path, width: str) -> None:
    with running_panel(tmp_path) as panel:
        panel.manage("createowner", "--username", "olga", "--password-stdin", text=PASSWORD)
        write_server(panel.servers, "lobby", compose_text("lobby"))
        with panel.client() as owner:
            owner.post("/auth/register", json={"username": "bob", "password": PASSWORD})
        with browser(panel.url, width=width) as watch:
            watch.sign_in("olga", PASSWORD)
            _make_a_role(watch, width)
            _give_and_take(watch, width)
            assert watch.sins == []


def _seen(watch: Watch, name: str, width: str) -> None:
    assert watch.page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0], name
    watch.picture(f"{name}-{width}")


def _make_a_role(watch: Watch, width: str) -> None:
    page = watch.page
    page.get_by_role("link", name="Roles", exact=True).click()
    expect(page.locator("#content")).to_contain_text("Built-in roles", timeout=20_000 * FACTOR)
    watch.goto("/admin/accounts/role/add/")
    page.fill("#id_name", "crew")
    page.check("input[value=power]")
    page.fill("#id_commands", "say tell")
    _seen(watch, "role", width)
    page.click("input[name=_save]")
    expect(page.locator("#result_list")).to_contain_text("view, power", timeout=20_000 * FACTOR)
    _seen(watch, "roles", width)


def _give_and_take(watch: Watch, width: str) -> None:
    page = watch.page
    watch.goto("/admin/accounts/user/")
    page.get_by_role("link", name="bob", exact=True).click()
    page.get_by_role("link", name="Give a role").click()
    page.select_option("#id_given_role", "crew")
    page.fill("#id_server", "lobby")
    _seen(watch, "grant", width)
    page.click("input[name=_save]")
    expect(page.locator("#result_list")).to_contain_text("lobby", timeout=20_000 * FACTOR)
    _seen(watch, "grants", width)

    watch.goto("/admin/accounts/user/")
    _seen(watch, "users", width)
    page.get_by_role("link", name="bob", exact=True).click()
    expect(page.locator("#content")).to_contain_text("crew on lobby", timeout=20_000 * FACTOR)
    _seen(watch, "user", width)
    page.get_by_role("link", name="Take one").click()
    page.check("input[name=_selected_action]")
    page.select_option("select[name=action]", "delete_selected")
    page.click("button[name=index]")
    sure = page.locator("input[type=submit][value*=sure]")
    expect(sure).to_be_visible(timeout=20_000 * FACTOR)
    _seen(watch, "take", width)
    sure.click()
    expect(page.locator("#content")).to_contain_text("0 grants", timeout=20_000 * FACTOR)
