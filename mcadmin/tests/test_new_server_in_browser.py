"""A new server by the page: from the link of the first start to an address that a game's client joins."""

import re
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from mcstatus import JavaServer
from playwright.sync_api import Page, expect

from servers.tests.conftest import write_server
from testing.browser import WIDTHS, Watch, axe, browser, build_page, sideways
from testing.panel import FACTOR, Panel, real_text, running_panel, status, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.timeout(400)]
PASSWORD = "c0rrect horse battery"
SOON, STARTED = 20_000 * FACTOR, 90_000 * FACTOR
# What the mouse did, or a finger: a click by the keyboard has no detail.
_COUNT = """window.addEventListener("click", (event) => {
    const isForwarded = event.target instanceof HTMLLabelElement && event.target.control;
    if (event.detail > 0 && !isForwarded) window.clicked(event.target.innerText);
}, true);"""


def removed(name: str) -> None:
    subprocess.run(["docker", "rm", "--force", "--volumes", f"mc-{name}"], check=False, capture_output=True)
    subprocess.run(["docker", "network", "rm", f"{name}_default"], check=False, capture_output=True)


@pytest.mark.parametrize("width", WIDTHS)
def test_from_the_printed_link_to_an_address_that_answers_are_four_clicks(tmp_path: Path, width: str) -> None:
    build_page()
    name, clicks = f"first-{uuid.uuid4().hex[:6]}", []
    with running_panel(tmp_path) as panel, browser(panel.url, width=width) as watch:
        page = watch.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.expose_function("clicked", lambda what: clicks.append(what))  # noqa: PLW0108 - playwright sets an attribute
        page.add_init_script(_COUNT)
        said = wait_for(lambda: re.search(r"/setup\?code=\S+", (tmp_path / "stdout").read_text()), bool, limit_s=20)
        watch.goto(said[0])
        try:
            expect(page.get_by_label("Name")).to_be_focused(timeout=SOON)
            for text in ("olga", PASSWORD, PASSWORD):
                page.keyboard.type(text)
                page.keyboard.press("Tab")
            page.get_by_role("button", name="Make the owner").click()

            expect(page.get_by_role("heading", name="New server")).to_be_focused(timeout=SOON)
            expect(page.get_by_label("Name")).to_have_value("survival")
            page.get_by_label("Name").fill(name)
            watch.picture(f"flow-2-form-{width}")
            page.get_by_role("checkbox", name="I accept Minecraft's EULA").click()
            page.get_by_role("button", name="Create and start").click()

            steps = page.get_by_role("region", name="First start")
            expect(steps).to_be_visible(timeout=SOON)
            watch.picture(f"flow-3-starts-{width}")
            expect(steps.locator("[data-step=done]")).to_have_count(4, timeout=STARTED)
            watch.picture(f"flow-4-ready-{width}")
            steps.get_by_role("button", name="Copy the address").click()
            address = page.evaluate("navigator.clipboard.readText()")
            assert JavaServer.lookup(address).status().version.name == "1.16.1"

            assert len(clicks) == 4, clicks
            assert axe(page) == []
            assert watch.sins == []
            page.reload()
            expect(steps).to_contain_text(address, timeout=SOON)
        finally:
            removed(name)


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """A panel with an owner and a server that has a port."""
    build_page()
    with running_panel(tmp_path_factory.mktemp("panel")) as running:
        running.manage("createowner", "--username", "olga", "--password-stdin", text=PASSWORD)
        write_server(running.servers, "lobby", real_text("lobby"))
        yield running


