"""What a guard does at the page, in the words of these tests."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

OWN = "a sentence is a good password"
HOLD_MILLISECONDS = 1_800


def sign_in(page: Page, who: tuple[str, str]) -> None:
    """Sign in with a one-time password, and choose one's own."""
    name, one_time = who
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(one_time)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("New password", exact=True).fill(OWN)
    page.get_by_label("New password again").fill(OWN)
    page.get_by_role("button", name="Set password and sign in").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def door(page: Page, name: str) -> Locator:
    """Return a door on the plan."""
    return page.locator(f'[data-door="{name}"]')


def press_lockdown(page: Page, milliseconds: int) -> None:
    """Hold the lockdown button for so long."""
    page.get_by_role("button", name=re.compile("^Lockdown")).hover()
    page.mouse.down()
    page.wait_for_timeout(milliseconds)
    page.mouse.up()
