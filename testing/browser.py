"""A headless Chromium that notes whatever a page does that ours must not."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, sync_playwright
from playwright.sync_api import Error as PlaywrightError

ROOT = Path(__file__).resolve().parents[1]
AXE = ROOT / "page" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = {"wide": (1280, 850), "phone": (390, 844)}
_ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
]
# Chromium drops what it loads, from loopback too, when a network comes or goes: other tests make containers.
_DISTURBED, TRIES = "ERR_NETWORK_CHANGED", 10
# Said by the page itself: a policy that forbids something says so as an event, too.
_LISTEN = """window.violations = [];
document.addEventListener("securitypolicyviolation",
    (event) => console.error("policy violated: " + event.violatedDirective + " " + event.blockedURI));"""


class Watch:
    """One page and its sins: requests to elsewhere, errors, violations of the policy."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.sins: list[str] = []
        self._is_disturbed = False
        page.add_init_script(_LISTEN)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.sins.append(f"{page.url}: {error}"))
        page.on("request", self._asked)

    def goto(self, path: str) -> None:
        for _ in range(TRIES):
            self._is_disturbed = False
            try:
                answer = self.page.goto(self.url + path)
            except PlaywrightError as error:
                if _DISTURBED not in str(error):
                    raise
                continue
            assert answer is not None
            assert answer.status == 200, f"{path}: {answer.status}"
            if not self._is_disturbed:
                return
        pytest.fail(f"{path} could not be loaded {TRIES} times: networks of this machine came and went meanwhile")

    def sign_in(self, username: str, password: str) -> None:
        self.goto("/admin/login/")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", password)
        self.page.click("input[type=submit]")
        self.page.wait_for_selector("#overview")

    def picture(self, name: str) -> None:
        """Keep a picture where MCADMIN_SCREENSHOTS names a folder."""
        if folder := os.environ.get("MCADMIN_SCREENSHOTS"):
            self.page.screenshot(path=Path(folder) / f"{name}.png")

    def _said(self, message: ConsoleMessage) -> None:
        if _DISTURBED in message.text:
            self._is_disturbed = True
        elif message.type == "error" or "Content Security Policy" in message.text:
            self.sins.append(f"{self.page.url}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.url}/", "data:", "blob:")):
            self.sins.append(f"{self.page.url} asked {request.url}")


@contextmanager
def browser(url: str, *, width: str = "wide") -> Iterator[Watch]:
    """A fresh Chromium, ended afterwards."""
    across, down = WIDTHS[width]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_ARGS)
        try:
            yield Watch(chromium.new_page(viewport={"width": across, "height": down}), url)
        finally:
            chromium.close()


@cache
def build_page() -> None:
    """Build our own page, if it was not built from these very files; what panels of this checkout then serve."""
    subprocess.run([ROOT / "setup" / "page.sh"], check=True, timeout=300)


# What scrolls sideways: the page, or a part of it that scrolls by itself. Logs and texts of files may.
_SIDEWAYS = """[...document.querySelectorAll("*")]
    .filter((one) => one.scrollWidth > one.clientWidth && !one.closest(".log, textarea, pre")
        && (one === document.documentElement || ["auto", "scroll"].includes(getComputedStyle(one).overflowX)))
    .map((one) => `${one.tagName} ${one.className}: ${one.scrollWidth} > ${one.clientWidth}`)"""


def sideways(page: Page, *widths: int) -> list[str]:
    """Return what scrolls sideways at these widths, and now where none is given."""
    if not widths:
        return list(page.evaluate(_SIDEWAYS))
    before = page.viewport_size
    assert before is not None
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": before["height"]})
        found += [f"{page.url} at {width} px: {one}" for one in page.evaluate(_SIDEWAYS)]
    page.set_viewport_size(before)
    return found


def axe(page: Page) -> list[str]:
    """Return what the page does to people who do not see, hear or point well: rule, and where."""
    page.evaluate(f"{AXE.read_text()}; undefined")  # over the protocol: no policy has a say in that
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})")
    return [f"{one['id']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]]