def form(watch: Watch) -> Page:
    page = watch.page
    watch.goto("/new")
    page.get_by_label("Name").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="New server")).to_be_visible(timeout=SOON)
    expect(page.get_by_label("Type")).to_be_visible(timeout=SOON)
    return page


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_form_is_for_everybody_in_each_language(panel: Panel, width: str, look: Literal["light", "dark"]) -> None:
    with browser(panel.url, width=width) as watch:
        watch.page.emulate_media(color_scheme=look)
        page = form(watch)
        for language in ("en", "de", "zh"):
            page.evaluate(f"localStorage.setItem('mcadmin:language', '\"{language}\"')")
            watch.goto("/new")
            page.wait_for_selector("details.more")
            page.locator("input[type=checkbox]").first.wait_for()
            page.locator("summary").click()
            page.locator("button[type=submit]").click()
            expect(page.locator("[aria-invalid=true]")).to_be_focused()
            assert axe(page) == []
            watch.picture(f"new-{language}-{width}-{look}")
            assert sideways(page, WIDTHS[width][0], 360, 320) == []
        assert watch.sins == []


def test_what_is_wrong_is_said_at_its_field_and_a_taken_port_has_another_offered(panel: Panel) -> None:
    with browser(panel.url) as watch, panel.client() as client:
        page = form(watch)
        taken = next(one["gamePort"] for one in client.get("/servers").json() if one["id"] == "lobby")
        page.get_by_label("Name").fill("Lobby")
        expect(page.get_by_text("A server is called lobby already.")).to_be_visible()
        page.get_by_label("Name").fill("My Überserver")
        expect(page.get_by_text("It will be called my-uberserver.")).to_be_visible()
        page.get_by_text("Port, players, Java and more").click()
        port = page.get_by_label("Port for players")
        port.fill(str(taken))
        expect(page.get_by_text(f"Port {taken} belongs to lobby.")).to_be_visible()
        eula = page.get_by_role("checkbox", name="I accept Minecraft's EULA")
        page.get_by_role("button", name="Create and start").click()
        expect(eula).to_be_focused()
        eula.check()
        page.get_by_role("button", name="Create and start").click()
        expect(port).to_be_focused()
        page.get_by_role("button", name=re.compile(r"^Take \d+$")).click()
        expect(port).not_to_have_value(str(taken))
        assert panel.servers.joinpath("my-uberserver").exists() is False
        assert watch.sins == []


def test_a_compose_file_with_a_danger_needs_an_owners_tick_and_a_failed_start_says_why(panel: Panel) -> None:
    name = f"mine-{uuid.uuid4().hex[:6]}"
    text = real_text(name, image="itzg/minecraft-server:no-such-tag")
    text = text.replace("    mem_limit", "    privileged: true\n    mem_limit")
    with browser(panel.url) as watch, panel.client() as client:
        page = form(watch)
        page.get_by_label("Name").fill(name)
        page.get_by_label("a compose file of mine").check()
        page.get_by_label("Compose file", exact=True).fill(text)
        page.get_by_role("button", name="Create and start").click()
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("This file could harm the machine", timeout=SOON)
        expect(alert).to_contain_text("Line ")
        assert axe(page) == []
        watch.picture("new-findings")
        assert not panel.servers.joinpath(name).exists()
        alert.get_by_role("checkbox").check()
        page.get_by_role("button", name="Create and start").click()
        steps = page.get_by_role("region", name="First start")
        expect(steps.locator("[data-step=failed]")).to_have_count(1, timeout=STARTED)
        expect(steps.locator("p.tone-bad")).to_contain_text("The image cannot be fetched")
        watch.picture("new-start-failed")
        assert axe(page) == []
        assert status(client, name) == "EXISTS"
        assert panel.servers.joinpath(name, "compose.yaml").read_text() == text
        assert [one for one in watch.sins if "403" not in one] == []  # Chromium tells of the refusal by itself
    removed(name)


def test_who_may_make_no_servers_is_offered_none(panel: Panel) -> None:
    with panel.client() as client, browser(panel.url) as watch:
        user = client.post("/admin/users", json={"username": "fred", "password": PASSWORD, "access": "granted"}).json()
        assert user["username"] == "fred"
        page = watch.page
        watch.goto("/new")
        page.get_by_label("Name").fill("fred")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_text("You may not make servers.")).to_be_visible(timeout=SOON)
        assert page.get_by_role("link", name="New server").count() == 0
        assert watch.sins == []
