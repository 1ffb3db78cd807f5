"""Our page as its users have it: a real browser, a real panel, a real engine."""

import json
import re
import subprocess
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from servers.tests.conftest import write_server
from testing.browser import WIDTHS, Watch, axe, browser, build_page, sideways
from testing.panel import FACTOR, Panel, operate, real_text, running_panel, status, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.timeout(400)]
PASSWORD = "c0rrect horse battery"
SOON = 20_000 * FACTOR
ALIVE, DEAD = f"survival-{uuid.uuid4().hex[:6]}", f"lobby-{uuid.uuid4().hex[:6]}"


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """A panel with an owner, one server that runs, one that was killed, one that never ran and one half-written."""
    build_page()
    folder = tmp_path_factory.mktemp("panel")
    with running_panel(folder) as running, running.client() as client:
        running.manage("createowner", "--username", "olga", "--password-stdin", text=PASSWORD)
        for name in (ALIVE, DEAD, "creative"):
            write_server(running.servers, name, real_text(name, memory="1g"))
        write_server(running.servers, "half-written", "services: [")
        try:
            for name in (ALIVE, DEAD):
                assert operate(client, name, "up").status_code == 200
                wait_for(partial(status, client, name), lambda found: found == "HEALTHY", limit_s=90)
            subprocess.run(["docker", "kill", f"mc-{DEAD}"], check=True, capture_output=True)
            yield running
        finally:
            for name in (ALIVE, DEAD):
                subprocess.run(["docker", "rm", "--force", f"mc-{name}"], check=False, capture_output=True)
                subprocess.run(["docker", "network", "rm", f"{name}_default"], check=False, capture_output=True)


