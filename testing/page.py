"""Our page in a browser: signing in, and what is wrong with a screen in both looks and all sizes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import Page, expect

from testing.browser import WIDTHS, Watch, axe, browser
from testing.panel import FACTOR, Panel

NAME, PASSWORD = "olga", "c0rrect horse battery"
SOON = 20_000 * FACTOR
LOOKS: tuple[Literal["light", "dark"], ...] = ("light", "dark")
NARROW = (360, 320)  # the smallest phones; a page at 400 % on a small screen is as narrow as the last


def make_owner(panel: Panel) -> None:
    panel.manage("createowner", "--username", NAME, "--password-stdin", text=PASSWORD)


def sign_in(watch: Watch, path: str = "/") -> Page:
    """Sign in as the owner and wait for the page; ``path`` is where it leads."""
    page = watch.page
    watch.goto(path)
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Main menu").first).to_be_attached(timeout=SOON)
    return page


@contextmanager
def signed_in(panel: Panel, path: str = "/", *, width: str = "wide") -> Iterator[Watch]:
    """A browser with the owner signed in; at its end it must not have sinned."""
    with browser(panel.url, width=width) as watch:
        sign_in(watch, path)
        yield watch
        assert watch.sins == []


def faults(watch: Watch, name: str) -> list[str]:
    """Return what is wrong with what is shown now; a picture of each look and size is kept where one wants them."""
    page = watch.page
    before = page.viewport_size
    found = []
    for width, (across, down) in WIDTHS.items():
        page.set_viewport_size({"width": across, "height": down})
        for look in LOOKS:
            page.emulate_media(color_scheme=look)
            found += [f"{name}, {width}, {look}: {one}" for one in axe(page)]
            watch.picture(f"{name}-{width}-{look}")
    for across in NARROW:
        page.set_viewport_size({"width": across, "height": 640})
        if (needed := page.evaluate("document.documentElement.scrollWidth")) > across:
            found.append(f"{name} scrolls sideways: {needed} px in {across}")
        watch.picture(f"{name}-{across}")
    assert before is not None
    page.set_viewport_size(before)
    return found
