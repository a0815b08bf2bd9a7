"""The page in its languages: chosen at the sign-in or in the settings, kept for whoever chose it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.guard import OWN, sign_in

pytestmark = pytest.mark.browser


def told(page: Page) -> list[str]:
    """Return the language and the direction that the page says it has."""
    return page.evaluate("[document.documentElement.lang, document.documentElement.dir]")


def test_a_language_is_chosen_and_comes_back_with_its_operator(console, box):
    page = console().page()
    page.locator("select[name=language]").select_option("fr")
    expect(page.get_by_role("heading", name="Connexion à la console des gardiens")).to_be_visible()
    assert told(page) == ["fr", "ltr"]
    page.locator("select[name=language]").select_option("en")

    sign_in(page, box.guard)
    page.locator("[data-screen=settings]").click()
    page.locator("select[name=language]").select_option("ar")
    expect(page.locator("[data-screen=watch]")).to_contain_text("المراقبة")
    assert told(page) == ["ar", "rtl"]
    assert page.locator("[data-screen=watch]").bounding_box()["x"] > 1200  # the rail stands where reading begins
    page.reload(wait_until="domcontentloaded")
    expect(page.locator("[data-screen=watch]")).to_contain_text("المراقبة")
    page.evaluate("document.fonts.ready")
    assert page.evaluate("document.fonts.check('14px \"Noto Sans Arabic Variable\"', 'م')")

    page.get_by_role("button", name="خروج").click()
    page.locator("select[name=language]").select_option("es")  # somebody else's turn at this browser
    page.get_by_label("Nombre").fill(box.guard[0])
    page.get_by_label("Contraseña", exact=True).fill(OWN)
    page.get_by_role("button", name="Entrar", exact=True).click()
    expect(page.locator("[data-screen=watch]")).to_contain_text("المراقبة")


def test_a_door_forced_in_an_arabic_console_is_told_in_arabic_with_its_name_kept_apart(console, box):
    page = console().page()
    sign_in(page, box.guard)
    page.locator("[data-screen=settings]").click()
    page.locator("select[name=language]").select_option("ar")
    page.locator("[data-screen=watch]").click()
    box.force_open("server-door")
    alarm = page.locator("#alarms article").first
    expect(alarm).to_contain_text("باب مكسور عنوة")
    expect(alarm).to_contain_text("انظر إلى الكاميرا: من عند الباب؟")
    expect(page.locator("[aria-live=assertive]")).to_contain_text("\u2068")
    page.keyboard.press("a")
    expect(alarm).to_contain_text("أقرّ به")
