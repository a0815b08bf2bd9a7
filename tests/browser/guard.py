"""What a guard does at the page, in the words of these tests."""

from __future__ import annotations

import re

import pyotp
from playwright.sync_api import Locator, Page, expect

OWN = "a sentence is a good password"
HOLD_MILLISECONDS = 1_800


def sign_in(page: Page, who: tuple[str, str]) -> None:
    """Sign in with a one-time password, choose one's own, and set a code generator up where one is asked for."""
    name, one_time = who
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(one_time)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("New password", exact=True).fill(OWN)
    page.get_by_label("New password again").fill(OWN)
    page.get_by_role("button", name="Set password and sign in").click()
    live, enrol = page.get_by_text("Live", exact=True), page.get_by_role("heading", name="Set up a second factor")
    expect(live.or_(enrol)).to_be_visible()
    if enrol.is_visible():
        set_up_code_generator(page)
    expect(live).to_be_visible()


def set_up_code_generator(page: Page) -> None:
    """Do as a telephone does that scanned the QR code; the page keeps the secret for the test."""
    page.get_by_role("button", name="Show the QR code").click()
    secret = page.locator("[data-secret]").inner_text()
    page.evaluate("(secret) => { window.__secret = secret; }", secret)
    page.get_by_label("Code it shows now").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Take into use").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.get_by_role("button", name="I have written them down").click()


def door(page: Page, name: str) -> Locator:
    """Return a door on the plan."""
    return page.locator(f'[data-door="{name}"]')


def press_lockdown(page: Page, milliseconds: int) -> None:
    """Hold the lockdown button for so long."""
    page.get_by_role("button", name=re.compile("^Lockdown")).hover()
    page.mouse.down()
    page.wait_for_timeout(milliseconds)
    page.mouse.up()


def rail(page: Page, name: str) -> None:
    """Go to a screen."""
    page.get_by_role("navigation", name="Screens").get_by_role("button", name=name, exact=True).click()


def register_visitor(page: Page, name: str, host: str) -> None:
    """Announce somebody at the desk for today, whose host has this in their name."""
    page.get_by_role("button", name="Register a visitor").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Host's name").fill(host)
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("combobox", name="Host")).not_to_have_value("")
    page.get_by_role("textbox", name="From").fill("00:00")
    page.get_by_role("textbox", name="Until").fill("23:59")
    page.get_by_role("button", name="Register", exact=True).click()
