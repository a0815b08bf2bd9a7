"""Every screen, in English and dark, in Arabic and light: nothing that axe finds wrong, nothing that does not fit, and
the keyboard reaches and shows whatever it reaches.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.every_screen import focused, reaches, screens, speak, turn, violations
from tests.browser.guard import sign_in
from tests.browser.stage import staged

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]  # one walk of everything: a busy machine takes its time

SHOWN = [("en", "dark"), ("ar", "light")]
MOST_STOPS = 30
"""So many presses of Tab lead through what is above and beside a screen, and into it."""


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    with staged(tmp_path_factory.mktemp("box")) as running:
        yield running


@pytest.fixture
def page(console, box) -> Page:
    page = console().page()
    assert violations(page) == []  # the sign-in
    sign_in(page, box.officer)
    return page


def test_every_screen_is_for_everybody(page, box, pytestconfig):
    """With `--pictures DIR` a picture of each is kept."""
    folder = pytestconfig.getoption("pictures")
    box.force_and_wedge("server-door")
    expect(page.locator("#alarms article").first).to_be_visible()
    wrong: list[str] = []
    for language, theme in SHOWN:
        speak(page, language)
        turn(page, theme)
        for name in screens(page):
            within = "html" if name == "watch" else "main > :last-child"  # bar, rail and alarms are the same on all
            found = violations(page, within=within)
            wrong += [f"{name}, {language}, {theme}: {one}" for one in found]
            if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                wrong.append(f"{name}, {language}: wider than the screen")
            if folder:
                page.screenshot(path=Path(folder) / f"{name}-{language}-{theme}.png")
    assert wrong == []
    speak(page, "en")
    enlarged_to_twice_its_size(page)
    in_forced_colours_every_state_keeps_its_mark(page)
    the_keyboard_shows_where_it_is(page)
    dialogs_keep_the_focus_and_give_it_back(page)


def enlarged_to_twice_its_size(page: Page) -> None:
    """At 200 % a screen of 1366x768 has room for 683x384: the page scrolls, and nothing is cut off."""
    page.set_viewport_size({"width": 683, "height": 384})
    for name in screens(page):
        cut = page.evaluate(
            """() => [...document.querySelectorAll("main button, main h2, header button, nav button")].filter((one) => {
                const { left, right } = one.getBoundingClientRect();
                const scrolls = one.closest("[tabindex='0'], table");
                return one.checkVisibility() && !scrolls && (left < 0 || right > innerWidth);
            }).map((one) => one.textContent)"""
        )
        assert cut == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    page.set_viewport_size({"width": 1366, "height": 768})


def in_forced_colours_every_state_keeps_its_mark(page: Page) -> None:
    """High contrast takes the colours away: shape and letter still tell a door's state, a border the screen."""
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    page.locator("[data-screen=watch]").click()
    expect(page.locator('[data-door="server-door"]')).to_have_attribute("data-status", "forced_open")
    marked = "one => parseFloat(getComputedStyle(one).borderInlineStartWidth)"
    assert page.locator("[data-screen=watch]").evaluate(marked) > page.locator("[data-screen=doors]").evaluate(marked)
    page.emulate_media(forced_colors="none", reduced_motion="reduce")


def the_keyboard_shows_where_it_is(page: Page) -> None:
    page.reload(wait_until="domcontentloaded")
    expect(page.locator("#alarms article").first).to_be_visible()
    page.keyboard.press("Tab")
    assert focused(page)["text"] == "Skip to the screen"
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    for name in screens(page):
        page.locator("main").focus()
        seen = reaches(page, MOST_STOPS)
        assert len(seen) > 2, name
        assert [one for one in seen if not one["shown"]] == [], name
        assert len({one["place"] for one in seen}) == len(seen), f"{name}: the focus goes in a circle"


def dialogs_keep_the_focus_and_give_it_back(page: Page) -> None:
    page.locator("[data-screen=settings]").click()
    opener = page.get_by_role("button", name="Password, second factors, sign-ins")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="My account")
    expect(dialog).to_be_visible()
    inside = "dialog => dialog.contains(document.activeElement) || document.activeElement === document.body"
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        assert dialog.evaluate(inside)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()