def sign_in(watch: Watch, path: str = "/") -> Page:
    page = watch.page
    watch.goto(path)
    page.get_by_label("Name").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Main menu").first).to_be_attached(timeout=SOON)
    return page


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_each_screen_is_for_everybody_and_sends_nothing_elsewhere(
    panel: Panel, width: str, look: Literal["light", "dark"],
) -> None:
    with browser(panel.url, width=width) as watch:
        watch.page.emulate_media(color_scheme=look)
        watch.goto("/")
        expect(watch.page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=SOON)
        found = axe(watch.page)
        page = sign_in(watch)
        for path, sign in (
            ("/", f"[data-server={ALIVE}]"), (f"/servers/{ALIVE}", ".log-row"), (f"/servers/{DEAD}", ".reason"),
            ("/me", ".sessions li"), ("/servers/nobody", "main code"), ("/no/such/address", "main a"),
        ):
            watch.goto(path)
            expect(page.locator(sign).first).to_be_visible(timeout=SOON)
            found += [f"{path}: {one}" for one in axe(page)]
            watch.picture(f"page{path.replace('/', '-').replace(ALIVE, 'alive').replace(DEAD, 'dead')}-{width}-{look}")
            found += sideways(page, WIDTHS[width][0], 360, 320)
        assert found == []
        assert watch.sins == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_command_is_answered_and_comes_back_with_an_arrow(panel: Panel, width: str) -> None:
    with browser(panel.url, width=width) as watch:
        page = sign_in(watch, f"/servers/{ALIVE}")
        expect(page.get_by_role("heading", level=1)).to_have_text(ALIVE, timeout=SOON)
        log, box = page.get_by_role("log"), page.get_by_label("Command", exact=True)
        expect(log).to_contain_text("For help, type", timeout=SOON)
        box.fill("list")
        box.press("Enter")
        expect(log).to_contain_text("of a max of 20 players online", timeout=SOON)
        expect(box).to_have_value("")

        page.reload()
        expect(log).to_contain_text("For help, type", timeout=SOON)
        box.press("ArrowUp")
        expect(box).to_have_value("list")
        box.press("ArrowDown")
        expect(box).to_have_value("")

        box.fill("stop")
        box.press("Enter")
        expect(page.get_by_role("dialog", name="Send “stop”?")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(box).to_have_value("stop")
        assert watch.sins == []


def test_the_overview_says_at_once_what_was_killed_and_why(panel: Panel) -> None:
    with browser(panel.url) as watch, panel.client() as client:
        page = sign_in(watch)
        attention = page.get_by_role("region", name="Needs attention")
        expect(attention).to_contain_text(f"{DEAD} has crashed", timeout=SOON)
        expect(attention).to_contain_text("Killed (exit code 137).")
        assert page.title().startswith(f"({len(client.get('/attention').json())}) ")
        row = page.locator(f"[data-server={DEAD}]")
        row.get_by_role("button", name="Start").click()
        expect(page.get_by_role("region", name="Operations")).to_contain_text(DEAD, timeout=SOON)
        expect(row).to_contain_text("Running", timeout=90_000 * FACTOR)
        expect(attention).not_to_contain_text(f"{DEAD} has crashed")

        subprocess.run(["docker", "kill", f"mc-{DEAD}"], check=True, capture_output=True)
        expect(attention).to_contain_text(f"{DEAD} has crashed", timeout=SOON)
        attention.get_by_role("link", name=f"See why {DEAD}").click()
        why = page.get_by_role("region", name="What happened")
        expect(why.locator(".reason")).to_have_text("Somebody or something killed it (exit code 137).")
        expect(why).to_contain_text("start it again")
        expect(why.get_by_label("Its last lines")).to_contain_text("Done", timeout=SOON)
        acts = page.locator(".head .acts").first.get_by_role("button")
        expect(acts).to_have_text(["Start again"])
        assert status(client, DEAD) == "CREATED"
        assert watch.sins == []


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_the_act_that_mends_stands_above_what_happened(panel: Panel, language: str) -> None:
    """On a phone, too: it is seen without scrolling, and the lines are folded until they are wanted."""
    with browser(panel.url, width="phone") as watch:
        page = sign_in(watch, "/me")
        page.get_by_label("Language").select_option(language)
        expect(page.locator("html")).to_have_attribute("lang", {"en": "en-GB", "de": "de-DE", "zh": "zh-CN"}[language])
        watch.goto(f"/servers/{DEAD}")
        expect(page.locator(".happened .reason")).to_contain_text("137", timeout=SOON)
        expect(page.locator(".happened .reason [lang=en]")).to_have_count(0)
        act = page.locator(".head .acts button").first.bounding_box()
        assert act is not None
        assert act["y"] + act["height"] < page.evaluate("innerHeight") / 2
        expect(page.locator(".last-lines")).to_be_hidden()
        page.locator(".happened summary").click()
        expect(page.locator(".last-lines")).to_be_visible()
        assert sideways(page, 390, 360, 320) == []
        assert axe(page) == []
        watch.picture(f"page-happened-phone-{language}")
        assert watch.sins == []


def test_a_panel_that_was_away_is_found_again_and_nothing_is_lost(tmp_path: Path) -> None:
    build_page()
    with running_panel(tmp_path) as panel:
        panel.manage("createowner", "--username", "olga", "--password-stdin", text=PASSWORD)
        log = write_server(panel.servers, "lobby", real_text("lobby")) / "data" / "logs" / "latest.log"
        log.parent.mkdir()
        log.write_text("[12:00:00] [Server thread/INFO]: before\n")
        with browser(panel.url) as watch, (tmp_path / "second").open("w") as output:
            page = sign_in(watch, "/servers/lobby")
            shown, away = page.get_by_role("log"), page.get_by_text("No connection since")
            expect(shown).to_contain_text("before", timeout=SOON)
            page.evaluate("window.isSamePage = true")
            panel.stop()
            expect(away).to_be_visible(timeout=SOON)
            with log.open("a") as more:
                more.writelines(f"[12:00:01] [Server thread/INFO]: line {number}\n" for number in range(40))
            second = panel.spawn("manage.py", "serve", "--port", panel.url.rpartition(":")[2], output=output)
            try:
                expect(away).to_have_count(0, timeout=3 * SOON)
                expect(shown).to_contain_text("line 39", timeout=SOON)
                texts = shown.locator(".text").all_inner_texts()
                assert [one.partition(" ")[2] for one in texts] == ["before", *(f"line {one}" for one in range(40))]
                assert page.evaluate("window.isSamePage"), "the page was loaded anew"
            finally:
                second.terminate()
                second.wait(timeout=60)


@pytest.mark.parametrize("language", ["de", "zh"])
def test_no_word_is_left_in_english(panel: Panel, language: str) -> None:
    """Whatever is not marked as English, such as the panel's own sentences, is in the reader's language."""
    with browser(panel.url) as watch:
        page = sign_in(watch)
        page.goto(f"{panel.url}/me")
        page.get_by_label("Language").select_option(language)
        expect(page.locator("html")).to_have_attribute("lang", {"de": "de-DE", "zh": "zh-CN"}[language])
        english = sentences("en")
        for path in ("/me", "/", "/new", f"/servers/{DEAD}", "/servers/nobody", "/activity"):
            watch.goto(path)
            page.wait_for_selector("main h1")
            shown = page.evaluate(_TEXTS)
            assert len(shown) > 3, path
            assert [one for one in shown if one in english] == [], path
        assert watch.sins == []


# Names, and words that are the same in another language.
_ALIKE = {"MC Admin", "CPU", "API", "Port", "Server", "Live", "English", "Version", "Admin", "Name", "Ctrl"}
_TEXTS = """[...document.querySelectorAll("#root *")].filter((one) => !one.closest("[lang^=en], .log, code"))
    .flatMap((one) => [...one.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim())
        .concat([one.getAttribute("aria-label"), one.getAttribute("title"), one.getAttribute("placeholder")]))
    .filter(Boolean)"""


def sentences(language: str) -> set[str]:
    """Return every sentence of a language that takes no values, out of its source."""
    text = (Path(__file__).resolve().parents[2] / "page" / "src" / "words" / f"{language}.ts").read_text()
    quoted = [json.loads(part) for part in re.findall(r'"(?:[^"\\]|\\.)*"', text)]
    return {one for one in quoted if one and not one.startswith("./")} - _ALIKE


def test_the_password_is_changed_and_another_session_ended(tmp_path: Path) -> None:
    build_page()
    with running_panel(tmp_path) as panel, browser(panel.url) as watch:
        assert watch.page.context.browser is not None
        other = Watch(watch.page.context.browser.new_page(), panel.url)
        panel.manage("createowner", "--username", "olga", "--password-stdin", text=PASSWORD)
        sign_in(other)
        page = sign_in(watch, "/me")
        expect(page.locator(".sessions li")).to_have_count(2, timeout=SOON)
        page.get_by_label("Present password").fill(PASSWORD)
        page.get_by_label("New password", exact=True).fill(PASSWORD + "!")
        page.get_by_label("New password again").fill(PASSWORD + "!")
        page.get_by_role("button", name="Change the password").click()
        expect(page.get_by_text("The password is changed.")).to_be_visible(timeout=SOON)
        expect(page.locator(".sessions li")).to_have_count(1)
        again = other.page.get_by_role("dialog", name="Sign in again")
        expect(again).to_be_visible(timeout=SOON)
        again.get_by_label("Password").fill(PASSWORD + "!")
        again.get_by_label("Password").press("Enter")
        expect(again).to_have_count(0, timeout=SOON)
        expect(other.page.get_by_text("No servers yet.")).to_be_visible(timeout=SOON)
        page.get_by_role("button", name="Sign out").first.click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=SOON)
        assert page.evaluate("Object.keys(localStorage).concat(Object.keys(sessionStorage))") == []
