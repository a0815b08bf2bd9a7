"""The console in a real browser, over real rules and a building that does what no wire can be made to do on demand."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.guard import OWN, door, sign_in

pytestmark = pytest.mark.browser


def test_passwords_that_differ_go_no_further(console, box):
    page = console().page()
    page.get_by_label("Name", exact=True).fill(box.guard[0])
    page.get_by_label("Password", exact=True).fill("not it")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("Name or password is not right.")
    page.get_by_label("Password", exact=True).fill(box.guard[1])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("New password", exact=True).fill(OWN)
    page.get_by_label("New password again").fill(f"{OWN}!")
    page.get_by_role("button", name="Set password and sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The two new passwords differ.")


def test_a_link_gone_silent_is_said_with_its_age_and_what_was_missed_is_caught_up(console, box):
    page = console().page()
    sign_in(page, box.guard)
    box.stall(4.0)
    expect(page.get_by_role("alert")).to_contain_text("The link to the box is lost")
    expect(page.get_by_text(re.compile("Link lost, data \\d+ s old"))).to_be_visible()
    box.force_open("comms-door")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(door(page, "comms-door")).to_have_attribute("data-status", "forced_open")
    expect(page.locator('tr[data-kind="alarm_raised"]')).to_have_count(1)


def test_a_session_that_ended_elsewhere_leads_back_to_the_sign_in(console, box):
    opened = console()
    first = opened.page()
    sign_in(first, box.guard)
    second = opened.page()
    second.get_by_role("button", name="Sign out").click()
    expect(first.get_by_text("You were signed out.")).to_be_visible()


def test_single_letters_can_be_switched_off(console, box):
    page = console().page()
    sign_in(page, box.guard)
    page.keyboard.press("2")
    expect(page.get_by_role("button", name="2 Parking", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("?")
    page.get_by_role("checkbox", name="Single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("3")
    expect(page.get_by_role("button", name="2 Parking", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("F2")
    expect(page.locator("#alarms")).to_be_focused()
